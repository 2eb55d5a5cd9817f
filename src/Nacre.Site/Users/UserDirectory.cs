using System.Collections.Concurrent;
using System.Text.Json;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;

namespace Nacre.Site.Users;

/// <summary>The site's users: durable in the store's metadata under <c>user/</c>, and in memory for the check on every call.</summary>
internal sealed class UserDirectory
{
    private const string Prefix = "user/";

    private readonly MetadataStore _metadata;
    private readonly ConcurrentDictionary<string, SiteUser> _users = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _changing = new(1, 1);

    public UserDirectory(MetadataStore metadata)
    {
        _metadata = metadata;
        foreach ((string key, byte[] value) in metadata.List(Prefix))
        {
            SiteUser user = Decode(key[Prefix.Length..], value);
            _users[user.Name.ToString()] = user;
        }
    }

    /// <summary>A user was changed or removed; the flag tells that its key is no longer what it was.</summary>
    public event Action<string, bool>? Changed;

    public IReadOnlyList<SiteUser> All => [.. _users.Values.OrderBy(u => u.Name.ToString(), StringComparer.Ordinal)];

    public SiteUser? Find(EntityName name) => _users.GetValueOrDefault(name.ToString());

    /// <summary>Runs a change of one user: what <paramref name="change"/> returns is stored (null removes); an exception changes nothing.</summary>
    public async Task<SiteUser?> ChangeAsync(EntityName name, Func<SiteUser?, SiteUser?> change, CancellationToken cancellationToken)
    {
        string key = name.ToString();
        await _changing.WaitAsync(cancellationToken);
        try
        {
            SiteUser? before = _users.GetValueOrDefault(key);
            SiteUser? after = change(before);
            if (ReferenceEquals(before, after))
            {
                return after;
            }

            await _metadata.ApplyAsync([new(Prefix + key, after is null ? null : Encode(after))], cancellationToken);
            if (after is null)
            {
                _users.TryRemove(key, out _);
            }
            else
            {
                _users[key] = after;
            }

            Changed?.Invoke(key, before is not null && (after is null || !after.HasKey(before.Key)));
            return after;
        }
        finally
        {
            _changing.Release();
        }
    }

    private static byte[] Encode(SiteUser user) => JsonSerializer.SerializeToUtf8Bytes(new StoredUser(user.Key, user.Caps.ToDictionary()));

    private static SiteUser Decode(string name, byte[] value)
    {
        StoredUser stored = JsonSerializer.Deserialize<StoredUser>(value)
            ?? throw new Rados.RadosException(Rados.Errno.EIO, $"the stored user {name} cannot be read");
        EntityName entity = EntityName.TryParse(name) ?? throw new Rados.RadosException(Rados.Errno.EIO, $"the stored user {name} has no proper name");
        return new SiteUser(entity, stored.Key, stored.Caps);
    }

    private sealed record StoredUser(string Key, Dictionary<string, string> Caps);
}
