using System.Buffers.Binary;
using System.Globalization;
using System.Text;
using System.Text.Json;
using Nacre.Mirroring.Daemon.Tests.Sites;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

[assembly: AssemblyFixture(typeof(CephPair))]

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>Two real Ceph clusters that share a directory, for all tests of this assembly; each test has pools of its own.</summary>
public sealed class CephPair : IAsyncLifetime
{
    private readonly SemaphoreSlim _starting = new(1, 1);
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-mirror-").FullName;
    private CephMicroCluster? _a;
    private CephMicroCluster? _b;

    public CephMicroCluster SiteA => _a!;

    public CephMicroCluster SiteB => _b!;

    public string WorkingDirectory => _directory;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Starts the clusters, for the first test that asks: those that need none do not wait.</summary>
    public async Task StartAsync()
    {
        await _starting.WaitAsync();
        try
        {
            if (_b is null)
            {
                CephMicroCluster[] sites = await Task.WhenAll(
                    CephMicroCluster.StartAsync("site-a", _directory), CephMicroCluster.StartAsync("site-b", _directory));
                (_a, _b) = (sites[0], sites[1]);

                // What nobody tells of is looked at every thirty seconds otherwise, by either daemon.
                await File.AppendAllTextAsync(_b.ConfPath, "\n[client]\nrbd mirror image state check interval = 3\n");
            }
        }
        finally
        {
            _starting.Release();
        }
    }

    /// <summary>A pool at both, mirrored by image from site-a to site-b.</summary>
    public async Task<string> CreatePoolAsync(string client = "client.admin", string site = "site-a")
    {
        await StartAsync();
        string pool = CephMicroCluster.UniqueName("mirror");
        foreach (CephMicroCluster cluster in (CephMicroCluster[])[SiteA, SiteB])
        {
            await cluster.CreatePoolAsync(pool);
            await cluster.RbdAsync("mirror", "pool", "enable", pool, "image", "--site-name", cluster.Name);
        }

        await SiteB.RbdAsync("mirror", "pool", "peer", "add", pool, $"{client}@{site}", "--direction", "rx-only");
        return pool;
    }

    /// <summary>Starts Nacre's daemon at site-b, as a process.</summary>
    public ChildProcess StartDaemon() => NacreProgram.StartDaemon(_directory, "site-b");

    /// <summary>Deletes a pool, so that daemons of later tests have nothing to do with it.</summary>
    public async Task DeletePoolAsync(string pool)
    {
        foreach (CephMicroCluster cluster in (CephMicroCluster[])[SiteA, SiteB])
        {
            await cluster.CephAsync("osd", "pool", "delete", pool, pool, "--yes-i-really-really-mean-it");
        }
    }

    /// <summary>Waits until site-b's image has a complete copy of site-a's newest mirror snapshot.</summary>
    public async Task WaitUntilCopiedAsync(string image, ChildProcess daemon, TimeSpan? bound = null)
    {
        ulong newest = (await MirrorSnapshotsAsync(SiteA, image))[^1].GetProperty("id").GetUInt64();
        await WaitUntilCopiedAsync(image, newest, daemon, bound);
    }

    /// <summary>Waits until site-b's image has a complete copy of a source's snapshot.</summary>
    public async Task WaitUntilCopiedAsync(string image, ulong newest, ChildProcess daemon, TimeSpan? bound = null)
    {
        await Eventually.BecomesAsync(
            async () =>
            {
                ProcessResult result = await SiteB.RunAsync("rbd", ["snap", "ls", "--all", "--format", "json", image]);
                return result.ExitCode == 0 ? result.Output : result.Error;
            },
            output => IsCopied(output, newest),
            $"snapshot {newest} of {image} is copied; the daemon says: {daemon.OutputTail}",
            bound ?? TimeSpan.FromMinutes(3));
    }

    /// <summary>Compares images by Ceph's own export.</summary>
    public async Task EqualAsync(string image)
    {
        string[] digests = await Task.WhenAll(DigestAsync(SiteA, image), DigestAsync(SiteB, image));
        Assert.Equal(digests[0], digests[1]);
    }

    /// <summary>The state and description that Ceph's rbd shows of an image at site-b.</summary>
    public async Task<(string State, string Description)> StatusAsync(string image)
    {
        ProcessResult result = await SiteB.RunAsync("rbd", ["mirror", "image", "status", "--format", "json", image]);
        if (result.ExitCode != 0)
        {
            return ("", result.Error);
        }

        using JsonDocument status = JsonDocument.Parse(result.Output);
        return status.RootElement.TryGetProperty("state", out JsonElement state)
            ? (state.GetString()!, status.RootElement.GetProperty("description").GetString()!)
            : ("", "");
    }

    /// <summary>Random writes and zeroes in Ceph's diff format, for `rbd import-diff`.</summary>
    public static byte[] RandomDiff(Random random, long size, int writes, bool zeroes = true)
    {
        using var diff = new MemoryStream();
        diff.Write("rbd diff v1\n"u8);
        Span<byte> numbers = stackalloc byte[17];
        numbers[0] = (byte)'s';
        BinaryPrimitives.WriteInt64LittleEndian(numbers[1..], size);
        diff.Write(numbers[..9]);
        for (int i = 0; i < writes; i++)
        {
            long length = Math.Min(size, 4096L << random.Next(9));
            long offset = random.NextInt64(size - length + 1) / 4096 * 4096;
            bool zero = zeroes && random.Next(4) == 0;
            numbers[0] = (byte)(zero ? 'z' : 'w');
            BinaryPrimitives.WriteInt64LittleEndian(numbers[1..], offset);
            BinaryPrimitives.WriteInt64LittleEndian(numbers[9..], length);
            diff.Write(numbers);
            if (!zero)
            {
                var data = new byte[length];
                random.NextBytes(data);
                diff.Write(data);
            }
        }

        diff.Write("e"u8);
        return diff.ToArray();
    }

    /// <summary>Applies such a diff with Ceph's rbd.</summary>
    public async Task WriteAsync(CephMicroCluster site, string image, byte[] diff) =>
        (await site.RunAsync("rbd", ["import-diff", "--no-progress", "-", image], diff)).EnsureSuccess();

    public async ValueTask DisposeAsync()
    {
        if (_b is not null)
        {
            await _a!.DisposeAsync();
            await _b.DisposeAsync();
        }

        Directory.Delete(_directory, recursive: true);
    }

    /// <summary>Mirror snapshots as Ceph's rbd lists them.</summary>
    public static async Task<JsonElement[]> MirrorSnapshotsAsync(CephMicroCluster site, string image)
    {
        using JsonDocument list = JsonDocument.Parse(await site.RbdAsync("snap", "ls", "--all", "--format", "json", image));
        return [.. list.RootElement.EnumerateArray().Where(s => s.GetProperty("namespace").GetProperty("type").GetString() == "mirror").Select(s => s.Clone())];
    }

    private static bool IsCopied(string output, ulong snapshotId)
    {
        if (!output.StartsWith('['))
        {
            return false;
        }

        using JsonDocument list = JsonDocument.Parse(output);
        return list.RootElement.EnumerateArray().Select(s => s.GetProperty("namespace")).Any(s =>
            s.TryGetProperty("primary_snap_id", out JsonElement id) && id.GetUInt64() == snapshotId && s.GetProperty("complete").GetBoolean());
    }

    /// <summary>A digest of an image's bytes, by Ceph's own export.</summary>
    public static async Task<string> DigestAsync(CephMicroCluster site, string image)
    {
        ProcessResult result = await CommandRunner.RunAsync(
            "sh", ["-c", string.Create(CultureInfo.InvariantCulture, $"rbd --cluster {site.Name} export --no-progress {image} - | sha256sum")], site.Directory);
        return Encoding.ASCII.GetString(result.EnsureSuccess().OutputBytes);
    }
}
