using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Clones: v2 in their parent's header, v1 in <c>rbd_children</c>; and the group that an image is in.</summary>
internal static class ChildMethods
{
    private static readonly System.Text.UTF8Encoding _strictUtf8 = new(false, throwOnInvalidBytes: true);

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Write("child_attach", Attach),
        Methods.Write("child_detach", Detach),
        Methods.Read("children_list", List),
        Methods.Write("add_child", AddLegacy),
        Methods.Write("remove_child", RemoveLegacy),
        Methods.Read("get_children", ListLegacy),
        Methods.Write("image_group_add", AddGroup),
        Methods.Write("image_group_remove", RemoveGroup),
        Methods.Read("image_group_get", GetGroup),
    ];

    private static int Attach(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong snapshotId = arguments.ReadUInt64();
        var child = ChildImageSpec.Decode(ref arguments);
        int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code;
        }

        if (snapshot.Namespace.Type == SnapshotNamespaceType.Trash)
        {
            return -Errno.ENOENT;
        }

        code = ReadChildren(context, snapshotId, out SortedSet<ChildImageSpec> children);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        if (!children.Add(child))
        {
            return -Errno.EEXIST;
        }

        code = WriteChildren(context, snapshotId, children);
        code = code < 0 ? code : context.WriteSnapshot(snapshot with { ChildCount = snapshot.ChildCount + 1 });
        return code < 0 ? code : context.SetOperationFeatures(RbdOperationFeatures.CloneParent, RbdOperationFeatures.CloneParent);
    }

    private static int Detach(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong snapshotId = arguments.ReadUInt64();
        var child = ChildImageSpec.Decode(ref arguments);
        int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code;
        }

        code = ReadChildren(context, snapshotId, out SortedSet<ChildImageSpec> children);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        if (snapshot.ChildCount != children.Count)
        {
            return -Errno.EINVAL;
        }

        if (!children.Remove(child))
        {
            return -Errno.ENOENT;
        }

        code = children.Count == 0
            ? context.RemoveKey(HeaderKeys.SnapshotChildren(snapshotId))
            : WriteChildren(context, snapshotId, children);
        code = code < 0 ? code : context.WriteSnapshot(snapshot with { ChildCount = snapshot.ChildCount - 1 });
        if (code < 0 || children.Count > 0)
        {
            return code;
        }

        code = context.VisitSnapshots(other => other.Id != snapshotId && other.ChildCount > 0 ? -Errno.EEXIST : 0);
        return code switch
        {
            0 => context.SetOperationFeatures(RbdOperationFeatures.None, RbdOperationFeatures.CloneParent),
            -Errno.EEXIST => 0,
            _ => code,
        };
    }

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong snapshotId = new CephReader(input).ReadUInt64();
        int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord _);
        if (code < 0)
        {
            return code;
        }

        code = ReadChildren(context, snapshotId, out SortedSet<ChildImageSpec> children);
        if (code == 0)
        {
            output.WriteList(children);
        }

        return code;
    }

    private static int ReadChildren(IClassContext context, ulong snapshotId, out SortedSet<ChildImageSpec> children)
    {
        int code = context.ReadKey(
            HeaderKeys.SnapshotChildren(snapshotId), static (ref CephReader r) => new SortedSet<ChildImageSpec>(r.ReadList<ChildImageSpec>()),
            out SortedSet<ChildImageSpec> stored);
        children = code == 0 ? stored : [];
        return code;
    }

    private static int WriteChildren(IClassContext context, ulong snapshotId, SortedSet<ChildImageSpec> children) =>
        context.WriteKey(HeaderKeys.SnapshotChildren(snapshotId), w => w.WriteList(children));

    private static int AddLegacy(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string key = ReadLegacyKey(ref arguments);
        string child = arguments.ReadString();
        int code = ReadLegacyChildren(context, key, out SortedSet<string> children);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return children.Add(child) ? WriteLegacyChildren(context, key, children) : -Errno.EEXIST;
    }

    private static int RemoveLegacy(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string key = ReadLegacyKey(ref arguments);
        string child = arguments.ReadString();
        int code = ReadLegacyChildren(context, key, out SortedSet<string> children);
        if (code < 0)
        {
            return code;
        }

        if (!children.Remove(child))
        {
            return -Errno.ENOENT;
        }

        return children.Count == 0 ? context.RemoveKey(key) : WriteLegacyChildren(context, key, children);
    }

    private static int ListLegacy(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        int code = ReadLegacyChildren(context, ReadLegacyKey(ref arguments), out SortedSet<string> children);
        if (code == 0)
        {
            output.WriteList(children, static (w, child) => w.Write(child));
        }

        return code;
    }

    // The key is the encoded parent itself. Ids of pools and snapshots stay far below 2^55 (and single bytes below 0x80 mostly do), but a byte that is
    // no UTF-8 would be lost in a string key: such a key is refused rather than confused with another.
    private static string ReadLegacyKey(ref CephReader arguments)
    {
        ulong pool = arguments.ReadUInt64();
        string image = arguments.ReadString();
        ulong snapshot = arguments.ReadUInt64();
        var key = new CephWriter();
        key.Write(pool);
        key.Write(image);
        key.Write(snapshot);
        try
        {
            return _strictUtf8.GetString(key.WrittenSpan);
        }
        catch (ArgumentException)
        {
            throw new CephDecodeException($"the parent {pool}/{image}@{snapshot} has no key that is text");
        }
    }

    private static int ReadLegacyChildren(IClassContext context, string key, out SortedSet<string> children)
    {
        int code = context.ReadKey(
            key, static (ref CephReader r) => new SortedSet<string>(r.ReadStrings(), CephStringComparer.Instance), out SortedSet<string> stored);
        children = code == 0 ? stored : new SortedSet<string>(CephStringComparer.Instance);
        return code;
    }

    private static int WriteLegacyChildren(IClassContext context, string key, SortedSet<string> children) =>
        context.WriteKey(key, w => w.WriteList(children, static (x, child) => x.Write(child)));

    private static int AddGroup(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var group = GroupSpec.Decode(ref arguments);
        int code = ReadGroup(context, out GroupSpec stored);
        if (code == 0)
        {
            return stored == group ? 0 : -Errno.EEXIST;
        }

        if (code != -Errno.ENOENT)
        {
            return code;
        }

        code = context.SetOperationFeatures(RbdOperationFeatures.Group, RbdOperationFeatures.Group);
        return code < 0 ? code : context.WriteKey(HeaderKeys.GroupReference, group);
    }

    private static int RemoveGroup(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var group = GroupSpec.Decode(ref arguments);
        int code = ReadGroup(context, out GroupSpec stored);
        if (code < 0)
        {
            return code;
        }

        if (stored != group)
        {
            return -Errno.EBADF;
        }

        code = context.RemoveKey(HeaderKeys.GroupReference);
        return code < 0 ? code : context.SetOperationFeatures(RbdOperationFeatures.None, RbdOperationFeatures.Group);
    }

    private static int GetGroup(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadGroup(context, out GroupSpec group);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        group.Encode(output);
        return 0;
    }

    // Here damage is EINVAL.
    private static int ReadGroup(IClassContext context, out GroupSpec group)
    {
        int code = context.ReadKey(HeaderKeys.GroupReference, out GroupSpec stored);
        group = code == 0 ? stored : new GroupSpec("", -1);
        return code == -Errno.EIO ? -Errno.EINVAL : code;
    }
}
