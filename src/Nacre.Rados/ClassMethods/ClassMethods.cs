using Nacre.Rados.Configuration;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rados.ClassMethods;

/// <summary>What a class method does to its object (CLS_METHOD_*), which is also what caps must allow (r, w, and class-read/class-write).</summary>
[Flags]
public enum ClassMethodAccess
{
    /// <summary>Reads.</summary>
    Read = 1,
    /// <summary>Writes.</summary>
    Write = 2,
}

/// <summary>
/// A class method: runs inside the object's transaction, so its writes are applied with the rest of the compound operation or not at all.
/// Whether its reads see what the same operation has written is not defined (on Ceph they do not): no method may depend on it.
/// </summary>
/// <param name="context">The object and who asks.</param>
/// <param name="input">Encoded arguments. A <see cref="CephDecodeException"/> from reading them becomes EINVAL.</param>
/// <param name="output">Encoded result (dropped in writes, as Ceph does).</param>
/// <returns>0 or positive on success, else a negated errno, which fails the operation.</returns>
public delegate int ClassMethod(IClassContext context, ReadOnlySpan<byte> input, CephWriter output);

/// <summary>A method under its name.</summary>
public sealed record ClassMethodDescription(string Name, ClassMethodAccess Access, ClassMethod Method);

/// <summary>An object class: a name and its methods. An engine's host registers it; the engine knows none.</summary>
public sealed record ObjectClass(string Name, IReadOnlyList<ClassMethodDescription> Methods);

/// <summary>
/// The object that a class method works on (src/objclass/objclass.h). Synchronous, since it runs within a transaction. Return codes are
/// negated errnos. Reads of an absent object give -ENOENT; writes create it.
/// </summary>
public interface IClassContext
{
    /// <summary>Entity name of the caller (<c>client.admin</c>).</summary>
    EntityName CallerName { get; }

    /// <summary>Global id of the caller.</summary>
    ulong CallerId { get; }

    /// <summary>Entity address of the caller (<c>127.0.0.1:0/123456</c>).</summary>
    string CallerAddress { get; }

    /// <summary>The store's clock.</summary>
    DateTimeOffset Now { get; }

    /// <summary>Newest snapshot sequence of the object's snap set (cls_get_snapset_seq); the write's own is not yet in it.</summary>
    ulong SnapshotSequence { get; }

    /// <summary>The object's version (cls_current_version).</summary>
    ulong Version { get; }

    /// <summary>Size and time of modification.</summary>
    int Stat(out ulong size, out DateTimeOffset modifiedAt);

    /// <summary>Creates the object; -EEXIST where exclusive and it exists.</summary>
    int Create(bool exclusive);

    /// <summary>Removes the object.</summary>
    int Remove();

    /// <summary>Reads bytes, short at the end; a length of 0 is to the end.</summary>
    int Read(ulong offset, ulong length, out ReadOnlyMemory<byte> data);

    /// <summary>Writes bytes.</summary>
    int Write(ulong offset, ReadOnlySpan<byte> data);

    /// <summary>Replaces the data.</summary>
    int WriteFull(ReadOnlySpan<byte> data);

    /// <summary>Sets the size.</summary>
    int Truncate(ulong size);

    /// <summary>Zeroes a range.</summary>
    int Zero(ulong offset, ulong length);

    /// <summary>One xattr; -ENODATA where it is missing.</summary>
    int GetXattr(string name, out ReadOnlyMemory<byte> value);

    /// <summary>All xattrs.</summary>
    int GetXattrs(out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values);

    /// <summary>Sets an xattr.</summary>
    int SetXattr(string name, ReadOnlySpan<byte> value);

    /// <summary>Removes an xattr.</summary>
    int RemoveXattr(string name);

    /// <summary>One omap value; -ENOENT where it is missing.</summary>
    int OmapGet(string key, out ReadOnlyMemory<byte> value);

    /// <summary>Keys and values after a key, with a prefix, at most that many, in byte order.</summary>
    int OmapGetValues(string after, string prefix, uint maximum, out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values, out bool more);

    /// <summary>Sets an omap value.</summary>
    int OmapSet(string key, ReadOnlySpan<byte> value);

    /// <summary>Removes an omap key; absent is no error.</summary>
    int OmapRemove(string key);

    /// <summary>Removes all omap keys and the header.</summary>
    int OmapClear();

    /// <summary>Who watches the object (cls_cxx_list_watchers).</summary>
    IReadOnlyList<Watching.Watcher> ListWatchers();

    /// <summary>A line for the store's log (CLS_LOG / CLS_ERR).</summary>
    void Log(string message);
}
