using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>
/// rbd::mirror::image_map::PolicyData: the policy's data of an image in the image map (src/tools/rbd_mirror/image_map/Types.cc). Only "none" exists.
/// </summary>
/// <param name="Type">0, none.</param>
public sealed record MirrorPolicyData(uint Type = 0) : ICephEncodable<MirrorPolicyData>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Type);
        }
    }

    /// <inheritdoc/>
    public static MirrorPolicyData Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(MirrorPolicyData));
        return new MirrorPolicyData(body.ReadUInt32());
    }
}
