namespace Nacre.Rados;

/// <summary>
/// The one error of the store and of everything above it: an errno as Ceph would give it, what was attempted, and on what.
/// A caller's mistake (null, out of range) stays an ordinary CLR exception.
/// </summary>
public class RadosException : Exception
{
    /// <param name="errno">Positive or negative; kept positive.</param>
    /// <param name="message">What was attempted and on what; never a key or other secret.</param>
    /// <param name="inner">The cause, if another exception.</param>
    public RadosException(int errno, string message, Exception? inner = null)
        : base($"{message}: {Errno.Describe(errno)}", inner)
    {
        Code = Math.Abs(errno);
        Attempt = message;
    }

    /// <summary>The errno, positive.</summary>
    public int Code { get; }

    /// <summary>What was attempted, without the errno's text.</summary>
    public string Attempt { get; }

    /// <summary>True where trying the same again later can succeed: the other side is down, slow or busy.</summary>
    public bool IsTransient => Code is Errno.ETIMEDOUT or Errno.ECONNREFUSED or Errno.ENOTCONN or Errno.EAGAIN or Errno.EBUSY or Errno.EINTR;

    /// <summary>True where this client has been blocklisted: it must reconnect under a new identity.</summary>
    public bool IsBlocklisted => Code == Errno.ESHUTDOWN;

    /// <summary>Throws when <paramref name="returnCode"/> is negative.</summary>
    public static void ThrowIfFailed(int returnCode, string attempt, string pool, string objectName)
    {
        if (returnCode < 0)
        {
            throw new RadosException(returnCode, $"{attempt} of object {pool}/{objectName}");
        }
    }
}
