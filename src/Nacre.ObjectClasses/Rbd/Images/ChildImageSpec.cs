using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::ChildImageSpec: a clone of one of an image's snapshots.</summary>
/// <param name="PoolId">The child's pool.</param>
/// <param name="PoolNamespace">The child's namespace.</param>
/// <param name="ImageId">The child's id.</param>
public sealed record ChildImageSpec(long PoolId, string PoolNamespace, string ImageId) : ICephEncodable<ChildImageSpec>, IComparable<ChildImageSpec>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(2, 1))
        {
            writer.Write(PoolId);
            writer.Write(ImageId);
            writer.Write(PoolNamespace);
        }
    }

    /// <inheritdoc/>
    public static ChildImageSpec Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(2, out byte version, nameof(ChildImageSpec));
        long pool = body.ReadInt64();
        string image = body.ReadString();
        return new ChildImageSpec(pool, version >= 2 ? body.ReadString() : "", image);
    }

    /// <summary>Order of std::set&lt;ChildImageSpec&gt;: pool, namespace, image.</summary>
    public int CompareTo(ChildImageSpec? other)
    {
        if (other is null)
        {
            return 1;
        }

        int order = PoolId.CompareTo(other.PoolId);
        order = order != 0 ? order : CephStringComparer.Instance.Compare(PoolNamespace, other.PoolNamespace);
        return order != 0 ? order : CephStringComparer.Instance.Compare(ImageId, other.ImageId);
    }
}
