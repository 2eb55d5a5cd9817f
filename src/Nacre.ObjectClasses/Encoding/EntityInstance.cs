using System.Globalization;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Encoding;

/// <summary>entity_name_t (src/msg/msg_types.h): a kind of daemon or client and its global id.</summary>
/// <param name="Type">CEPH_ENTITY_TYPE_*: 1 mon, 2 mds, 4 osd, 8 client, 16 mgr.</param>
/// <param name="Number">Its global id.</param>
public readonly record struct EntityNumber(byte Type, long Number) : IComparable<EntityNumber>
{
    /// <summary>A client of that global id.</summary>
    public static EntityNumber Client(ulong id) => new(8, (long)id);

    /// <summary>Reads it.</summary>
    public static EntityNumber Decode(ref CephReader reader) => new(reader.ReadByte(), reader.ReadInt64());

    /// <summary>Writes it.</summary>
    public void Encode(CephWriter writer)
    {
        writer.Write(Type);
        writer.Write(Number);
    }

    /// <summary>Parses <c>client.4123</c>; null where it is not that.</summary>
    public static EntityNumber? TryParse(string text)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        int type = dot < 0 ? 0 : text[..dot] switch { "mon" => 1, "mds" => 2, "osd" => 4, "client" => 8, "mgr" => 16, _ => 0 };
        return type != 0 && long.TryParse(text.AsSpan(dot + 1), NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out long number)
            ? new EntityNumber((byte)type, number)
            : null;
    }

    /// <inheritdoc/>
    public int CompareTo(EntityNumber other) => Type != other.Type ? Type.CompareTo(other.Type) : Number.CompareTo(other.Number);

    /// <summary>As Ceph prints it: <c>client.4123</c>.</summary>
    public override string ToString()
    {
        string type = Type switch { 1 => "mon", 2 => "mds", 4 => "osd", 8 => "client", 16 => "mgr", _ => "unknown" };
        return Number < 0 ? $"{type}.?" : string.Create(CultureInfo.InvariantCulture, $"{type}.{Number}");
    }
}

/// <summary>entity_inst_t: a name and an address.</summary>
/// <param name="Name">The name.</param>
/// <param name="Address">The address.</param>
public sealed record EntityInstance(EntityNumber Name, EntityAddress Address) : ICephEncodable<EntityInstance>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        Name.Encode(writer);
        Address.Encode(writer);
    }

    /// <inheritdoc/>
    public static EntityInstance Decode(ref CephReader reader) => new(EntityNumber.Decode(ref reader), EntityAddress.Decode(ref reader));
}
