using System.Diagnostics;
using System.Globalization;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Embedded.Worker;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>A process that writes is killed at random moments: nothing acknowledged is lost, nothing is torn, trimming goes on.</summary>
public sealed class KillTests : IDisposable
{
    private const int Kills = 20;
    private const int Seed = 20261124;
    private readonly TemporaryDirectory _directory = new();
    private readonly long[] _begun = new long[History.ObjectCount];
    private readonly long[] _acknowledged = new long[History.ObjectCount];

    public void Dispose() => _directory.Dispose();

    [Fact]
    public async Task A_killed_store_has_all_that_was_acknowledged_and_nothing_half()
    {
        var random = new Random(Seed);
        for (int i = 0; i < Kills; i++)
        {
            await RunAndKillAsync(acknowledgements: random.Next(1, 400));
            await VerifyAsync(isLast: i == Kills - 1);
        }

        Assert.All(_acknowledged, acknowledged => Assert.True(acknowledged > Kills, "every object was written"));
    }

    /// <summary>Runs the worker until it has had so many writes acknowledged, and kills it right then.</summary>
    private async Task RunAndKillAsync(int acknowledgements)
    {
        var start = new ProcessStartInfo("dotnet")
        {
            ArgumentList =
            {
                Path.Combine(AppContext.BaseDirectory, "Nacre.Rados.Embedded.Worker.dll"), _directory.Path, Seed.ToString(CultureInfo.InvariantCulture),
            },
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using Process worker = Process.Start(start)!;
        Task<string> errors = worker.StandardError.ReadToEndAsync(TestContext.Current.CancellationToken);
        int seen = 0;
        while (await worker.StandardOutput.ReadLineAsync(TestContext.Current.CancellationToken) is { } line)
        {
            string[] parts = line.Split(' ');
            if (parts.Length < 3)
            {
                continue;
            }

            int index = int.Parse(parts[1], CultureInfo.InvariantCulture);
            long sequence = long.Parse(parts[2], CultureInfo.InvariantCulture);
            long[] heard = parts[0] == "b" ? _begun : _acknowledged;
            heard[index] = Math.Max(heard[index], sequence);
            if (parts[0] == "a" && ++seen == acknowledgements)
            {
                worker.Kill();
            }
        }

        await worker.WaitForExitAsync(TestContext.Current.CancellationToken);
        Assert.True(seen >= acknowledgements, $"the worker ended by itself after {seen}: {await errors}");
    }

    private async Task VerifyAsync(bool isLast)
    {
        await using EmbeddedStore store = await EmbeddedStore.OpenAsync(_directory.Path, new EmbeddedStoreOptions { CreateIfMissing = false });
        await using EmbeddedSession session = store.Connect(EntityName.Admin);
        IPool pool = await session.OpenPoolAsync("pool");
        var kept = new HashSet<ulong>();
        for (int index = 0; index < History.ObjectCount; index++)
        {
            kept.UnionWith(await VerifyObjectAsync(pool, index));
        }

        if (isLast)
        {
            await VerifyNothingIsLeftAsync(store, pool, kept);
        }
    }

    private async Task<IEnumerable<ulong>> VerifyObjectAsync(IPool pool, int index)
    {
        string name = History.NameOf(index);
        using OperationResult head = await pool.OperateAsync(name, Everything(), SnapshotId.Head, TestContext.Current.CancellationToken);
        if (_acknowledged[index] == 0 && head.ReturnCode == -Errno.ENOENT)
        {
            return [];
        }

        long sequence = VerifyState(head, index);
        Assert.InRange(sequence, _acknowledged[index], _begun[index]);
        var snapshots = new KeptSnapshots(System.Text.Encoding.UTF8.GetString(head.Outputs[2].Data.Span));
        foreach ((ulong id, long then) in snapshots.Ids)
        {
            using OperationResult old = await pool.OperateAsync(name, Everything(), id, TestContext.Current.CancellationToken);
            Assert.Equal(then, VerifyState(old, index));
        }

        return snapshots.Ids.Select(snapshot => snapshot.Id);
    }

    private static ReadOperation Everything() => new ReadOperation()
        .Read(0, 0).GetXattr("sequence").GetXattr("snapshots").GetXattr("mark").OmapGetValues("", "", 1000);

    /// <summary>All places must tell the same number, and the data must be those of that number.</summary>
    private static long VerifyState(OperationResult result, int index)
    {
        Assert.Equal(0, result.ReturnCode);
        long sequence = History.Number(result.Outputs[1].Data.Span);
        Assert.Equal(sequence, History.Number(result.Outputs[3].Data.Span));
        Dictionary<string, long> omap = result.Outputs[4].Values.ToDictionary(entry => entry.Key, entry => History.Number(entry.Value.Span));
        Assert.Equal(sequence, omap["sequence"]);
        for (long i = Math.Max(1, sequence - 49); i <= sequence; i++)
        {
            Assert.Equal(i, omap[$"mark-{i % 50}"]);
        }

        Assert.True(
            result.Outputs[0].Data.Span.SequenceEqual(History.StateAfter(Seed, index, sequence)), $"data of object {index} after operation {sequence}");
        return sequence;
    }

    /// <summary>With all snapshots and objects removed and trimmed, not a key is left: nothing was forgotten on the way.</summary>
    private static async Task VerifyNothingIsLeftAsync(EmbeddedStore store, IPool pool, HashSet<ulong> kept)
    {
        var context = new SnapshotContext(kept.Max(), [.. kept.OrderDescending()]);
        for (int index = 0; index < History.ObjectCount; index++)
        {
            Assert.True(await pool.RemoveAsync(History.NameOf(index), context, TestContext.Current.CancellationToken));
        }

        ulong newest = await pool.CreateSnapshotIdAsync(TestContext.Current.CancellationToken);
        for (ulong id = 2; id <= newest; id++)
        {
            await pool.RemoveSnapshotIdAsync(id, TestContext.Current.CancellationToken);
        }

        await StoreChecks.UntilEmptyAsync(store);
    }
}
