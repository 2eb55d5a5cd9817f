using System.Globalization;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Omap keys of an image's header, and what several methods do with them (src/cls/rbd/cls_rbd.cc).</summary>
internal static class HeaderKeys
{
    public const string Size = "size";
    public const string Order = "order";
    public const string Features = "features";
    public const string ObjectPrefix = "object_prefix";
    public const string SnapshotSequence = "snap_seq";
    public const string CreateTimestamp = "create_timestamp";
    public const string AccessTimestamp = "access_timestamp";
    public const string ModifyTimestamp = "modify_timestamp";
    public const string DataPoolId = "data_pool_id";
    public const string StripeUnit = "stripe_unit";
    public const string StripeCount = "stripe_count";
    public const string Flags = "flags";
    public const string OperationFeatures = "op_features";
    public const string Parent = "parent";
    public const string SnapshotLimit = "snap_limit";
    public const string GroupReference = "rbd_group_ref";
    public const string Migration = "migration";
    public const string MetadataPrefix = "metadata_";
    public const string SnapshotPrefix = "snapshot_";

    public static string Snapshot(ulong id) => string.Create(CultureInfo.InvariantCulture, $"{SnapshotPrefix}{id:x16}");

    public static string SnapshotChildren(ulong id) => string.Create(CultureInfo.InvariantCulture, $"snap_children_{id:x16}");

    /// <summary>-ENOEXEC unless the image has the features.</summary>
    public static int RequireFeature(this IClassContext context, RbdFeatures needed)
    {
        int code = context.ReadUInt64(Features, out ulong features);
        if (code == -Errno.ENOENT)
        {
            return -Errno.ENOEXEC;
        }

        return code < 0 ? code : ((RbdFeatures)features & needed) == needed ? 0 : -Errno.ENOEXEC;
    }

    /// <summary>Sets operation features, and the feature that says that there are some.</summary>
    public static int SetOperationFeatures(this IClassContext context, RbdOperationFeatures features, RbdOperationFeatures mask)
    {
        int code = context.ReadUInt64(Features, out ulong originalFeatures);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadUInt64(OperationFeatures, out ulong original);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        ulong updated = (original & ~(ulong)mask) | (ulong)(features & mask);
        if (updated == original)
        {
            return 0;
        }

        ulong imageFeatures = updated == 0
            ? originalFeatures & ~(ulong)RbdFeatures.Operations
            : originalFeatures | (ulong)RbdFeatures.Operations;
        code = updated == 0 ? context.RemoveKey(OperationFeatures) : context.WriteUInt64(OperationFeatures, updated);
        if (code < 0 || imageFeatures == originalFeatures)
        {
            return code;
        }

        return context.WriteUInt64(Features, imageFeatures);
    }

    /// <summary>Visits the image's snapshots in order of id until the visitor gives an error.</summary>
    public static int VisitSnapshots(this IClassContext context, Func<SnapshotRecord, int> visitor) =>
        context.Visit(SnapshotPrefix, SnapshotPrefix, (key, bytes) =>
        {
            int code = context.TryDecode(key, bytes.Span, SnapshotRecord.Decode, out SnapshotRecord snapshot);
            return code < 0 ? code : visitor(snapshot);
        });

    /// <summary>Writes a snapshot's record; a parent that an old record holds itself moves to the header.</summary>
    public static int WriteSnapshot(this IClassContext context, SnapshotRecord snapshot)
    {
        if (snapshot.LegacyParent.Exists)
        {
            int code = context.ReadKey(Parent, out ParentRecord parent);
            if (code < 0 && code != -Errno.ENOENT)
            {
                return code;
            }

            if (code == -Errno.ENOENT || !parent.Exists)
            {
                code = context.WriteKey(Parent, snapshot.LegacyParent with { HeadOverlap = null });
                if (code < 0)
                {
                    return code;
                }
            }

            snapshot = snapshot with { ParentOverlap = snapshot.LegacyParent.HeadOverlap, LegacyParent = ParentRecord.None };
        }

        return context.WriteKey(Snapshot(snapshot.Id), snapshot);
    }

    /// <summary>Ceph's is_valid_id: not empty, ASCII letters and digits.</summary>
    public static bool IsValidId(string id) => id.Length > 0 && id.All(char.IsAsciiLetterOrDigit);
}
