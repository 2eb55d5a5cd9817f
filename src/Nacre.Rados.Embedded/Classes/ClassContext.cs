using Microsoft.Extensions.Logging;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Watching;

namespace Nacre.Rados.Embedded.Classes;

/// <summary>
/// The object as a class method sees it: the operation's transaction. A method that reads or writes without being registered to is
/// remembered, and fails with EIO as Ceph has it.
/// </summary>
internal sealed class ClassContext(StoreCore core, ObjectTransaction transaction, EmbeddedSession caller, ClassMethodAccess access) : IClassContext
{
    /// <summary>True where the method did what it is not registered for.</summary>
    public bool OverstepsAccess { get; private set; }

    public EntityName CallerName => caller.Name;

    public ulong CallerId => caller.InstanceId;

    public string CallerAddress => caller.Address;

    public DateTimeOffset Now => core.Time.GetUtcNow();

    public ulong SnapshotSequence => transaction.SnapshotSequence;

    public ulong Version => transaction.Version;

    public int Stat(out ulong size, out DateTimeOffset modifiedAt)
    {
        size = transaction.Size;
        modifiedAt = transaction.ModifiedAt;
        return Reading();
    }

    public int Create(bool exclusive) => Writing() ?? transaction.Create(exclusive);

    public int Remove() => Writing() ?? transaction.Remove();

    public int Read(ulong offset, ulong length, out ReadOnlyMemory<byte> data)
    {
        data = default;
        int result = Reading();
        if (result == 0)
        {
            byte[] bytes = new byte[transaction.ReadableLength(offset, length)];
            transaction.Read(offset, bytes);
            data = bytes;
            return bytes.Length;
        }

        return result;
    }

    public int Write(ulong offset, ReadOnlySpan<byte> data) => Writing() ?? transaction.Write(offset, data);

    public int WriteFull(ReadOnlySpan<byte> data) => Writing() ?? transaction.WriteFull(data);

    public int Truncate(ulong size) => Writing() ?? transaction.Truncate(size);

    public int Zero(ulong offset, ulong length) => Writing() ?? transaction.Zero(offset, length);

    public int GetXattr(string name, out ReadOnlyMemory<byte> value)
    {
        ReadOnlyMemory<byte>? found = transaction.GetXattr(name);
        value = found ?? default;
        int result = Reading();
        return result < 0 ? result : found is null ? -Errno.ENODATA : value.Length;
    }

    public int GetXattrs(out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        values = transaction.GetXattrs();
        return Reading();
    }

    public int SetXattr(string name, ReadOnlySpan<byte> value) => Writing() ?? transaction.SetXattr(name, value);

    public int RemoveXattr(string name) => Writing() ?? transaction.RemoveXattr(name);

    public int OmapGet(string key, out ReadOnlyMemory<byte> value)
    {
        value = default;
        int result = Reading();
        if (result < 0)
        {
            return result;
        }

        byte[]? found = transaction.OmapGet(key);
        value = found;
        return found is null ? -Errno.ENOENT : 0;
    }

    public int OmapGetValues(
        string after, string prefix, uint maximum, out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values, out bool more)
    {
        values = [];
        more = false;
        int result = Reading();
        if (result < 0)
        {
            return result;
        }

        values = transaction.OmapPage(after, prefix, maximum, withValues: true, out more);
        return values.Count;
    }

    public int OmapSet(string key, ReadOnlySpan<byte> value) => Writing() ?? transaction.OmapSet(key, value);

    public int OmapRemove(string key) => Writing() ?? transaction.OmapRemove(key);

    public int OmapClear() => Writing() ?? transaction.OmapClear();

    public IReadOnlyList<Watcher> ListWatchers() => core.Watches.List(transaction.Key);

    public void Log(string message) => core.Logger.LogInformation("{Object}: {Message}", transaction.Key, message);

    private int Reading()
    {
        OverstepsAccess |= !access.HasFlag(ClassMethodAccess.Read);
        return transaction.Exists ? 0 : -Errno.ENOENT;
    }

    private int? Writing()
    {
        OverstepsAccess |= !access.HasFlag(ClassMethodAccess.Write);
        return null;
    }
}
