using System.Diagnostics;
using System.Globalization;
using Nacre.Journal;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados.Clusters;
using Nacre.Testing.Ceph;

namespace Nacre.Bench.Mirror;

/// <summary>
/// The backlog of a journal: an image in journal mode is written while no daemon runs, then a daemon is started. Measured is the time from its process' start
/// until its position in the source's journal is the writer's. Digests are compared.
/// </summary>
internal sealed class Backlog(CephMicroCluster siteA, IPool source, Func<DaemonRun> start, Func<string, Task<string>> imageIdAsync, Action<string, double> add)
{
    private static readonly TimeSpan _patience = TimeSpan.FromMinutes(10);

    /// <summary>Both parts together, and each alone.</summary>
    public async Task RunAsync(Func<string, Task> verifyAsync)
    {
        foreach ((string name, string[][] writes) in ((string, string[][])[])
            [("j_backlog", [_random, _sequential]), ("j_random_4k", [_random]), ("j_sequential_1m", [_sequential])])
        {
            await MeasureAsync(name, writes, verifyAsync);
        }
    }

    private static readonly string[] _random = ["--io-size", "4K", "--io-total", "128M", "--io-pattern", "rand", "--io-threads", "16"];

    private static readonly string[] _sequential = ["--io-size", "1M", "--io-total", "512M", "--io-threads", "4"];

    private async Task MeasureAsync(string name, string[][] writes, Func<string, Task> verifyAsync)
    {
        string image = CephMicroCluster.UniqueName("image");
        await siteA.RbdAsync("create", "--size", "4G", "--image-feature", "exclusive-lock,object-map,fast-diff,journaling", $"rbd/{image}");
        await siteA.RbdAsync("mirror", "image", "enable", $"rbd/{image}", "journal");
        string imageId = await imageIdAsync(image);
        await using (start())
        {
            // The first copy, of nothing.
            await siteA.RbdAsync("bench", "--io-type", "write", "--io-size", "4K", "--io-total", "4K", "--io-threads", "1", $"rbd/{image}");
            await WaitAsync(imageId);
        }

        foreach (string[] arguments in writes)
        {
            var writing = Stopwatch.StartNew();
            await siteA.RbdAsync(["bench", "--io-type", "write", .. arguments, $"rbd/{image}"]);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"  written in {writing.Elapsed.TotalSeconds:0.0} s"));
        }

        var watch = Stopwatch.StartNew();
        await using DaemonRun daemon = start();
        await WaitAsync(imageId);
        add($"{name}_s", watch.Elapsed.TotalSeconds);
        add($"{name}_cpu_s", daemon.CpuSeconds());
        add($"{name}_peak_memory_mib", daemon.PeakMebibytes());
        await verifyAsync(image);
        await siteA.RbdAsync("mirror", "image", "disable", $"rbd/{image}");
        await siteA.RbdAsync("rm", "--no-progress", $"rbd/{image}");
    }

    private async Task WaitAsync(string imageId)
    {
        var watch = Stopwatch.StartNew();
        ImageJournal journal = await ImageJournal.OpenAsync(source, imageId);
        while (true)
        {
            IReadOnlyList<JournalClient> clients = await journal.ListClientsAsync();
            JournalPosition own = clients.First(client => client.Id.Length == 0).CommitPosition;
            JournalClient? peer = clients.FirstOrDefault(client => client.Id.Length > 0);
            bool isCopied = peer is not null && CephEncodingExtensions.Decode<JournalClientData>(peer.Data.Span)
                is JournalMirrorPeerClient { State: JournalMirrorPeerState.Replaying };
            if (isCopied && own.Positions.Count > 0 && peer is { CommitPosition.Positions: [var reached, ..] }
                && (reached.TagTid, reached.EntryTid) == (own.Positions[0].TagTid, own.Positions[0].EntryTid))
            {
                return;
            }

            if (watch.Elapsed > _patience)
            {
                throw new TimeoutException("the journal was not replayed in ten minutes");
            }

            await Task.Delay(TimeSpan.FromMilliseconds(20));
        }
    }
}
