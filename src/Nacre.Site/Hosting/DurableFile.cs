using System.Runtime.InteropServices;

namespace Nacre.Site.Hosting;

/// <summary>Files that are there whole or not at all, whenever the machine stops.</summary>
internal static partial class DurableFile
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode ForAll = OwnerOnly | UnixFileMode.GroupRead | UnixFileMode.OtherRead;

    /// <summary>Writes beside it, syncs, and renames over it.</summary>
    public static async Task WriteAsync(string path, ReadOnlyMemory<byte> content, bool secret, CancellationToken cancellationToken)
    {
        string beside = path + ".new";
        File.Delete(beside);
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            UnixCreateMode = secret ? OwnerOnly : ForAll,
        };
        await using (var stream = new FileStream(beside, options))
        {
            await stream.WriteAsync(content, cancellationToken);
            stream.Flush(flushToDisk: true);
        }

        File.Move(beside, path, overwrite: true);
        SyncDirectory(Path.GetDirectoryName(path)!);
    }

    /// <summary>A rename is durable when its directory is.</summary>
    public static void SyncDirectory(string directory)
    {
        // The class library refuses to open directories.
        int descriptor = Open(directory, 0);
        if (descriptor < 0)
        {
            throw new IOException($"cannot open directory {directory}: errno {Marshal.GetLastPInvokeError()}");
        }

        try
        {
            if (Sync(descriptor) < 0)
            {
                throw new IOException($"cannot sync directory {directory}: errno {Marshal.GetLastPInvokeError()}");
            }
        }
        finally
        {
            _ = Close(descriptor);
        }
    }

    // int open(const char *pathname, int flags);
    [LibraryImport("libc", EntryPoint = "open", SetLastError = true, StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags);

    // int fsync(int fd);
    [LibraryImport("libc", EntryPoint = "fsync", SetLastError = true)]
    private static partial int Sync(int descriptor);

    // int close(int fd);
    [LibraryImport("libc", EntryPoint = "close", SetLastError = true)]
    private static partial int Close(int descriptor);
}
