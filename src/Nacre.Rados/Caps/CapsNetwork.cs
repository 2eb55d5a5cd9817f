using System.Net;
using System.Net.Sockets;

namespace Nacre.Rados.Caps;

/// <summary>The <c>network</c> restriction of a grant: whether a client's address is within it.</summary>
internal static class CapsNetwork
{
    /// <summary>True where there is no restriction or the address is within it; a network that cannot be read admits nobody.</summary>
    public static bool Admits(string network, IPAddress? address)
    {
        if (network.Length == 0)
        {
            return true;
        }

        int slash = network.LastIndexOf('/');
        if (address is null || slash < 0 || !IPAddress.TryParse(network[..slash].Trim('[', ']'), out IPAddress? prefix)
            || !int.TryParse(network[(slash + 1)..], System.Globalization.NumberStyles.None, null, out int bits))
        {
            return false;
        }

        if (address.IsIPv4MappedToIPv6)
        {
            address = address.MapToIPv4();
        }

        byte[] wanted = prefix.GetAddressBytes();
        byte[] given = address.GetAddressBytes();
        if (prefix.AddressFamily != address.AddressFamily || bits > wanted.Length * 8)
        {
            return false;
        }

        for (int i = 0; i < bits; i++)
        {
            int mask = 0x80 >> (i % 8);
            if ((wanted[i / 8] & mask) != (given[i / 8] & mask))
            {
                return false;
            }
        }

        return true;
    }
}
