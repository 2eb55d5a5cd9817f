using System.Globalization;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>An image's snapshots.</summary>
internal static class SnapshotMethods
{
    // CEPH_MAXSNAP.
    private const ulong MaximumSnapshotId = unchecked((ulong)-3);

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("get_snapcontext", GetContext),
        Methods.Read("snapshot_get", (c, input, output) => ReadOne(c, input, output, static (s, w) =>
            new SnapshotInfo(s.Id, s.Namespace, s.Name, s.ImageSize, s.Timestamp, s.ChildCount).Encode(w))),
        Methods.Read("get_snapshot_name", (c, input, output) => ReadOne(c, input, output, static (s, w) => w.Write(s.Name))),
        Methods.Read("get_snapshot_timestamp", (c, input, output) => ReadOne(c, input, output, static (s, w) => s.Timestamp.Encode(w))),
        Methods.Write("snapshot_add", Add),
        Methods.Write("snapshot_remove", Remove),
        Methods.Write("snapshot_rename", Rename),
        Methods.Write("snapshot_trash_add", MoveToTrash),
        Methods.Read("get_protection_status", GetProtection),
        Methods.Write("set_protection_status", SetProtection),
        Methods.Read("snapshot_get_limit", GetLimit),
        Methods.Write("snapshot_set_limit", SetLimit),
    ];

    private static int GetContext(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var ids = new List<ulong>();
        int code = context.Visit(HeaderKeys.SnapshotPrefix, HeaderKeys.SnapshotPrefix, (key, bytes) =>
        {
            // As Ceph's stream: what is not a number ends it.
            _ = ulong.TryParse(key.AsSpan(HeaderKeys.SnapshotPrefix.Length), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out ulong id);
            ids.Add(id);
            return 0;
        });
        ulong sequence = 0;
        code = code < 0 ? code : context.ReadUInt64(HeaderKeys.SnapshotSequence, out sequence);
        if (code < 0)
        {
            return code;
        }

        ids.Reverse();
        output.Write(sequence);
        output.WriteList(ids, static (w, id) => w.Write(id));
        return 0;
    }

    private static int ReadOne(IClassContext context, ReadOnlySpan<byte> input, CephWriter output, Action<SnapshotRecord, CephWriter> write)
    {
        ulong id = new CephReader(input).ReadUInt64();
        if (id == SnapshotId.Head)
        {
            return -Errno.EINVAL;
        }

        int code = context.ReadKey(HeaderKeys.Snapshot(id), out SnapshotRecord snapshot);
        if (code == 0)
        {
            write(snapshot, output);
        }

        return code;
    }

    private static int Add(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string name = arguments.ReadString();
        ulong id = arguments.ReadUInt64();
        SnapshotNamespace snapshotNamespace = arguments.Remaining > 0 ? SnapshotNamespace.Decode(ref arguments) : SnapshotNamespace.User;
        if (snapshotNamespace is UnknownSnapshotNamespace || id > MaximumSnapshotId)
        {
            return -Errno.EINVAL;
        }

        int code = context.ReadUInt64(HeaderKeys.SnapshotSequence, out ulong sequence);
        if (code < 0)
        {
            return code;
        }

        // Another client made a newer one meanwhile.
        if (id < sequence)
        {
            return -Errno.ESTALE;
        }

        code = context.ReadUInt64(HeaderKeys.Size, out ulong size);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadUInt64(HeaderKeys.Flags, out ulong flags);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        code = CheckLimitAndUniqueness(context, id, name, snapshotNamespace);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadKey(HeaderKeys.Parent, out ParentRecord parent);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        var snapshot = new SnapshotRecord
        {
            Id = id,
            Name = name,
            Namespace = snapshotNamespace,
            ImageSize = size,
            Flags = (RbdFlags)flags,
            Timestamp = context.Timestamp(),
            LegacyParent = code == 0 ? parent : ParentRecord.None,
        };
        code = snapshotNamespace.Type == SnapshotNamespaceType.Trash
            ? context.SetOperationFeatures(RbdOperationFeatures.SnapshotTrash, RbdOperationFeatures.SnapshotTrash)
            : 0;
        code = code < 0 ? code : context.WriteUInt64(HeaderKeys.SnapshotSequence, id);
        return code < 0 ? code : context.WriteSnapshot(snapshot);
    }

    private static int CheckLimitAndUniqueness(IClassContext context, ulong id, string name, SnapshotNamespace snapshotNamespace)
    {
        int code = context.ReadUInt64(HeaderKeys.SnapshotLimit, out ulong limit);
        if (code == -Errno.ENOENT)
        {
            limit = ulong.MaxValue;
        }
        else if (code < 0)
        {
            return code;
        }

        ulong count = 0;
        return context.VisitSnapshots(other =>
        {
            if (++count >= limit)
            {
                return -Errno.EDQUOT;
            }

            return other.Id == id || (other.Name == name && other.Namespace.Equals(snapshotNamespace)) ? -Errno.EEXIST : 0;
        });
    }

    private static int Remove(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong id = new CephReader(input).ReadUInt64();
        int code = context.ReadKey(HeaderKeys.Snapshot(id), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code;
        }

        if (snapshot.Protection != ProtectionStatus.Unprotected || snapshot.ChildCount > 0)
        {
            return -Errno.EBUSY;
        }

        bool othersHaveParent = false;
        bool othersInTrash = false;
        code = context.RemoveKey(HeaderKeys.Snapshot(id));
        code = code < 0 ? code : context.VisitSnapshots(other =>
        {
            othersHaveParent |= other.Id != id && other.HasParent;
            othersInTrash |= other.Id != id && other.Namespace.Type == SnapshotNamespaceType.Trash;
            return 0;
        });
        if (code < 0)
        {
            return code;
        }

        code = context.ReadKey(HeaderKeys.Parent, out ParentRecord parent);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        bool hasParent = code == 0 && parent.Exists;
        bool headHasParent = hasParent && parent.HeadOverlap.HasValue;
        if (hasParent && !headHasParent && !othersHaveParent)
        {
            code = context.RemoveKey(HeaderKeys.Parent);
            if (code < 0)
            {
                return code;
            }
        }

        RbdOperationFeatures unused = (othersHaveParent || headHasParent ? 0 : RbdOperationFeatures.CloneChild)
            | (othersInTrash ? 0 : RbdOperationFeatures.SnapshotTrash);
        return unused == 0 ? 0 : context.SetOperationFeatures(RbdOperationFeatures.None, unused);
    }

    private static int Rename(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong id = arguments.ReadUInt64();
        string newName = arguments.ReadString();
        int code = context.VisitSnapshots(
            other => other.Namespace.Type == SnapshotNamespaceType.User && other.Name == newName ? -Errno.EEXIST : 0);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadKey(HeaderKeys.Snapshot(id), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code;
        }

        return snapshot.Namespace.Type != SnapshotNamespaceType.User ? -Errno.EINVAL : context.WriteSnapshot(snapshot with { Name = newName });
    }

    private static int MoveToTrash(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong id = new CephReader(input).ReadUInt64();
        int code = context.ReadKey(HeaderKeys.Snapshot(id), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code;
        }

        if (snapshot.Protection != ProtectionStatus.Unprotected)
        {
            return -Errno.EBUSY;
        }

        if (snapshot.Namespace.Type == SnapshotNamespaceType.Trash)
        {
            return -Errno.EEXIST;
        }

        code = context.SetOperationFeatures(RbdOperationFeatures.SnapshotTrash, RbdOperationFeatures.SnapshotTrash);
        return code < 0 ? code : context.WriteSnapshot(snapshot with
        {
            Namespace = new TrashSnapshotNamespace(snapshot.Name, snapshot.Namespace.Type),
            Name = Guid.NewGuid().ToString(),
        });
    }

    private static int GetProtection(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong id = new CephReader(input).ReadUInt64();
        int code = ReadForProtection(context, id, out SnapshotRecord? snapshot);
        if (code < 0)
        {
            return code;
        }

        if (snapshot!.Protection > ProtectionStatus.Protected)
        {
            return -Errno.EIO;
        }

        output.Write((byte)snapshot.Protection);
        return 0;
    }

    private static int SetProtection(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong id = arguments.ReadUInt64();
        var status = (ProtectionStatus)arguments.ReadByte();
        int code = context.CheckExists();
        code = code < 0 ? code : context.RequireFeature(RbdFeatures.Layering);
        if (code < 0)
        {
            return code;
        }

        if (status > ProtectionStatus.Protected)
        {
            return -Errno.EINVAL;
        }

        code = ReadForProtection(context, id, out SnapshotRecord? snapshot);
        return code < 0 ? code : context.WriteSnapshot(snapshot! with { Protection = status });
    }

    private static int ReadForProtection(IClassContext context, ulong id, out SnapshotRecord? snapshot)
    {
        snapshot = null;
        int code = context.CheckExists();
        if (code < 0)
        {
            return code;
        }

        if (id == SnapshotId.Head)
        {
            return -Errno.EINVAL;
        }

        code = context.ReadKey(HeaderKeys.Snapshot(id), out SnapshotRecord record);
        snapshot = record;
        return code;
    }

    private static int GetLimit(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.ReadUInt64(HeaderKeys.SnapshotLimit, out ulong limit);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        output.Write(code < 0 ? ulong.MaxValue : limit);
        return 0;
    }

    private static int SetLimit(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong limit = new CephReader(input).ReadUInt64();
        if (limit == ulong.MaxValue)
        {
            return context.OmapRemove(HeaderKeys.SnapshotLimit);
        }

        // On an absent object it makes one, as in Ceph.
        ulong count = 0;
        int code = context.Visit(HeaderKeys.SnapshotPrefix, HeaderKeys.SnapshotPrefix, (_, _) =>
        {
            count++;
            return 0;
        });
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return limit < count ? -Errno.ERANGE : context.WriteUInt64(HeaderKeys.SnapshotLimit, limit);
    }
}
