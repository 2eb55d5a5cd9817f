using System.Security.Cryptography;
using Nacre.Rados.Configuration;
using Nacre.Rados.Encoding;

namespace Nacre.Site.Sessions;

/// <summary>
/// What lets a client be the same client again after its connection broke: id and address under the site's own MAC, so that nobody can
/// claim an id that was not given to them. It opens nothing by itself; the key has to be proved again.
/// </summary>
internal static class ResumeToken
{
    private const int MacLength = 32;

    public static byte[] Create(byte[] secret, EntityName name, ulong instanceId, string address)
    {
        byte[] body = Body(name, instanceId, address);
        return [.. HMACSHA256.HashData(secret, body), .. body];
    }

    /// <summary>False where it is not this site's or not of this client.</summary>
    public static bool TryRead(byte[] secret, EntityName name, ReadOnlySpan<byte> token, out ulong instanceId, out string address)
    {
        instanceId = 0;
        address = "";
        if (token.Length <= MacLength || !CryptographicOperations.FixedTimeEquals(HMACSHA256.HashData(secret, token[MacLength..]), token[..MacLength]))
        {
            return false;
        }

        try
        {
            var reader = new CephReader(token[MacLength..]);
            string entity = reader.ReadString();
            instanceId = reader.ReadUInt64();
            address = reader.ReadString();
            return entity == name.ToString();
        }
        catch (CephDecodeException)
        {
            return false;
        }
    }

    private static byte[] Body(EntityName name, ulong instanceId, string address)
    {
        var writer = new CephWriter();
        writer.Write(name.ToString());
        writer.Write(instanceId);
        writer.Write(address);
        return writer.ToArray();
    }
}
