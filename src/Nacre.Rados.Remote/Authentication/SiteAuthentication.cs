using System.Security.Cryptography;

namespace Nacre.Rados.Remote.Authentication;

/// <summary>
/// The proofs of key possession that open a session (docs/formats/site-protocol.md). Both sides show that they know the client's CephX
/// secret without sending it. A proof covers both nonces, so it is worth nothing a second time, and the fingerprint of the certificate
/// that the proving side sees, so it is worth nothing to anybody in between.
/// </summary>
public static class SiteAuthentication
{
    /// <summary>The protocol that <c>Hello</c> announces.</summary>
    public const uint ProtocolVersion = 1;

    /// <summary>Bytes of a nonce.</summary>
    public const int NonceLength = 32;

    /// <summary>What the client sends in <c>Proof</c>.</summary>
    /// <param name="key">The 16 bytes of the secret.</param>
    /// <param name="entity">Whom it wants to be, <c>client.admin</c>.</param>
    /// <param name="clientNonce">From <c>Hello</c>.</param>
    /// <param name="serverNonce">From <c>Challenge</c>.</param>
    /// <param name="certificateFingerprint">SHA-256 of the site's certificate, as this side sees it.</param>
    /// <param name="resumeToken">From <c>Hello</c>.</param>
    public static byte[] ClientProof(
        ReadOnlySpan<byte> key, string entity, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce,
        ReadOnlySpan<byte> certificateFingerprint, ReadOnlySpan<byte> resumeToken) =>
        Proof(key, "nacre-site-v1 client", entity, clientNonce, serverNonce, certificateFingerprint, resumeToken);

    /// <summary>What the site sends in <c>Welcome</c>; parameters as in <see cref="ClientProof"/>.</summary>
    public static byte[] ServerProof(
        ReadOnlySpan<byte> key, string entity, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce,
        ReadOnlySpan<byte> certificateFingerprint, ReadOnlySpan<byte> resumeToken) =>
        Proof(key, "nacre-site-v1 server", entity, clientNonce, serverNonce, certificateFingerprint, resumeToken);

    /// <summary>Compares in a time that does not depend on where they differ.</summary>
    public static bool Matches(ReadOnlySpan<byte> expected, ReadOnlySpan<byte> given) => CryptographicOperations.FixedTimeEquals(expected, given);

    private static byte[] Proof(
        ReadOnlySpan<byte> key, string label, string entity, ReadOnlySpan<byte> clientNonce, ReadOnlySpan<byte> serverNonce,
        ReadOnlySpan<byte> certificateFingerprint, ReadOnlySpan<byte> resumeToken)
    {
        using var hash = IncrementalHash.CreateHMAC(HashAlgorithmName.SHA256, key);
        Append(hash, System.Text.Encoding.UTF8.GetBytes(label));
        Append(hash, System.Text.Encoding.UTF8.GetBytes(entity));
        Append(hash, clientNonce);
        Append(hash, serverNonce);
        Append(hash, certificateFingerprint);
        Append(hash, resumeToken);
        return hash.GetHashAndReset();
    }

    // Every part goes in behind its length, so that no two different lists of parts hash the same bytes.
    private static void Append(IncrementalHash hash, ReadOnlySpan<byte> part)
    {
        Span<byte> length = stackalloc byte[4];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32LittleEndian(length, part.Length);
        hash.AppendData(length);
        hash.AppendData(part);
    }
}
