namespace Nacre.Rados.Embedded;

/// <summary>A blocklisted address.</summary>
/// <param name="Address">Entity address, <c>127.0.0.1:0/123456</c>; with nonce 0 every client of that host.</param>
/// <param name="Until">When it is let in again.</param>
public readonly record struct BlocklistEntry(string Address, DateTimeOffset Until);
