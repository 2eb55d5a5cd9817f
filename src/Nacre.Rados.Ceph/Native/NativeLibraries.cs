using System.Runtime.InteropServices;

namespace Nacre.Rados.Ceph.Native;

/// <summary>Whether the native libraries are here, and what to install where they are not.</summary>
internal static class NativeLibraries
{
    /// <summary>Says what to install unless librados and the shim can be loaded.</summary>
    /// <exception cref="RadosException">ENOSYS, with the command that helps.</exception>
    public static void EnsureAvailable()
    {
        if (!NativeLibrary.TryLoad("librados.so.2", out _))
        {
            throw new RadosException(
                Errno.ENOSYS, "a Ceph cluster needs Ceph's client library, which is not installed (apt-get install librados2)");
        }

        try
        {
            if (Shim.Version() != Shim.ExpectedVersion)
            {
                throw new RadosException(Errno.ENOSYS, "libnacre_rados.so is of another version than this program: build both again");
            }
        }
        catch (DllNotFoundException exception)
        {
            throw new RadosException(
                Errno.ENOSYS,
                "this build has no libnacre_rados.so, which a Ceph cluster needs: apt-get install g++ libradospp-dev, then build again",
                exception);
        }
    }
}
