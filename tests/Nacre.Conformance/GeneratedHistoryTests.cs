using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>Generated histories of one object with snapshots, compared with <see cref="ObjectModel"/> after every step. A seed names a history.</summary>
public abstract class GeneratedHistoryTests(EngineFixture engine) : ConformanceTests(engine)
{
    private const int Steps = 40;
    private const int MaximumSize = 6000;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(5)]
    [InlineData(6)]
    public async Task A_generated_history_is_what_the_model_says(int seed)
    {
        var random = new Random(seed);
        var model = new ObjectModel();
        var context = SnapshotContext.Empty;
        var taken = new List<ulong>();
        var history = new List<string> { $"seed {seed}" };
        for (int step = 0; step < Steps; step++)
        {
            if (random.Next(4) == 0)
            {
                ulong id = await Pool.CreateSnapshotIdAsync(Cancellation);
                taken.Add(id);
                context = new SnapshotContext(id, [id, .. context.Snapshots]);
                history.Add($"snapshot {id}");
            }

            // Now and then a client that has not heard of the newest snapshots, and one that has dropped some.
            SnapshotContext used = random.Next(8) switch
            {
                0 when context.Snapshots.Count > 1 => new SnapshotContext(context.Snapshots[1], [.. context.Snapshots.Skip(1)]),
                1 => context with { Snapshots = [.. context.Snapshots.Where(_ => random.Next(2) == 0)] },
                _ => context,
            };
            ObjectModel.Write write = Generate(random);
            history.Add($"{write} under {used.Sequence}:{string.Join(',', used.Snapshots)}");
            int expected = model.Apply(write, used);
            int actual = await WriteAsync("o", Operation(write), used);
            Assert.True(expected == actual, $"{actual} instead of {expected}\n{string.Join('\n', history)}");
            await CompareAsync(model, [SnapshotId.Head, .. taken], history);
        }
    }

    private static ObjectModel.Write Generate(Random random) => random.Next(12) switch
    {
        < 4 => new ObjectModel.WriteAt(random.Next(MaximumSize), 1 + random.Next(1500), (byte)(1 + random.Next(255))),
        4 => new ObjectModel.Replace(random.Next(MaximumSize), (byte)(1 + random.Next(255))),
        5 or 6 => new ObjectModel.ZeroAt(random.Next(MaximumSize), 1 + random.Next(1500)),
        7 or 8 => new ObjectModel.Resize(random.Next(MaximumSize)),
        9 => new ObjectModel.Delete(),
        _ => new ObjectModel.Describe($"k{random.Next(3)}", $"{random.Next(1000)}"),
    };

    private static WriteOperation Operation(ObjectModel.Write write) => write switch
    {
        ObjectModel.WriteAt w => new WriteOperation().Write((ulong)w.Offset, Filled(w.Length, w.Fill)),
        ObjectModel.Replace w => new WriteOperation().WriteFull(Filled(w.Length, w.Fill)),
        ObjectModel.ZeroAt w => new WriteOperation().Zero((ulong)w.Offset, (ulong)w.Length),
        ObjectModel.Resize w => new WriteOperation().Truncate((ulong)w.Size),
        ObjectModel.Delete => new WriteOperation().Remove(),
        ObjectModel.Describe w => new WriteOperation().SetXattr(w.Key, Bytes(w.Value)).OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>(w.Key, Bytes(w.Value))),
        _ => throw new ArgumentException($"{write}", nameof(write)),
    };

    private static byte[] Filled(int length, byte value)
    {
        var bytes = new byte[length];
        bytes.AsSpan().Fill(value);
        return bytes;
    }

    private static string Describe(IEnumerable<KeyValuePair<string, string>> values) => string.Join(',', values.Select(v => $"{v.Key}={v.Value}"));

    private static string Describe(StepOutput output) => Describe(output.Values.Select(v => new KeyValuePair<string, string>(v.Key, Text(v.Value))));

    private static string Describe(ObjectSnapshots? snapshots) => snapshots is null
        ? "none"
        : $"{snapshots.Sequence}: " + string.Join(
            "; ",
            snapshots.Clones.Select(c => $"{(c.CloneId == SnapshotId.Head ? "head" : c.CloneId)} [{string.Join(',', c.Snapshots)}] {c.Size} {(c.CloneId == SnapshotId.Head ? "" : string.Join(' ', c.Overlap.Select(e => $"{e.Offset}~{e.Length}")))}"));

    private async Task CompareAsync(ObjectModel model, IEnumerable<ulong> snapshots, List<string> history)
    {
        await Task.WhenAll(snapshots.Select(snapshot => CompareAsync(model, snapshot, history)));
        ObjectSnapshots? listed = null;
        try
        {
            listed = await Pool.ListSnapshotsAsync("o", Cancellation);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            // Neither head nor clones.
        }

        Assert.True(Describe(model.List()) == Describe(listed), $"expected {Describe(model.List())}\nlisted   {Describe(listed)}\n{string.Join('\n', history)}");
    }

    private async Task CompareAsync(ObjectModel model, ulong snapshot, List<string> history)
    {
        ObjectModel.State? expected = model.At(snapshot);
        using OperationResult read = await ReadAsync("o", new ReadOperation().Read(0, 0).GetXattrs().OmapGetValues("", "", 100).Stat(), snapshot);
        string place = $"at {snapshot}\n{string.Join('\n', history)}";
        Assert.True((expected is null ? -Errno.ENOENT : 0) == read.ReturnCode, $"{read.ReturnCode} {place}");
        if (expected is not null)
        {
            Assert.True(expected.Data.AsSpan().SequenceEqual(read.Outputs[0].Data.Span), $"data differ {place}");
            Assert.True(Describe(expected.Xattrs) == Describe(read.Outputs[1]), $"xattrs differ {place}");
            Assert.True(Describe(expected.Omap) == Describe(read.Outputs[2]), $"omap differs {place}");
            Assert.Equal((ulong)expected.Data.Length, read.Outputs[3].Size);
        }
    }
}
