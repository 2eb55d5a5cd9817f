using System.Globalization;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::GroupSpec: the group that an image is in.</summary>
/// <param name="GroupId">The group's id; empty for none.</param>
/// <param name="PoolId">The group's pool; -1 for none.</param>
public sealed record GroupSpec(string GroupId, long PoolId) : ICephEncodable<GroupSpec>
{
    /// <summary>True where it names a group.</summary>
    public bool IsValid => GroupId.Length > 0 && PoolId != -1;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(PoolId);
            writer.Write(GroupId);
        }
    }

    /// <inheritdoc/>
    public static GroupSpec Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(GroupSpec));
        long pool = body.ReadInt64();
        return new GroupSpec(body.ReadString(), pool);
    }
}

/// <summary>cls::rbd::GroupImageSpec: an image in a group.</summary>
/// <param name="ImageId">The image's id.</param>
/// <param name="PoolId">The image's pool.</param>
public sealed record GroupImageSpec(string ImageId, long PoolId) : ICephEncodable<GroupImageSpec>
{
    /// <summary>The omap key in the group's header.</summary>
    public string Key => string.Create(CultureInfo.InvariantCulture, $"image_{PoolId:x16}_{ImageId}");

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(ImageId);
            writer.Write(PoolId);
        }
    }

    /// <inheritdoc/>
    public static GroupImageSpec Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(GroupImageSpec));
        return new GroupImageSpec(body.ReadString(), body.ReadInt64());
    }
}
