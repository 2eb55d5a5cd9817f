using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>What an image is: size, features, striping, times, flags, and the <c>rbd_id.</c> object.</summary>
internal static class ImageMethods
{
    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Write("create", Create),
        Methods.Read("get_size", GetSize),
        Methods.Write("set_size", SetSize),
        Methods.Read("get_features", GetFeatures),
        Methods.Write("set_features", SetFeatures),
        Methods.Read("get_all_features", GetAllFeatures),
        Methods.Read("get_object_prefix", GetObjectPrefix),
        Methods.Read("get_data_pool", GetDataPool),
        Methods.Read("get_stripe_unit_count", GetStripeUnitCount),
        Methods.Write("set_stripe_unit_count", SetStripeUnitCount),
        Methods.Read("get_create_timestamp", (c, _, output) => GetTimestamp(c, HeaderKeys.CreateTimestamp, output)),
        Methods.Read("get_access_timestamp", (c, _, output) => GetTimestamp(c, HeaderKeys.AccessTimestamp, output)),
        Methods.Read("get_modify_timestamp", (c, _, output) => GetTimestamp(c, HeaderKeys.ModifyTimestamp, output)),
        Methods.Write("set_access_timestamp", (c, _, _) => SetTimestamp(c, HeaderKeys.AccessTimestamp)),
        Methods.Write("set_modify_timestamp", (c, _, _) => SetTimestamp(c, HeaderKeys.ModifyTimestamp)),
        Methods.Read("get_flags", GetFlags),
        Methods.Write("set_flags", SetFlags),
        Methods.Read("op_features_get", GetOperationFeatures),
        Methods.Write("op_features_set", SetOperationFeatures),
        Methods.Read("get_id", GetId),
        Methods.Write("set_id", SetId),
    ];

    private static int Create(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong size = arguments.ReadUInt64();
        byte order = arguments.ReadByte();
        var features = (RbdFeatures)arguments.ReadUInt64();
        string objectPrefix = arguments.ReadString();
        long dataPool = arguments.Remaining > 0 ? arguments.ReadInt64() : -1;
        if ((features & ~RbdFeatures.All) != 0)
        {
            return -Errno.ENOSYS;
        }

        if (objectPrefix.Length == 0)
        {
            return -Errno.EINVAL;
        }

        if (context.OmapGet(HeaderKeys.ObjectPrefix, out _) != -Errno.ENOENT)
        {
            return -Errno.EEXIST;
        }

        bool wantsDataPool = features.HasFlag(RbdFeatures.DataPool);
        if (features.HasFlag(RbdFeatures.Operations) || wantsDataPool != (dataPool != -1))
        {
            return -Errno.EINVAL;
        }

        CephTimestamp now = context.Timestamp();
        int code = context.WriteUInt64(HeaderKeys.Size, size);
        code = code < 0 ? code : context.WriteKey(HeaderKeys.Order, w => w.Write(order));
        code = code < 0 ? code : context.WriteUInt64(HeaderKeys.Features, (ulong)features);
        code = code < 0 ? code : context.WriteString(HeaderKeys.ObjectPrefix, objectPrefix);
        code = code < 0 ? code : context.WriteUInt64(HeaderKeys.SnapshotSequence, 0);
        foreach (string key in new[] { HeaderKeys.CreateTimestamp, HeaderKeys.AccessTimestamp, HeaderKeys.ModifyTimestamp })
        {
            code = code < 0 ? code : context.WriteKey(key, now.Encode);
        }

        return code < 0 || !wantsDataPool ? code : context.WriteKey(HeaderKeys.DataPoolId, w => w.Write(dataPool));
    }

    private static int GetSize(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong snapshotId = new CephReader(input).ReadUInt64();
        int code = context.ReadByte(HeaderKeys.Order, out byte order);
        if (code < 0)
        {
            return code;
        }

        ulong size;
        if (snapshotId == SnapshotId.Head)
        {
            code = context.ReadUInt64(HeaderKeys.Size, out size);
        }
        else
        {
            code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord snapshot);
            size = code < 0 ? 0 : snapshot.ImageSize;
        }

        if (code < 0)
        {
            return code;
        }

        output.Write(order);
        output.Write(size);
        return 0;
    }

    private static int SetSize(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong size = new CephReader(input).ReadUInt64();
        int code = context.ReadUInt64(HeaderKeys.Size, out ulong original);
        if (code < 0)
        {
            return code;
        }

        code = context.WriteUInt64(HeaderKeys.Size, size);
        if (code < 0 || size >= original)
        {
            return code;
        }

        code = context.ReadKey(HeaderKeys.Parent, out ParentRecord parent);
        if (code < 0)
        {
            return code == -Errno.ENOENT ? 0 : code;
        }

        return parent.Exists && (parent.HeadOverlap ?? 0) > size
            ? context.WriteKey(HeaderKeys.Parent, parent with { HeadOverlap = size })
            : 0;
    }

    private static int GetFeatures(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        _ = arguments.ReadUInt64();
        bool readOnly = arguments.Remaining > 0 && arguments.ReadBool();
        int code = context.ReadUInt64(HeaderKeys.Features, out ulong features);
        if (code < 0)
        {
            return code;
        }

        output.Write(features);
        output.Write(features & (ulong)(readOnly ? RbdFeatures.Incompatible : RbdFeatures.ReadWriteIncompatible));
        return 0;
    }

    private static int SetFeatures(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var features = (RbdFeatures)arguments.ReadUInt64();
        var mask = (RbdFeatures)arguments.ReadUInt64();
        int code = context.ReadUInt64(HeaderKeys.Features, out ulong stored);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        if ((mask & RbdFeatures.Internal) != 0)
        {
            return -Errno.EINVAL;
        }

        mask &= RbdFeatures.All;
        RbdFeatures enabled = features & mask;
        RbdFeatures disabled = ~features & mask;
        if ((enabled & ~RbdFeatures.Mutable) != 0 || (disabled & ~(RbdFeatures.Mutable | RbdFeatures.DisableOnly)) != 0)
        {
            return -Errno.EINVAL;
        }

        return context.WriteUInt64(HeaderKeys.Features, (stored & ~(ulong)mask) | (ulong)(features & mask));
    }

    private static int GetAllFeatures(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        output.Write((ulong)RbdFeatures.All);
        return 0;
    }

    private static int GetObjectPrefix(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.ReadString(HeaderKeys.ObjectPrefix, out string prefix);
        if (code == 0)
        {
            output.Write(prefix);
        }

        return code;
    }

    private static int GetDataPool(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.ReadKey(HeaderKeys.DataPoolId, static (ref CephReader r) => r.ReadInt64(), out long pool);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        output.Write(code < 0 ? -1 : pool);
        return 0;
    }

    private static int GetStripeUnitCount(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.CheckExists();
        code = code < 0 ? code : context.RequireFeature(RbdFeatures.StripingV2);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadUInt64(HeaderKeys.StripeUnit, out ulong unit);
        if (code == -Errno.ENOENT)
        {
            if (context.ReadByte(HeaderKeys.Order, out byte order) < 0)
            {
                return -Errno.EIO;
            }

            unit = 1UL << order;
            code = 0;
        }

        if (code < 0)
        {
            return code;
        }

        code = context.ReadUInt64(HeaderKeys.StripeCount, out ulong count);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        output.Write(unit);
        output.Write(code < 0 ? 1UL : count);
        return 0;
    }

    private static int SetStripeUnitCount(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong unit = arguments.ReadUInt64();
        ulong count = arguments.ReadUInt64();
        if (unit == 0 || count == 0)
        {
            return -Errno.EINVAL;
        }

        int code = context.CheckExists();
        code = code < 0 ? code : context.RequireFeature(RbdFeatures.StripingV2);
        byte order = 0;
        code = code < 0 ? code : context.ReadByte(HeaderKeys.Order, out order);
        if (code < 0)
        {
            return code;
        }

        ulong objectSize = 1UL << order;
        if (objectSize % unit != 0 || unit > objectSize)
        {
            return -Errno.EINVAL;
        }

        code = context.WriteUInt64(HeaderKeys.StripeUnit, unit);
        return code < 0 ? code : context.WriteUInt64(HeaderKeys.StripeCount, count);
    }

    private static int GetTimestamp(IClassContext context, string key, CephWriter output)
    {
        int code = context.ReadKey(key, CephTimestamp.Decode, out CephTimestamp time);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        time.Encode(output);
        return 0;
    }

    private static int SetTimestamp(IClassContext context, string key)
    {
        int code = context.CheckExists();
        return code < 0 ? code : context.WriteKey(key, context.Timestamp().Encode);
    }

    private static int GetFlags(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong snapshotId = new CephReader(input).ReadUInt64();
        int code = ReadFlags(context, snapshotId, out ulong flags, out _);
        if (code == 0)
        {
            output.Write(flags);
        }

        return code;
    }

    private static int SetFlags(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong flags = arguments.ReadUInt64();
        ulong mask = arguments.ReadUInt64();
        ulong snapshotId = arguments.Remaining > 0 ? arguments.ReadUInt64() : SnapshotId.Head;
        int code = ReadFlags(context, snapshotId, out ulong original, out SnapshotRecord? snapshot);
        if (code < 0)
        {
            return code;
        }

        flags = (original & ~mask) | (flags & mask);
        return snapshot is null
            ? context.WriteUInt64(HeaderKeys.Flags, flags)
            : context.WriteSnapshot(snapshot with { Flags = (RbdFlags)flags });
    }

    private static int ReadFlags(IClassContext context, ulong snapshotId, out ulong flags, out SnapshotRecord? snapshot)
    {
        snapshot = null;
        if (snapshotId == SnapshotId.Head)
        {
            int headCode = context.ReadUInt64(HeaderKeys.Flags, out flags);
            return headCode == -Errno.ENOENT ? 0 : headCode;
        }

        int code = context.ReadKey(HeaderKeys.Snapshot(snapshotId), out SnapshotRecord record);
        flags = code < 0 ? 0 : (ulong)record.Flags;
        snapshot = record;
        return code;
    }

    private static int GetOperationFeatures(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.ReadUInt64(HeaderKeys.OperationFeatures, out ulong features);
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        output.Write(features);
        return 0;
    }

    private static int SetOperationFeatures(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        var features = (RbdOperationFeatures)arguments.ReadUInt64();
        var mask = (RbdOperationFeatures)arguments.ReadUInt64();
        return (mask & ~RbdOperationFeatures.All) != 0 ? -Errno.EINVAL : context.SetOperationFeatures(features, mask);
    }

    private static int GetId(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.Stat(out ulong size, out _);
        if (code < 0)
        {
            return code;
        }

        if (size == 0)
        {
            return -Errno.ENOENT;
        }

        code = context.Read(0, size, out ReadOnlyMemory<byte> data);
        string id = "";
        code = code < 0 ? code : context.TryDecode("id", data.Span, static (ref CephReader r) => r.ReadString(), out id);
        if (code < 0)
        {
            return code;
        }

        output.Write(id);
        return 0;
    }

    private static int SetId(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.Stat(out ulong size, out _);
        if (code < 0)
        {
            return code;
        }

        string id = new CephReader(input).ReadString();
        if (!HeaderKeys.IsValidId(id))
        {
            return -Errno.EINVAL;
        }

        if (size != 0)
        {
            return -Errno.EEXIST;
        }

        var value = new CephWriter();
        value.Write(id);
        return context.Write(0, value.WrittenSpan);
    }
}
