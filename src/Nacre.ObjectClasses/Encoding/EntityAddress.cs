using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Encoding;

/// <summary>entity_addr_t::type_t.</summary>
public enum EntityAddressType : uint
{
    /// <summary>No address.</summary>
    None = 0,
    /// <summary>The first messenger protocol.</summary>
    Legacy = 1,
    /// <summary>The second.</summary>
    Messenger2 = 2,
    /// <summary>Whichever.</summary>
    Any = 3,
    /// <summary>A CIDR range (blocklist only).</summary>
    Cidr = 4,
}

/// <summary>
/// entity_addr_t (src/msg/msg_types.h): where a client is. Reads the encoding of the first messenger protocol and the newer one, writes the
/// newer one.
/// </summary>
/// <param name="Type">Its protocol.</param>
/// <param name="Nonce">Distinguishes processes behind one address.</param>
/// <param name="SocketAddress">Family (little-endian u16) and sockaddr body; empty for a blank address.</param>
public sealed record EntityAddress(EntityAddressType Type, uint Nonce, ReadOnlyMemory<byte> SocketAddress) : ICephEncodable<EntityAddress>
{
    private const int SockaddrStorageLength = 128;
    private const ushort Inet4 = 2;
    private const ushort Inet6 = 10;

    /// <summary>A blank address.</summary>
    public static EntityAddress Blank { get; } = new(EntityAddressType.None, 0, ReadOnlyMemory<byte>.Empty);

    /// <summary>Parses <c>127.0.0.1:0/123456</c>, <c>[::1]:0/1</c>, with or without <c>v1:</c>, <c>v2:</c> or <c>any:</c>.</summary>
    public static EntityAddress? TryParse(string text)
    {
        EntityAddressType type = EntityAddressType.Legacy;
        foreach ((string prefix, EntityAddressType named) in new[]
        {
            ("v1:", EntityAddressType.Legacy), ("v2:", EntityAddressType.Messenger2), ("any:", EntityAddressType.Any),
        })
        {
            if (text.StartsWith(prefix, StringComparison.Ordinal))
            {
                type = named;
                text = text[prefix.Length..];
            }
        }

        int slash = text.LastIndexOf('/');
        uint nonce = 0;
        if (slash >= 0 && !uint.TryParse(text.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out nonce))
        {
            return null;
        }

        return IPEndPoint.TryParse(slash >= 0 ? text[..slash] : text, out IPEndPoint? endpoint) ? From(endpoint, nonce, type) : null;
    }

    /// <summary>From an endpoint.</summary>
    public static EntityAddress From(IPEndPoint endpoint, uint nonce, EntityAddressType type)
    {
        bool six = endpoint.AddressFamily == AddressFamily.InterNetworkV6;
        byte[] sockaddr = new byte[six ? 28 : 16];
        BinaryPrimitives.WriteUInt16LittleEndian(sockaddr, six ? Inet6 : Inet4);
        BinaryPrimitives.WriteUInt16BigEndian(sockaddr.AsSpan(2), (ushort)endpoint.Port);
        endpoint.Address.TryWriteBytes(sockaddr.AsSpan(six ? 8 : 4), out _);
        return new EntityAddress(type, nonce, sockaddr);
    }

    /// <summary>As Ceph's library prints it to users: <c>127.0.0.1:0/123456</c>, without the protocol; <c>-</c> for a blank one.</summary>
    public override string ToString()
    {
        ReadOnlySpan<byte> address = SocketAddress.Span;
        if (address.Length < 16)
        {
            return Type == EntityAddressType.None ? "-" : string.Create(CultureInfo.InvariantCulture, $":/{Nonce}");
        }

        ushort family = BinaryPrimitives.ReadUInt16LittleEndian(address);
        ushort port = BinaryPrimitives.ReadUInt16BigEndian(address[2..]);
        return family == Inet6 && address.Length >= 24
            ? string.Create(CultureInfo.InvariantCulture, $"[{new IPAddress(address.Slice(8, 16))}]:{port}/{Nonce}")
            : string.Create(CultureInfo.InvariantCulture, $"{new IPAddress(address.Slice(4, 4))}:{port}/{Nonce}");
    }

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        writer.Write((byte)1);
        using (writer.Versioned(1, 1))
        {
            writer.Write((uint)Type);
            writer.Write(Nonce);
            writer.WriteBytes(SocketAddress.Span);
        }
    }

    /// <inheritdoc/>
    public static EntityAddress Decode(ref CephReader reader)
    {
        byte marker = reader.ReadByte();
        switch (marker)
        {
            case 0:
                return DecodeLegacy(ref reader);
            case 1:
                CephReader body = reader.ReadVersioned(1, out _, nameof(EntityAddress));
                return new EntityAddress((EntityAddressType)body.ReadUInt32(), body.ReadUInt32(), body.ReadBytes().ToArray());
            default:
                throw new CephDecodeException($"an entity address with marker {marker}");
        }
    }

    /// <inheritdoc/>
    public bool Equals(EntityAddress? other) =>
        other is not null && Type == other.Type && Nonce == other.Nonce && SocketAddress.Span.SequenceEqual(other.SocketAddress.Span);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Type, Nonce);

    // The marker and three bytes were one u32 of zero; then nonce and a sockaddr_storage whose family is big-endian.
    private static EntityAddress DecodeLegacy(ref CephReader reader)
    {
        _ = reader.ReadRaw(3);
        uint nonce = reader.ReadUInt32();
        ReadOnlySpan<byte> storage = reader.ReadRaw(SockaddrStorageLength);
        ushort family = BinaryPrimitives.ReadUInt16BigEndian(storage);
        int length = family switch { Inet4 => 16, Inet6 => 28, _ => 0 };
        byte[] sockaddr = storage[..length].ToArray();
        if (length > 0)
        {
            BinaryPrimitives.WriteUInt16LittleEndian(sockaddr, family);
        }

        return new EntityAddress(EntityAddressType.Legacy, nonce, sockaddr);
    }
}
