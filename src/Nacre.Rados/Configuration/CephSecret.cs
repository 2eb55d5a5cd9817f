using System.Buffers.Binary;
using System.Security.Cryptography;
using Nacre.Rados.Encoding;

namespace Nacre.Rados.Configuration;

/// <summary>
/// A CephX secret as keyrings hold it, base64 of CryptoKey (src/auth/Crypto.cc): u16 type (1, AES), utime_t created, u16 length, the
/// key's bytes.
/// </summary>
public static class CephSecret
{
    private const int KeyLength = 16;
    private const int HeaderLength = 12;

    /// <summary>A new secret of 16 random bytes, as <c>ceph-authtool --gen-key</c> makes it.</summary>
    public static string Generate(TimeProvider time)
    {
        Span<byte> bytes = stackalloc byte[HeaderLength + KeyLength];
        (uint seconds, uint nanoseconds) = CephTime.FromDateTime(time.GetUtcNow());
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, 1);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[2..], seconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[6..], nanoseconds);
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[10..], KeyLength);
        RandomNumberGenerator.Fill(bytes[HeaderLength..]);
        return Convert.ToBase64String(bytes);
    }

    /// <summary>The raw key bytes of a secret.</summary>
    /// <exception cref="RadosException">EINVAL where it is no secret; the text never contains it.</exception>
    public static byte[] Decode(string secret)
    {
        var bytes = new byte[secret.Length];
        if (!Convert.TryFromBase64String(secret.Trim(), bytes, out int length) || length < HeaderLength
            || length != HeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(10)))
        {
            throw new RadosException(Errno.EINVAL, "the key is not a CephX secret (truncated or mistyped?)");
        }

        return bytes[HeaderLength..length];
    }

    /// <summary>True where the text is a secret.</summary>
    public static bool IsValid(string secret)
    {
        var bytes = new byte[secret.Length];
        return Convert.TryFromBase64String(secret.Trim(), bytes, out int length) && length > HeaderLength
            && length == HeaderLength + BinaryPrimitives.ReadUInt16LittleEndian(bytes.AsSpan(10));
    }
}
