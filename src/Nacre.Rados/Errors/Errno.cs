namespace Nacre.Rados;

/// <summary>Linux error numbers as Ceph returns them, as positive values; results carry them negated.</summary>
public static class Errno
{
    /// <summary>Success.</summary>
    public const int None = 0;
    /// <summary>Operation not permitted.</summary>
    public const int EPERM = 1;
    /// <summary>No such file or directory.</summary>
    public const int ENOENT = 2;
    /// <summary>Interrupted.</summary>
    public const int EINTR = 4;
    /// <summary>Input/output error.</summary>
    public const int EIO = 5;
    /// <summary>No such device or address.</summary>
    public const int ENXIO = 6;
    /// <summary>Argument list too long (Ceph: too many steps or keys in one operation).</summary>
    public const int E2BIG = 7;
    /// <summary>The object class does not do that on this object (an image without the feature).</summary>
    public const int ENOEXEC = 8;
    /// <summary>Bad file descriptor (Ceph: a watch or snapshot that is not there).</summary>
    public const int EBADF = 9;
    /// <summary>Try again.</summary>
    public const int EAGAIN = 11;
    /// <summary>Out of memory.</summary>
    public const int ENOMEM = 12;
    /// <summary>Permission denied.</summary>
    public const int EACCES = 13;
    /// <summary>Device or resource busy.</summary>
    public const int EBUSY = 16;
    /// <summary>Exists already.</summary>
    public const int EEXIST = 17;
    /// <summary>Cross-device link.</summary>
    public const int EXDEV = 18;
    /// <summary>Too many links.</summary>
    public const int EMLINK = 31;
    /// <summary>Invalid argument.</summary>
    public const int EINVAL = 22;
    /// <summary>File too large.</summary>
    public const int EFBIG = 27;
    /// <summary>No space left.</summary>
    public const int ENOSPC = 28;
    /// <summary>Illegal seek.</summary>
    public const int ESPIPE = 29;
    /// <summary>Read-only.</summary>
    public const int EROFS = 30;
    /// <summary>Numerical argument out of domain.</summary>
    public const int EDOM = 33;
    /// <summary>Numerical result out of range.</summary>
    public const int ERANGE = 34;
    /// <summary>Deadlock.</summary>
    public const int EDEADLK = 35;
    /// <summary>File name too long.</summary>
    public const int ENAMETOOLONG = 36;
    /// <summary>Function not implemented.</summary>
    public const int ENOSYS = 38;
    /// <summary>Directory not empty.</summary>
    public const int ENOTEMPTY = 39;
    /// <summary>No message of the desired type (rbd-mirror: the local image is primary).</summary>
    public const int ENOMSG = 42;
    /// <summary>No data available.</summary>
    public const int ENODATA = 61;
    /// <summary>Link has been severed (rbd-mirror: the remote image no longer exists).</summary>
    public const int ENOLINK = 67;
    /// <summary>Damaged message.</summary>
    public const int EBADMSG = 74;
    /// <summary>Value too large.</summary>
    public const int EOVERFLOW = 75;
    /// <summary>Invalid byte sequence.</summary>
    public const int EILSEQ = 84;
    /// <summary>Interrupted, to be started again.</summary>
    public const int ERESTART = 85;
    /// <summary>Message too long (Ceph: more data in one operation than osd_max_write_size).</summary>
    public const int EMSGSIZE = 90;
    /// <summary>Operation not supported.</summary>
    public const int EOPNOTSUPP = 95;
    /// <summary>Cannot send after shutdown. Ceph answers a blocklisted client with it (EBLOCKLISTED).</summary>
    public const int ESHUTDOWN = 108;
    /// <summary>Timed out.</summary>
    public const int ETIMEDOUT = 110;
    /// <summary>Connection refused.</summary>
    public const int ECONNREFUSED = 111;
    /// <summary>Not connected.</summary>
    public const int ENOTCONN = 107;
    /// <summary>Stale handle.</summary>
    public const int ESTALE = 116;
    /// <summary>Remote I/O error (rbd-mirror: the remote image is not primary).</summary>
    public const int EREMOTEIO = 121;
    /// <summary>Disk quota exceeded.</summary>
    public const int EDQUOT = 122;
    /// <summary>Operation cancelled.</summary>
    public const int ECANCELED = 125;
    /// <summary>Base of Ceph's own codes: compare-extent reports a mismatch at offset N as -(4095 + N).</summary>
    public const int MaxErrno = 4095;

    /// <summary>The C library's text for a code, whatever its sign, as Ceph prints it: "(2) No such file or directory".</summary>
    public static string Describe(int code)
    {
        int positive = Math.Abs(code);
        return $"({positive}) {Text(positive)}";
    }

    /// <summary>The C library's text for a code, whatever its sign.</summary>
    public static string Text(int code) => Math.Abs(code) switch
    {
        None => "Success",
        EPERM => "Operation not permitted",
        ENOENT => "No such file or directory",
        EINTR => "Interrupted system call",
        EIO => "Input/output error",
        ENXIO => "No such device or address",
        E2BIG => "Argument list too long",
        ENOEXEC => "Exec format error",
        EBADF => "Bad file descriptor",
        EAGAIN => "Resource temporarily unavailable",
        ENOMEM => "Cannot allocate memory",
        EACCES => "Permission denied",
        EBUSY => "Device or resource busy",
        EEXIST => "File exists",
        EXDEV => "Invalid cross-device link",
        EINVAL => "Invalid argument",
        EMLINK => "Too many links",
        EFBIG => "File too large",
        ENOSPC => "No space left on device",
        ESPIPE => "Illegal seek",
        EROFS => "Read-only file system",
        EDOM => "Numerical argument out of domain",
        ERANGE => "Numerical result out of range",
        EDEADLK => "Resource deadlock avoided",
        ENAMETOOLONG => "File name too long",
        ENOSYS => "Function not implemented",
        ENOTEMPTY => "Directory not empty",
        ENOMSG => "No message of desired type",
        ENODATA => "No data available",
        ENOLINK => "Link has been severed",
        EBADMSG => "Bad message",
        EOVERFLOW => "Value too large for defined data type",
        EILSEQ => "Invalid or incomplete multibyte or wide character",
        ERESTART => "Interrupted system call should be restarted",
        EMSGSIZE => "Message too long",
        EOPNOTSUPP => "Operation not supported",
        ENOTCONN => "Transport endpoint is not connected",
        ESHUTDOWN => "Cannot send after transport endpoint shutdown",
        ETIMEDOUT => "Connection timed out",
        ECONNREFUSED => "Connection refused",
        ESTALE => "Stale file handle",
        EREMOTEIO => "Remote I/O error",
        EDQUOT => "Disk quota exceeded",
        ECANCELED => "Operation canceled",
        var other => $"Unknown error {other}",
    };
}
