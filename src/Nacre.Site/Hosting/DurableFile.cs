using Microsoft.Win32.SafeHandles;

namespace Nacre.Site.Hosting;

/// <summary>Files that are there whole or not at all, whenever the machine stops.</summary>
internal static class DurableFile
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
            Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None, UnixCreateMode = secret ? OwnerOnly : ForAll,
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
        using SafeFileHandle handle = File.OpenHandle(directory);
        RandomAccess.FlushToDisk(handle);
    }
}
