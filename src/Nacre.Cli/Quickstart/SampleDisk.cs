using System.Formats.Tar;
using System.Runtime.InteropServices;

namespace Nacre.Cli.Quickstart;

/// <summary>
/// A disk of 1 GiB with this machine's own files on it: an ext4 file system made by the system's tools, or a tar archive where they are absent.
/// </summary>
internal sealed class SampleDisk
{
    /// <summary>Bytes of the disk.</summary>
    public const uint Size = 1u << 30;

    private const long LargestFile = 32 << 20;

    private readonly string _staging;
    private readonly string _additions;

    /// <param name="directory">Works in it.</param>
    public SampleDisk(string directory)
    {
        FilePath = Path.Combine(directory, "disk.raw");
        _staging = Path.Combine(directory, "files");
        _additions = Path.Combine(directory, "additions");
    }

    /// <summary>The disk as a file.</summary>
    public string FilePath { get; }

    /// <summary>True for a file system, false for an archive.</summary>
    public bool IsFileSystem { get; private set; }

    /// <summary>Files on it.</summary>
    public int FileCount { get; private set; }

    /// <summary>Bytes of its files.</summary>
    public long FileBytes { get; private set; }

    /// <summary>Makes it.</summary>
    public async Task CreateAsync(long bytes, CancellationToken cancellationToken)
    {
        (FileCount, FileBytes) = await Task.Run(() => Collect(_staging, bytes, skip: 0, cancellationToken), cancellationToken);
        string? mke2fs = SystemTools.Find("mke2fs");
        IsFileSystem = mke2fs is not null && SystemTools.Find("debugfs") is not null;
        if (IsFileSystem)
        {
            await SystemTools.RunAsync(mke2fs!, cancellationToken, "-q", "-F", "-t", "ext4", "-d", _staging, FilePath, "1G");
        }
        else
        {
            await TarFile.CreateFromDirectoryAsync(_staging, FilePath, includeBaseDirectory: false, cancellationToken);
            await using FileStream file = File.Open(FilePath, FileMode.Open);
            file.SetLength(Size);
        }

        Directory.Delete(_staging, recursive: true);
    }

    /// <summary>Changes it as use would: new files, files that go. Without a file system, random ranges are overwritten.</summary>
    public async Task ChangeAsync(CancellationToken cancellationToken)
    {
        if (!IsFileSystem)
        {
            await OverwriteRandomRangesAsync(cancellationToken);
            return;
        }

        (int count, _) = Collect(_additions, 24 << 20, skip: 7, cancellationToken);
        string script = _additions + ".debugfs";
        await File.WriteAllLinesAsync(
            script,
            [
                "mkdir additions", "cd additions",
                .. Directory.EnumerateFiles(_additions).Order(StringComparer.Ordinal).Select(file => $"write {file} {Path.GetFileName(file)}"),
                "cd /",
                .. Enumerable.Range(0, 20).Select(i => $"rm f{i:D5}"),
            ],
            cancellationToken);
        await SystemTools.RunAsync(SystemTools.Find("debugfs")!, cancellationToken, "-w", "-f", script, FilePath);
        File.Delete(script);
        Directory.Delete(_additions, recursive: true);
        FileCount += count - 20;
    }

    // Real files, under plain names: odd ones would need quoting in debugfs.
    private static (int Count, long Bytes) Collect(string target, long bytes, int skip, CancellationToken cancellationToken)
    {
        Directory.CreateDirectory(target);
        int count = 0;
        long total = 0;
        int seen = 0;
        foreach (FileInfo file in Candidates())
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (seen++ < skip || file.Length is 0 or > LargestFile || total + file.Length > bytes)
            {
                continue;
            }

            try
            {
                File.Copy(file.FullName, Path.Combine(target, $"f{count:D5}"));
                total += file.Length;
                count++;
            }
            catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
            {
                // Not readable for us, or gone: there are others.
            }

            if (total > bytes * 99 / 100)
            {
                break;
            }
        }

        return (count, total);
    }

    private static IEnumerable<FileInfo> Candidates()
    {
        string runtime = RuntimeEnvironment.GetRuntimeDirectory();
        string dotnet = Path.GetFullPath(Path.Combine(runtime, "..", "..", ".."));
        var options = new EnumerationOptions { RecurseSubdirectories = true, IgnoreInaccessible = true, AttributesToSkip = FileAttributes.ReparsePoint };
        return ((string[])[dotnet, "/usr/share", "/usr/lib"])
            .Where(Directory.Exists)
            .SelectMany(folder => new DirectoryInfo(folder).EnumerateFiles("*", options));
    }

    private async Task OverwriteRandomRangesAsync(CancellationToken cancellationToken)
    {
        var random = new Random(1);
        await using FileStream file = File.Open(FilePath, FileMode.Open, FileAccess.Write);
        for (int i = 0; i < 64; i++)
        {
            byte[] data = new byte[random.Next(1, 257) * 4096];
            random.NextBytes(data);
            file.Position = random.NextInt64((Size - data.Length) / 4096) * 4096;
            await file.WriteAsync(data, cancellationToken);
        }
    }
}
