using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>An image's size.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="Order">Objects are 2^order bytes.</param>
public readonly record struct ImageSize(ulong Size, byte Order);

/// <summary>An image's features.</summary>
/// <param name="Features">All that are set.</param>
/// <param name="Incompatible">Those that the asker must understand.</param>
public readonly record struct ImageFeatures(RbdFeatures Features, RbdFeatures Incompatible);

/// <summary>How an image is striped.</summary>
/// <param name="StripeUnit">Bytes.</param>
/// <param name="StripeCount">Objects.</param>
public readonly record struct Striping(ulong StripeUnit, ulong StripeCount);

public static partial class RbdCalls
{
    /// <summary>Makes a header object an image. EEXIST where it is one, EINVAL for an empty or dotless prefix or a data pool without the feature.</summary>
    public static ClassWrite Create(ulong size, byte order, RbdFeatures features, string objectPrefix, long dataPoolId = -1) =>
        Write("create", w =>
        {
            w.Write(size);
            w.Write(order);
            w.Write((ulong)features);
            w.Write(objectPrefix);
            w.Write(dataPoolId);
        });

    /// <summary>Size of the head or of a snapshot. ENOENT where that is absent.</summary>
    public static ClassRead<ImageSize> GetSize(ulong snapshotId = SnapshotId.Head) => Read(
        "get_size",
        static (ref CephReader r) =>
        {
            byte order = r.ReadByte();
            return new ImageSize(r.ReadUInt64(), order);
        },
        w => w.Write(snapshotId));

    /// <summary>Sets the head's size; shrinks the parent's overlap with it.</summary>
    public static ClassWrite SetSize(ulong size) => Write("set_size", w => w.Write(size));

    /// <summary>Features; for a reader fewer of them are incompatible.</summary>
    public static ClassRead<ImageFeatures> GetFeatures(bool readOnly, ulong snapshotId = SnapshotId.Head) => Read(
        "get_features",
        static (ref CephReader r) => new ImageFeatures((RbdFeatures)r.ReadUInt64(), (RbdFeatures)r.ReadUInt64()),
        w =>
        {
            w.Write(snapshotId);
            w.Write(readOnly);
        });

    /// <summary>Sets those features that are in the mask. EINVAL for internal or immutable ones.</summary>
    public static ClassWrite SetFeatures(RbdFeatures features, RbdFeatures mask) => Write("set_features", w =>
    {
        w.Write((ulong)features);
        w.Write((ulong)mask);
    });

    /// <summary>Prefix of the data objects' names.</summary>
    public static ClassRead<string> GetObjectPrefix() => Read("get_object_prefix", DecodeString);

    /// <summary>Pool of the data objects; -1 for the header's own.</summary>
    public static ClassRead<long> GetDataPool() => Read("get_data_pool", static (ref CephReader r) => r.ReadInt64());

    /// <summary>Striping. ENOEXEC where the feature is off.</summary>
    public static ClassRead<Striping> GetStripeUnitCount() =>
        Read("get_stripe_unit_count", static (ref CephReader r) => new Striping(r.ReadUInt64(), r.ReadUInt64()));

    /// <summary>Sets striping.</summary>
    public static ClassWrite SetStripeUnitCount(ulong stripeUnit, ulong stripeCount) => Write("set_stripe_unit_count", w =>
    {
        w.Write(stripeUnit);
        w.Write(stripeCount);
    });

    /// <summary>When the image was made; zero for very old ones.</summary>
    public static ClassRead<CephTimestamp> GetCreateTimestamp() => Read("get_create_timestamp", CephTimestamp.Decode);

    /// <summary>When the image was last read.</summary>
    public static ClassRead<CephTimestamp> GetAccessTimestamp() => Read("get_access_timestamp", CephTimestamp.Decode);

    /// <summary>When the image was last written.</summary>
    public static ClassRead<CephTimestamp> GetModifyTimestamp() => Read("get_modify_timestamp", CephTimestamp.Decode);

    /// <summary>Sets the time of the last read to the store's now.</summary>
    public static ClassWrite SetAccessTimestamp() => Write("set_access_timestamp");

    /// <summary>Sets the time of the last write to the store's now.</summary>
    public static ClassWrite SetModifyTimestamp() => Write("set_modify_timestamp");

    /// <summary>Flags of the head or of a snapshot.</summary>
    public static ClassRead<RbdFlags> GetFlags(ulong snapshotId = SnapshotId.Head) =>
        Read("get_flags", static (ref CephReader r) => (RbdFlags)r.ReadUInt64(), w => w.Write(snapshotId));

    /// <summary>Sets those flags that are in the mask.</summary>
    public static ClassWrite SetFlags(RbdFlags flags, RbdFlags mask, ulong snapshotId = SnapshotId.Head) => Write("set_flags", w =>
    {
        w.Write((ulong)flags);
        w.Write((ulong)mask);
        w.Write(snapshotId);
    });

    /// <summary>Operation features.</summary>
    public static ClassRead<RbdOperationFeatures> GetOperationFeatures() =>
        Read("op_features_get", static (ref CephReader r) => (RbdOperationFeatures)r.ReadUInt64());

    /// <summary>Sets those operation features that are in the mask, and the feature that says there are some.</summary>
    public static ClassWrite SetOperationFeatures(RbdOperationFeatures features, RbdOperationFeatures mask) => Write("op_features_set", w =>
    {
        w.Write((ulong)features);
        w.Write((ulong)mask);
    });

    /// <summary>All features that the store's class knows.</summary>
    public static ClassRead<RbdFeatures> GetAllFeatures() => Read("get_all_features", static (ref CephReader r) => (RbdFeatures)r.ReadUInt64());

    /// <summary>The id in an <c>rbd_id.</c> object.</summary>
    public static ClassRead<string> GetId() => Read("get_id", DecodeString);

    /// <summary>Writes the id. EEXIST where there is one, EINVAL where it is not alphanumeric.</summary>
    public static ClassWrite SetId(string id) => Write("set_id", w => w.Write(id));

    /// <summary>A page of metadata after a key; at most that many (the class returns no more than it is asked for).</summary>
    public static ClassRead<IReadOnlyDictionary<string, byte[]>> ListMetadata(string after, ulong maximum = 64) => Read<IReadOnlyDictionary<string, byte[]>>(
        "metadata_list",
        static (ref CephReader r) => r.ReadMap(static (ref CephReader v) => v.ReadBytes().ToArray()),
        w =>
        {
            w.Write(after);
            w.Write(maximum);
        });

    /// <summary>Sets metadata.</summary>
    public static ClassWrite SetMetadata(IReadOnlyDictionary<string, byte[]> values) => Write(
        "metadata_set",
        w => w.WriteMap([.. values.OrderBy(v => v.Key, CephStringComparer.Instance)], static (x, k) => x.Write(k), static (x, v) => x.WriteBytes(v)));

    /// <summary>Sets one value.</summary>
    public static ClassWrite SetMetadata(string key, string value) =>
        SetMetadata(new Dictionary<string, byte[]> { [key] = System.Text.Encoding.UTF8.GetBytes(value) });

    /// <summary>Removes one value; absent is no error.</summary>
    public static ClassWrite RemoveMetadata(string key) => Write("metadata_remove", w => w.Write(key));

    /// <summary>One value. ENOENT where it is absent.</summary>
    public static ClassRead<string> GetMetadata(string key) => Read("metadata_get", DecodeString, w => w.Write(key));
}
