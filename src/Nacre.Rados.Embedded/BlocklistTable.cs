using System.Buffers;
using System.Collections.Concurrent;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded;

/// <summary>The blocklist: addresses that are shut out, and until when. It outlives the process.</summary>
internal sealed class BlocklistTable
{
    private const string Prefix = "blocklist/";
    private readonly StoreCore _core;
    private readonly ConcurrentDictionary<string, DateTimeOffset> _entries = new(StringComparer.Ordinal);

    public BlocklistTable(StoreCore core)
    {
        _core = core;
        byte[] prefix = Keys.Store(Prefix);
        using RocksDatabase.Cursor cursor = core.Database.Seek(Family.Store, prefix);
        for (; cursor.IsValid && cursor.Key.StartsWith(prefix); cursor.Next())
        {
            ReadOnlySpan<byte> data = cursor.Value;
            _entries[System.Text.Encoding.UTF8.GetString(cursor.Key[prefix.Length..])] = new DateTimeOffset((long)Varint.Read(ref data), TimeSpan.Zero);
        }
    }

    /// <summary>Entries whose time is not over, by address.</summary>
    public IReadOnlyList<BlocklistEntry> Current()
    {
        DateTimeOffset now = _core.Time.GetUtcNow();
        return
        [
            .. from entry in _entries
               where entry.Value > now
               orderby entry.Key
               select new BlocklistEntry(entry.Key, entry.Value),
        ];
    }

    /// <summary>True while an address, or its whole host, is shut out.</summary>
    public bool Holds(string address)
    {
        DateTimeOffset now = _core.Time.GetUtcNow();
        return IsIn(address, now) || IsIn(WholeHost(address), now);
    }

    /// <summary>Puts an address on the list, with the ones that are over taken off, and returns when that is durable.</summary>
    public async Task AddAsync(string address, DateTimeOffset until, CancellationToken cancellationToken)
    {
        using Activity activity = _core.BeginActivity();
        using var batch = new BatchWriter();
        DateTimeOffset now = _core.Time.GetUtcNow();
        foreach ((string over, DateTimeOffset end) in _entries)
        {
            if (end <= now && over != address && _entries.TryRemove(new(over, end)))
            {
                batch.Delete(Family.Store, Keys.Store(Prefix + over));
            }
        }

        var value = new ArrayBufferWriter<byte>(10);
        Varint.Write(value, (ulong)until.UtcTicks);
        batch.Put(Family.Store, Keys.Store(Prefix + address), value.WrittenSpan);
        await _core.Commits.WaitAsync(_core.Commits.Apply(batch)).WaitAsync(cancellationToken);
        _entries[address] = until;
    }

    /// <summary>Takes an address off the list; false where it was not on it.</summary>
    public async Task<bool> RemoveAsync(string address, CancellationToken cancellationToken)
    {
        if (!_entries.TryRemove(address, out DateTimeOffset until))
        {
            return false;
        }

        using Activity activity = _core.BeginActivity();
        using var batch = new BatchWriter();
        batch.Delete(Family.Store, Keys.Store(Prefix + address));
        await _core.Commits.WaitAsync(_core.Commits.Apply(batch)).WaitAsync(cancellationToken);
        return until > _core.Time.GetUtcNow();
    }

    /// <summary>An address as the list holds it, <c>IP:PORT/NONCE</c>; a bare host means all its clients. EINVAL where it is none.</summary>
    public static string Normalize(string address)
    {
        string text = address.Trim();
        foreach (string type in new[] { "v1:", "v2:", "any:" })
        {
            text = text.StartsWith(type, StringComparison.Ordinal) ? text[type.Length..] : text;
        }

        int slash = text.IndexOf('/', StringComparison.Ordinal);
        string host = slash < 0 ? text : text[..slash];
        string nonce = slash < 0 ? "0" : text[(slash + 1)..];
        int colon = host.LastIndexOf(':');
        bool hasPort = colon > 0 && (host[0] != '[' || host[colon - 1] == ']') && ushort.TryParse(host[(colon + 1)..], out _);
        string ip = hasPort ? host[..colon] : host;
        if (!System.Net.IPAddress.TryParse(ip.Trim('[', ']'), out _) || !uint.TryParse(nonce, out _))
        {
            throw new RadosException(Errno.EINVAL, $"blocklist '{address}': an address looks like 127.0.0.1:0/123456");
        }

        return hasPort ? $"{host}/{nonce}" : $"{ip}:0/{nonce}";
    }

    private static string WholeHost(string address)
    {
        int slash = address.IndexOf('/', StringComparison.Ordinal);
        int colon = address.LastIndexOf(':', slash);
        return $"{address[..colon]}:0/0";
    }

    private bool IsIn(string address, DateTimeOffset now) => _entries.TryGetValue(address, out DateTimeOffset until) && until > now;
}
