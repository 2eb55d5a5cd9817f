using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd.Tests.Journaling;

/// <summary>A journal applied to an image makes it what the journal says.</summary>
public class JournalApplierTests(EmbeddedFixture engine) : ImageTestBase(engine)
{
    private const ulong Size = 40 << 16;

    [Theory]
    [InlineData(1, 0UL)]
    [InlineData(2, 0UL)]
    [InlineData(3, 3UL)]
    [InlineData(4, 3UL)]
    public async Task Random_changes_end_as_if_done_one_after_another(int seed, ulong stripeCount)
    {
        var random = new Random(seed);
        await using Image image = await OpenAsync(stripeCount);
        await using RecordedJournal journal = await RecordedJournal.CreateAsync(image.Pool, image.Id);
        var model = new Model(random, journal);
        for (int i = 0; i < 600; i++)
        {
            await model.ChangeAsync(i);
        }

        await using (var applier = new JournalApplier(
            image, journal.Journal, journal.Tracker, new JournalApplierOptions { MaximumBytes = random.Next(10_000, 4_000_000), MaximumRequests = 4 }))
        {
            await journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask());
            await applier.EndTagAsync(Token);
            Assert.Equal(0, applier.Bytes);
        }

        await journal.Tracker.FlushAsync(Token);
        Assert.Equal(0, journal.Tracker.Outstanding);
        await model.CheckAsync(image);
        await CheckObjectMapAsync(image);

        // A replay that is killed before it knows is done again from the position, and changes nothing.
        await using var again = new JournalApplier(image, journal.Journal, journal.Tracker);
        await journal.PlayAsync(entry => again.ApplyAsync(entry, Token).AsTask(), await journal.CommittedAsync());
        await again.EndTagAsync(Token);
        await model.CheckAsync(image);
    }

    [Fact]
    public async Task An_operation_takes_effect_where_it_stands_though_its_end_comes_later()
    {
        await using Image image = await OpenAsync();
        await using RecordedJournal journal = await RecordedJournal.CreateAsync(image.Pool, image.Id);
        await journal.WriteAsync(0, [1]);
        await journal.AppendAsync(Snap(JournalEventType.SnapCreate, 9, "s"));
        await journal.WriteAsync(0, [2]);
        await journal.AppendAsync(new JournalOperationFinish(9, 0));
        await journal.AppendAsync(new JournalMetadataSet(10, "key", "value"));
        await journal.WriteAsync(1, [3]);
        await using var applier = new JournalApplier(image, journal.Journal, journal.Tracker);
        await journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask());
        await applier.FlushAsync(Token);
        Assert.Equal([2, 3], (await ReadAllAsync(image))[..2]);
        await using (Image at = await new RbdImages(image.Pool).OpenAsync(image.Name, new ImageOpenOptions { SnapshotName = "s" }, Token))
        {
            Assert.Equal([1, 0], (await ReadAllAsync(at))[..2]);
        }

        // The one without an end holds the position back until the tag is at its end.
        Assert.Null(await image.GetMetadataAsync("key", Token));
        Assert.Equal(3UL, journal.Tracker.Position.Positions[0].EntryTid);
        await applier.EndTagAsync(Token);
        Assert.Equal("value", await image.GetMetadataAsync("key", Token));
        Assert.Equal(5UL, journal.Tracker.Position.Positions[0].EntryTid);
    }

    [Fact]
    public async Task What_failed_at_the_source_is_not_done_here()
    {
        await using Image image = await OpenAsync();
        await using RecordedJournal journal = await RecordedJournal.CreateAsync(image.Pool, image.Id);
        await journal.OperateAsync(tid => Snap(JournalEventType.SnapCreate, tid, "s"), -Errno.EDQUOT);
        await journal.WriteAsync(0, [1]);
        await journal.OperateAsync(tid => new JournalNumberOperation(JournalEventType.Resize, tid, 0), -Errno.EIO);
        await using var applier = new JournalApplier(image, journal.Journal, journal.Tracker);
        RadosException failed = await Assert.ThrowsAsync<RadosException>(() => journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask()));
        Assert.Contains("Resize", failed.Message);
        Assert.Contains($"journal object {image.Pool.Name}/{journal.Journal.ObjectName(0)}", failed.Message);
        await applier.FlushAsync(Token);
        Assert.Empty(image.Snapshots);
        Assert.Equal(Size, image.Size);
        Assert.Equal(1, (await ReadAllAsync(image))[0]);
        Assert.Equal(2UL, journal.Tracker.Position.Positions[0].EntryTid);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_event_that_makes_no_sense_ends_it_with_object_and_offset(bool isUnknown)
    {
        await using Image image = await OpenAsync();
        await using RecordedJournal journal = await RecordedJournal.CreateAsync(image.Pool, image.Id);
        for (int i = 0; i < 5; i++)
        {
            await journal.WriteAsync((ulong)i, [(byte)(i + 1)]);
        }

        await (isUnknown ? journal.AppendAsync(new JournalUnknownEvent((JournalEventType)77, default)) : journal.AppendRawAsync([5, 1, 200, 0, 0, 0]));
        await journal.WriteAsync(5, [6]);
        await using var applier = new JournalApplier(image, journal.Journal, journal.Tracker);
        RadosException failed = await Assert.ThrowsAnyAsync<RadosException>(() => journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask()));
        Assert.Contains(journal.Journal.ObjectName(1), failed.Message);
        Assert.Contains("at byte ", failed.Message);
        await applier.FlushAsync(Token);
        await journal.Tracker.FlushAsync(Token);
        Assert.Equal([1, 2, 3, 4, 5, 0], (await ReadAllAsync(image))[..6]);
        Assert.Equal(4UL, (await journal.CommittedAsync()).Positions[0].EntryTid);
    }

    [Fact]
    public async Task Hostile_events_are_errors_or_changes_and_never_anything_else()
    {
        var random = new Random(9);
        await using Image image = await OpenAsync();
        JournalEventPayload[] payloads =
        [
            new JournalWrite(JournalEventType.Write, 100, 600, Bytes(600, 1)), new JournalDiscard(0, 70_000, 0),
            new JournalWrite(JournalEventType.WriteSame, 512, 4096, Bytes(16, 2)), new JournalCompareAndWrite(0, 512, new byte[512], Bytes(512, 3)),
            Snap(JournalEventType.SnapCreate, 1, "s"), new JournalSnapRename(1, "t", 4, "s"), new JournalMetadataSet(1, "k", "v"),
            new JournalTextOperation(JournalEventType.Rename, 1, "image"),
            new JournalUpdateFeatures(1, RbdFeatures.FastDiff, false),
        ];
        for (int round = 0; round < 150; round++)
        {
            await using RecordedJournal journal = await RecordedJournal.CreateAsync(Engine.NewNamespace(), $"hostile{round}");
            byte[] bytes = new JournalEvent(payloads[round % payloads.Length], new CephTimestamp(1, 0)).ToBytes();
            for (int i = random.Next(1, 4); i > 0; i--)
            {
                bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            }

            await journal.AppendRawAsync(bytes);
            await journal.AppendAsync(new JournalOperationFinish(1, 0));
            await using var applier = new JournalApplier(image, journal.Journal, journal.Tracker);
            try
            {
                await journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask());
                await applier.EndTagAsync(Token);
            }
            catch (RadosException failed)
            {
                Assert.Contains(journal.Journal.ObjectPrefix, failed.Message);
            }
        }
    }

    [Fact]
    public async Task Without_the_lock_nothing_is_applied()
    {
        await using Image image = await OpenAsync();
        await using RecordedJournal journal = await RecordedJournal.CreateAsync(image.Pool, image.Id);
        await journal.WriteAsync(0, [1]);
        await image.ReleaseLockAsync(Token);
        await using var applier = new JournalApplier(image, journal.Journal, journal.Tracker);
        await journal.PlayAsync(entry => applier.ApplyAsync(entry, Token).AsTask());
        Assert.Equal(Errno.EROFS, await CodeOfAsync(() => applier.FlushAsync(Token)));
        Assert.Equal(0, (await ReadAllAsync(image))[0]);
    }

    private async Task<Image> OpenAsync(ulong stripeCount = 0)
    {
        RbdImages images = await NewImagesAsync();
        var options = new ImageCreateOptions { Order = 16, StripeUnit = stripeCount == 0 ? null : 8192, StripeCount = stripeCount == 0 ? null : stripeCount };
        await images.CreateAsync("image", Size, options, Token);
        Image image = await images.OpenAsync("image", new ImageOpenOptions { KeepLock = true }, Token);
        await image.AcquireLockAsync(Token);
        return image;
    }

    private static JournalSnapOperation Snap(JournalEventType type, ulong tid, string name) => new(type, tid, name, SnapshotNamespace.User);

    /// <summary>Changes, journaled and done to an array.</summary>
    private sealed class Model(Random random, RecordedJournal journal)
    {
        private readonly Dictionary<string, byte[]> _snapshots = [];
        private byte[] _bytes = new byte[Size];

        public async Task ChangeAsync(int step)
        {
            int offset = random.Next(_bytes.Length);
            int length = Math.Min(random.Next(1, random.Next(2) == 0 ? 5000 : 300_000), _bytes.Length - offset);
            switch (random.Next(40))
            {
                case < 20:
                    byte[] data = Bytes(length, step);
                    data.CopyTo(_bytes, offset);
                    await journal.WriteAsync((ulong)offset, data);
                    break;
                case < 25:
                    _bytes.AsSpan(offset, length).Clear();
                    await journal.AppendAsync(new JournalDiscard((ulong)offset, (ulong)length, 0));
                    break;
                case < 28:
                    await WriteSameAsync(offset, length / 4 * 4, step);
                    break;
                case < 31:
                    await CompareAndWriteAsync(offset / 512 * 512, step);
                    break;
                case < 36:
                    await journal.FlushAsync();
                    break;
                case < 37:
                    _snapshots[$"s{step}"] = [.. _bytes];
                    await journal.OperateAsync(tid => Snap(JournalEventType.SnapCreate, tid, $"s{step}"));
                    break;
                case < 38 when _snapshots.Count > 0:
                    string name = _snapshots.Keys.First();
                    _snapshots.Remove(name);
                    await journal.OperateAsync(tid => Snap(JournalEventType.SnapRemove, tid, name));
                    break;
                case < 39 when _snapshots.Count > 0:
                    string target = _snapshots.Keys.Last();
                    _bytes = [.. _snapshots[target]];
                    await journal.OperateAsync(tid => Snap(JournalEventType.SnapRollback, tid, target));
                    break;
                default:
                    int size = random.Next((int)Size / 2, (int)Size * 2);
                    Array.Resize(ref _bytes, size);
                    await journal.OperateAsync(tid => new JournalNumberOperation(JournalEventType.Resize, tid, (ulong)size));
                    break;
            }
        }

        public async Task CheckAsync(Image image)
        {
            Assert.Equal((ulong)_bytes.Length, image.Size);
            Assert.True((await ReadAllAsync(image)).AsSpan().SequenceEqual(_bytes));
            Assert.Equal(_snapshots.Keys.Order(), image.Snapshots.Select(s => s.Name).Order());
            foreach ((string name, byte[] bytes) in _snapshots)
            {
                await using Image at = await new RbdImages(image.Pool).OpenAsync(image.Name, new ImageOpenOptions { SnapshotName = name }, Token);
                Assert.True((await ReadAllAsync(at)).AsSpan().SequenceEqual(bytes), $"snapshot {name} differs");
            }
        }

        private async Task WriteSameAsync(int offset, int length, int step)
        {
            if (length == 0)
            {
                return;
            }

            byte[] pattern = step % 3 == 0 ? new byte[4] : Bytes(4, step);
            for (int i = 0; i < length; i++)
            {
                _bytes[offset + i] = pattern[i % 4];
            }

            await journal.AppendAsync(new JournalWrite(JournalEventType.WriteSame, (ulong)offset, (ulong)length, pattern));
        }

        private async Task CompareAndWriteAsync(int offset, int step)
        {
            if (offset + 512 > _bytes.Length)
            {
                return;
            }

            byte[] expected = [.. _bytes[offset..(offset + 512)]];
            byte[] data = Bytes(512, step);
            if (step % 2 == 0)
            {
                expected[step % 512] ^= 1;
            }
            else
            {
                data.CopyTo(_bytes, offset);
            }

            await journal.AppendAsync(new JournalCompareAndWrite((ulong)offset, 512, expected, data));
        }
    }
}
