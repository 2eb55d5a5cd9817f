using System.Globalization;

namespace Nacre.Mirroring.Schedules;

/// <summary>
/// What a schedule is set for: everything, a pool, a namespace, or an image (LevelSpec of src/pybind/mgr/rbd_support/schedule.py). The most special one
/// that has a schedule holds for an image.
/// </summary>
/// <param name="PoolId">The pool; null for everything.</param>
/// <param name="Namespace">The namespace, empty for the default one; null for the whole pool.</param>
/// <param name="ImageId">The image; null for the whole namespace.</param>
/// <param name="Name">As people name it: "", "pool/", "pool/namespace/", "pool/image", "pool/namespace/image".</param>
public sealed record ScheduleLevel(long? PoolId, string? Namespace, string? ImageId, string Name)
{
    /// <summary>Everything.</summary>
    public static ScheduleLevel Global { get; } = new(null, null, null, "");

    /// <summary>Its key in the pool's object of schedules: "2", "2/namespace", "2/namespace/image id".</summary>
    public string Id => (PoolId, Namespace, ImageId) switch
    {
        (null, _, _) => "",
        (_, null, _) => PoolId.Value.ToString(CultureInfo.InvariantCulture),
        (_, _, null) => string.Create(CultureInfo.InvariantCulture, $"{PoolId}/{Namespace}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"{PoolId}/{Namespace}/{ImageId}"),
    };

    /// <summary>How people name a pool, a namespace of it (empty for the default one) or an image there.</summary>
    public static string NameOf(string pool, string? inNamespace, string? image) => (inNamespace, image) switch
    {
        (null, _) => $"{pool}/",
        (_, null) => $"{pool}/{inNamespace}/",
        ("", _) => $"{pool}/{image}",
        _ => $"{pool}/{inNamespace}/{image}",
    };

    /// <summary>The key of a pool's object of schedules, where Ceph keeps them.</summary>
    public const string ObjectName = "rbd_mirror_snapshot_schedule";

    /// <summary>Whether it is within another one, and not the same.</summary>
    public bool IsWithin(ScheduleLevel other) => Id != other.Id && (
        other.PoolId is null
        || (other.PoolId == PoolId && (other.Namespace is null || (other.Namespace == Namespace && other.ImageId is null))));

    /// <summary>Whether an image is in it.</summary>
    public bool Contains(long poolId, string ofNamespace, string imageId) =>
        (PoolId is null || PoolId == poolId) && (Namespace is null || Namespace == ofNamespace) && (ImageId is null || ImageId == imageId);

    /// <summary>Reads a key, without its name. Null where it is none.</summary>
    public static ScheduleLevel? FromId(string id)
    {
        if (id.Length == 0)
        {
            return Global;
        }

        string[] parts = id.Split('/', 3);
        return long.TryParse(parts[0], NumberStyles.None, CultureInfo.InvariantCulture, out long poolId)
            ? new ScheduleLevel(poolId, parts.Length > 1 ? parts[1] : null, parts.Length > 2 && parts[2].Length > 0 ? parts[2] : null, "")
            : null;
    }
}
