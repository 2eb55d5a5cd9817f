using System.Globalization;
using Nacre.Rados;

namespace Nacre.Cli.Ceph;

/// <summary>An errno's symbol, as <c>ceph</c> prints it: "Error ENOENT: …".</summary>
internal static class ErrnoName
{
    /// <summary>"ENOENT" for 2 or -2.</summary>
    public static string Of(int code) => Math.Abs(code) switch
    {
        Errno.EPERM => nameof(Errno.EPERM),
        Errno.ENOENT => nameof(Errno.ENOENT),
        Errno.EINTR => nameof(Errno.EINTR),
        Errno.EIO => nameof(Errno.EIO),
        Errno.E2BIG => nameof(Errno.E2BIG),
        Errno.EAGAIN => nameof(Errno.EAGAIN),
        Errno.ENOMEM => nameof(Errno.ENOMEM),
        Errno.EACCES => nameof(Errno.EACCES),
        Errno.EBUSY => nameof(Errno.EBUSY),
        Errno.EEXIST => nameof(Errno.EEXIST),
        Errno.EINVAL => nameof(Errno.EINVAL),
        Errno.EFBIG => nameof(Errno.EFBIG),
        Errno.ENOSPC => nameof(Errno.ENOSPC),
        Errno.EROFS => nameof(Errno.EROFS),
        Errno.ERANGE => nameof(Errno.ERANGE),
        Errno.ENOSYS => nameof(Errno.ENOSYS),
        Errno.ENOTEMPTY => nameof(Errno.ENOTEMPTY),
        Errno.EOPNOTSUPP => nameof(Errno.EOPNOTSUPP),
        Errno.ENOTCONN => nameof(Errno.ENOTCONN),
        Errno.ESHUTDOWN => nameof(Errno.ESHUTDOWN),
        Errno.ETIMEDOUT => nameof(Errno.ETIMEDOUT),
        Errno.ECONNREFUSED => nameof(Errno.ECONNREFUSED),
        var other => other.ToString(CultureInfo.InvariantCulture),
    };
}
