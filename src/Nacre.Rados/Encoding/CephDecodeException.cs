namespace Nacre.Rados.Encoding;

/// <summary>Bytes that are not what their type promises: truncated, of an incompatible version, or with an absurd length.</summary>
public sealed class CephDecodeException(string message) : RadosException(Errno.EIO, message);
