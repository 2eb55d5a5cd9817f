using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Configuration;
using Nacre.Rados.Watching;

namespace Nacre.ObjectClasses.Tests;

/// <summary>The contract that class methods are written against, over one object in memory; the caller keeps or drops what it made of it.</summary>
internal sealed class FakeClassContext(FakeStore store, FakeObject? before) : IClassContext
{
    public FakeObject? Object { get; private set; } = before?.Clone();

    public EntityName CallerName => EntityName.Admin;

    public ulong CallerId => store.CallerId;

    public string CallerAddress => store.CallerAddress;

    public DateTimeOffset Now => store.Now;

    public ulong SnapshotSequence => store.SnapshotSequence;

    public ulong Version => 1;

    public int Stat(out ulong size, out DateTimeOffset modifiedAt)
    {
        size = (ulong)(Object?.Data.Length ?? 0);
        modifiedAt = Now;
        return Object is null ? -Errno.ENOENT : 0;
    }

    public int Create(bool exclusive)
    {
        if (Object is not null && exclusive)
        {
            return -Errno.EEXIST;
        }

        Object ??= new FakeObject();
        return 0;
    }

    public int Remove()
    {
        bool existed = Object is not null;
        Object = null;
        return existed ? 0 : -Errno.ENOENT;
    }

    public int Read(ulong offset, ulong length, out ReadOnlyMemory<byte> data)
    {
        data = default;
        if (Object is null)
        {
            return -Errno.ENOENT;
        }

        int from = (int)Math.Min(offset, (ulong)Object.Data.Length);
        int left = Object.Data.Length - from;
        data = Object.Data.AsMemory(from, length == 0 ? left : (int)Math.Min((ulong)left, length));
        return 0;
    }

    public int Write(ulong offset, ReadOnlySpan<byte> data)
    {
        Object ??= new FakeObject();
        byte[] grown = new byte[Math.Max(Object.Data.Length, (int)offset + data.Length)];
        Object.Data.CopyTo(grown, 0);
        data.CopyTo(grown.AsSpan((int)offset));
        Object.Data = grown;
        return 0;
    }

    public int WriteFull(ReadOnlySpan<byte> data)
    {
        Object ??= new FakeObject();
        Object.Data = data.ToArray();
        return 0;
    }

    public int Truncate(ulong size)
    {
        Object ??= new FakeObject();
        byte[] cut = Object.Data;
        Array.Resize(ref cut, (int)size);
        Object.Data = cut;
        return 0;
    }

    public int Zero(ulong offset, ulong length)
    {
        if (Object is not null && offset < (ulong)Object.Data.Length)
        {
            byte[] zeroed = (byte[])Object.Data.Clone();
            zeroed.AsSpan((int)offset, (int)Math.Min(length, (ulong)zeroed.Length - offset)).Clear();
            Object.Data = zeroed;
        }

        return 0;
    }

    public int GetXattr(string name, out ReadOnlyMemory<byte> value)
    {
        value = default;
        if (Object is null)
        {
            return -Errno.ENOENT;
        }

        bool found = Object.Xattrs.TryGetValue(name, out byte[]? bytes);
        value = bytes;
        return found ? 0 : -Errno.ENODATA;
    }

    public int GetXattrs(out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        values = Object is null ? [] : [.. Object.Xattrs.Select(x => KeyValuePair.Create(x.Key, (ReadOnlyMemory<byte>)x.Value))];
        return Object is null ? -Errno.ENOENT : 0;
    }

    public int SetXattr(string name, ReadOnlySpan<byte> value)
    {
        Object ??= new FakeObject();
        Object.Xattrs[name] = value.ToArray();
        return 0;
    }

    public int RemoveXattr(string name)
    {
        Object?.Xattrs.Remove(name);
        return 0;
    }

    public int OmapGet(string key, out ReadOnlyMemory<byte> value)
    {
        byte[]? bytes = null;
        bool found = Object?.Omap.TryGetValue(key, out bytes) ?? false;
        value = bytes;
        return found ? 0 : -Errno.ENOENT;
    }

    public int OmapGetValues(
        string after, string prefix, uint maximum, out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values, out bool more)
    {
        more = false;
        values = [];
        if (Object is null)
        {
            return -Errno.ENOENT;
        }

        List<KeyValuePair<string, ReadOnlyMemory<byte>>> all =
        [
            .. Object.Omap.Where(pair => pair.Key.StartsWith(prefix, StringComparison.Ordinal) && Object.Omap.Comparer.Compare(pair.Key, after) > 0)
                .Select(pair => KeyValuePair.Create(pair.Key, (ReadOnlyMemory<byte>)pair.Value)),
        ];
        more = all.Count > maximum;
        values = all[..(int)Math.Min(maximum, all.Count)];
        return 0;
    }

    public int OmapSet(string key, ReadOnlySpan<byte> value)
    {
        Object ??= new FakeObject();
        Object.Omap[key] = value.ToArray();
        return 0;
    }

    public int OmapRemove(string key)
    {
        Object?.Omap.Remove(key);
        return Object is null ? -Errno.ENOENT : 0;
    }

    public int OmapClear()
    {
        Object?.Omap.Clear();
        return 0;
    }

    public IReadOnlyList<Watcher> ListWatchers() => store.Watchers;

    public void Log(string message)
    {
    }
}
