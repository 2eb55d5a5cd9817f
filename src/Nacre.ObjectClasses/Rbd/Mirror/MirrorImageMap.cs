using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>cls::rbd::MirrorImageMap: which daemon instance replays an image.</summary>
/// <param name="InstanceId">The instance.</param>
/// <param name="MappedTime">Since when.</param>
/// <param name="Data">The policy's own data.</param>
public sealed record MirrorImageMap(string InstanceId, CephTimestamp MappedTime, ReadOnlyMemory<byte> Data) : ICephEncodable<MirrorImageMap>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(InstanceId);
            MappedTime.Encode(writer);
            writer.WriteBytes(Data.Span);
        }
    }

    /// <inheritdoc/>
    public static MirrorImageMap Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(MirrorImageMap));
        return new MirrorImageMap(body.ReadString(), body.ReadTimestamp(), body.ReadBytes().ToArray());
    }

    /// <inheritdoc/>
    public bool Equals(MirrorImageMap? other) =>
        other is not null && InstanceId == other.InstanceId && MappedTime == other.MappedTime && Data.Span.SequenceEqual(other.Data.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(InstanceId, MappedTime);
}
