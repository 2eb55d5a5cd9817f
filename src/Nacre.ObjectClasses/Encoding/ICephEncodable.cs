using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Encoding;

/// <summary>A type with Ceph's encoding, versioned header included where it has one.</summary>
/// <typeparam name="TSelf">The type itself.</typeparam>
public interface ICephEncodable<TSelf> where TSelf : ICephEncodable<TSelf>
{
    /// <summary>Appends the encoded value.</summary>
    void Encode(CephWriter writer);

    /// <summary>Reads a value. Damaged input throws <see cref="CephDecodeException"/>.</summary>
    static abstract TSelf Decode(ref CephReader reader);
}
