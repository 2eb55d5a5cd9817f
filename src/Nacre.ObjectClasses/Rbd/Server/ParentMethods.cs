using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>A clone's parent, in the clone's header.</summary>
internal static class ParentMethods
{
    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("get_parent", GetLegacy),
        Methods.Write("set_parent", SetLegacy),
        Methods.Write("remove_parent", (c, _, _) => Detach(c, legacy: true)),
        Methods.Read("parent_get", Get),
        Methods.Read("parent_overlap_get", GetOverlap),
        Methods.Write("parent_attach", Attach),
        Methods.Write("parent_detach", (c, _, _) => Detach(c, legacy: false)),
    ];

    private static int GetLegacy(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong snapshotId = new CephReader(input).ReadUInt64();
        int code = context.CheckExists();
        if (code < 0)
        {
            return code;
        }

        ParentRecord parent = ParentRecord.None;
        if (context.RequireFeature(RbdFeatures.Layering) == 0)
        {
            code = ReadLegacy(context, snapshotId, out parent);
            if (code < 0)
            {
                return code;
            }
        }

        output.Write(parent.Spec.PoolId);
        output.Write(parent.Spec.ImageId);
        output.Write(parent.Spec.SnapshotId);
        output.Write(parent.HeadOverlap ?? 0);
        return 0;
    }

    private static int ReadLegacy(IClassContext context, ulong snapshotId, out ParentRecord parent)
    {
        parent = ParentRecord.None;
        int code = ReadParent(context, out ParentRecord head);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        if (head.Spec.PoolNamespace.Length > 0)
        {
            return -Errno.EXDEV;
        }

        if (snapshotId == SnapshotId.Head)
        {
            parent = head;
            return 0;
        }

        code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord snapshot);
        if (code < 0)
        {
            return code == -Errno.ENOENT ? 0 : code;
        }

        if (snapshot.LegacyParent.Exists)
        {
            parent = snapshot.LegacyParent;
        }
        else if (snapshot.ParentOverlap.HasValue)
        {
            if (!head.Exists)
            {
                return -Errno.EINVAL;
            }

            parent = head with { HeadOverlap = snapshot.ParentOverlap };
        }

        return 0;
    }

    private static int SetLegacy(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var spec = new ParentImageSpec(arguments.ReadInt64(), "", arguments.ReadString(), arguments.ReadUInt64());
        return Attach(context, spec, arguments.ReadUInt64(), reattach: false);
    }

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.CheckExists();
        if (code < 0)
        {
            return code;
        }

        ParentRecord parent = ParentRecord.None;
        if (context.RequireFeature(RbdFeatures.Layering) == 0)
        {
            code = ReadParent(context, out parent);
            if (code == -Errno.ENOENT)
            {
                // Older releases kept it in each snapshot.
                code = context.VisitSnapshots(snapshot =>
                {
                    parent = snapshot.LegacyParent.Exists ? snapshot.LegacyParent : parent;
                    return 0;
                });
            }

            if (code < 0)
            {
                return code;
            }
        }

        parent.Spec.Encode(output);
        return 0;
    }

    private static int GetOverlap(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong snapshotId = new CephReader(input).ReadUInt64();
        ulong? overlap = null;
        if (context.RequireFeature(RbdFeatures.Layering) == 0)
        {
            if (snapshotId == SnapshotId.Head)
            {
                int code = ReadParent(context, out ParentRecord parent);
                if (code < 0 && code != -Errno.ENOENT)
                {
                    return code;
                }

                overlap = parent.HeadOverlap;
            }
            else
            {
                int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord snapshot);
                if (code < 0)
                {
                    return code;
                }

                overlap = snapshot.ParentOverlap ?? (snapshot.LegacyParent.Exists ? snapshot.LegacyParent.HeadOverlap : null);
            }
        }

        output.WriteOptional(overlap);
        return 0;
    }

    private static int Attach(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var spec = ParentImageSpec.Decode(ref arguments);
        ulong overlap = arguments.ReadUInt64();
        return Attach(context, spec, overlap, arguments.Remaining > 0 && arguments.ReadBool());
    }

    private static int Attach(IClassContext context, ParentImageSpec spec, ulong overlap, bool reattach)
    {
        int code = context.CheckExists();
        code = code < 0 ? code : context.RequireFeature(RbdFeatures.Layering);
        if (code < 0)
        {
            return code;
        }

        if (!spec.Exists || overlap == 0)
        {
            return -Errno.EINVAL;
        }

        code = ReadParent(context, out ParentRecord stored);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        // The parent of snapshots only may become the head's again.
        if (code == 0 && (stored.HeadOverlap.HasValue || stored.Spec != spec) && !reattach)
        {
            return -Errno.EEXIST;
        }

        code = context.ReadUInt64(HeaderKeys.Size, out ulong size);
        return code < 0 ? code : context.WriteKey(HeaderKeys.Parent, new ParentRecord(spec, Math.Min(overlap, size)));
    }

    private static int Detach(IClassContext context, bool legacy)
    {
        int code = context.CheckExists();
        if (code < 0)
        {
            return code;
        }

        code = context.ReadUInt64(HeaderKeys.Features, out ulong features);
        if (code == -Errno.ENOENT || !((RbdFeatures)features).HasFlag(RbdFeatures.Layering))
        {
            return -Errno.ENOEXEC;
        }

        if (code < 0)
        {
            return code;
        }

        code = ReadParent(context, out ParentRecord parent);
        if (code < 0)
        {
            return code;
        }

        if (legacy && parent.Spec.PoolNamespace.Length > 0)
        {
            return -Errno.EXDEV;
        }

        if (!parent.HeadOverlap.HasValue)
        {
            return -Errno.ENOENT;
        }

        code = DetachSnapshots(context, ((RbdFeatures)features).HasFlag(RbdFeatures.DeepFlatten), out bool snapshotsKeepIt);
        if (code < 0)
        {
            return code;
        }

        if (snapshotsKeepIt)
        {
            return context.WriteKey(HeaderKeys.Parent, parent with { HeadOverlap = null });
        }

        code = context.RemoveKey(HeaderKeys.Parent);
        return code < 0 ? code : context.SetOperationFeatures(RbdOperationFeatures.None, RbdOperationFeatures.CloneChild);
    }

    // With deep-flatten snapshots lose the parent too; without it the first that has it keeps it alive.
    private static int DetachSnapshots(IClassContext context, bool deepFlatten, out bool snapshotsKeepIt)
    {
        int code = context.VisitSnapshots(snapshot =>
        {
            if (!snapshot.HasParent)
            {
                return 0;
            }

            return deepFlatten
                ? context.WriteSnapshot(snapshot with { LegacyParent = ParentRecord.None, ParentOverlap = null })
                : -Errno.EEXIST;
        });
        snapshotsKeepIt = code == -Errno.EEXIST;
        return snapshotsKeepIt ? 0 : code;
    }

    private static int ReadParent(IClassContext context, out ParentRecord parent)
    {
        int code = context.ReadKey(HeaderKeys.Parent, out ParentRecord stored);
        parent = code == 0 ? stored : ParentRecord.None;
        return code;
    }
}
