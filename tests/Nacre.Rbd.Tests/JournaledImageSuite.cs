using Nacre.Conformance;
using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd.Tests;

/// <summary>Images that record their changes in a journal, on whatever engine.</summary>
public abstract class JournaledImageSuite(EngineFixture engine) : ImageTestBase(engine)
{
    private const RbdFeatures Features = RbdFeatures.Default | RbdFeatures.Journaling;

    private static readonly ImageCreateOptions _options = new() { Order = 20, Features = Features, Journal = new JournalLayout { Order = 16, SplayWidth = 3 } };

    [Fact]
    public async Task Changes_are_entries_in_their_order_and_the_image_holds_them()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, _options, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        await image.WriteAsync(4096, Bytes(40_000, 1), Token);
        await image.DiscardAsync(MiB, MiB, 65536, Token);
        await image.WriteSameAsync(0, 4096, Bytes(512, 2), Token);
        Assert.Null(await image.CompareAndWriteAsync(0, Bytes(512, 2), Bytes(512, 3), Token));
        Assert.NotNull(await image.CompareAndWriteAsync(0, Bytes(512, 2), Bytes(512, 4), Token));
        await image.FlushAsync(Token);
        await image.CreateSnapshotAsync("s", cancellationToken: Token);
        await image.ResizeAsync(8 * MiB, cancellationToken: Token);
        await image.SetMetadataAsync("k", "v", Token);
        List<JournalEventPayload> events = await ReadEventsAsync(images.Pool, id);

        // 16384 - 44 bytes of data to an entry.
        JournalWrite[] writes = [.. events.OfType<JournalWrite>().Where(w => w.Type == JournalEventType.Write)];
        Assert.Equal([(4096ul, 16340ul), (20436, 16340), (36776, 7320)], writes.Select(w => (w.Offset, w.Length)));
        Assert.Equal(Bytes(40_000, 1), writes.SelectMany(w => w.Data.ToArray()));
        Assert.Equal(new JournalDiscard(MiB, MiB, 65536), events[3]);
        Assert.Equal(
            [
                JournalEventType.Write, JournalEventType.Write, JournalEventType.Write, JournalEventType.Discard, JournalEventType.WriteSame,
                JournalEventType.CompareAndWrite, JournalEventType.CompareAndWrite, JournalEventType.Flush,
                JournalEventType.SnapCreate, JournalEventType.OperationFinish, JournalEventType.Resize, JournalEventType.OperationFinish,
                JournalEventType.MetadataSet, JournalEventType.OperationFinish,
            ],
            events.Select(e => e.Type));
        Assert.All(events.OfType<JournalOperationFinish>(), finish => Assert.Equal(0, finish.Result));
        byte[] data = new byte[40_000];
        await image.ReadAsync(4096, data, Token);
        Assert.Equal(Bytes(40_000, 1), data);
    }

    [Fact]
    public async Task Overlapping_changes_end_as_the_journal_has_them()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, _options, Token);
        byte[] expected = new byte[4 * MiB];
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            var random = new Random(7);
            for (int round = 0; round < 10; round++)
            {
                var under = new List<Task>();
                for (int i = 0; i < 40; i++)
                {
                    int length = random.Next(1, 200_000);
                    int offset = random.Next((int)MiB) + (random.Next(3) * 700_000);
                    byte[] data = Bytes(length, (round * 100) + i);
                    data.CopyTo(expected, offset);

                    // Begun in this order: so they are recorded and applied.
                    under.Add(image.WriteAsync((ulong)offset, data, Token).AsTask());
                    if (random.Next(5) == 0)
                    {
                        await under[^1];
                        Array.Fill(data, (byte)0xee);
                        byte[] back = new byte[length];
                        await image.ReadAsync((ulong)offset, back, Token);
                        Assert.Equal(expected[offset..(offset + length)], back);
                    }
                }

                await Task.WhenAll(under);
            }

            Assert.Equal(expected, await ReadAllAsync(image));
            await image.FlushAsync(Token);
            await using Image other = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
            Assert.Equal(expected, await ReadAllAsync(other));
        }

        await using Image again = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        Assert.Equal(expected, await ReadAllAsync(again));
    }

    [Fact]
    public async Task Each_owner_of_the_lock_has_a_tag_and_leaves_nothing_to_apply()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, _options, Token);
        for (int round = 1; round <= 3; round++)
        {
            await using Image image = await images.OpenAsync("one", cancellationToken: Token);
            await image.WriteAsync(0, Bytes(4096, round), Token);
        }

        ImageJournal journal = await ImageJournal.OpenAsync(images.Pool, id, Token);
        JournalTags tags = await JournalTags.ReadAsync(journal, Token);
        Assert.True(tags.IsLocal);
        Assert.Equal(3ul, tags.Newest.Tid);
        Assert.Equal(new JournalTagData("", "", true, 2, 0), tags.Data);
        Assert.Equal((3ul, 0ul), (tags.Client.CommitPosition.Positions[0].TagTid, tags.Client.CommitPosition.Positions[0].EntryTid));
    }

    [Fact]
    public async Task A_long_journal_is_trimmed()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, _options, Token);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            for (int i = 0; i < 12; i++)
            {
                await image.WriteAsync(0, Bytes(200_000, i), Token);
            }
        }

        ImageJournal journal = await ImageJournal.OpenAsync(images.Pool, id, Token);
        Nacre.Journal.Metadata.JournalSets sets = await journal.ReadSetsAsync(Token);
        Assert.True(sets.Active >= 10 && sets.Minimum >= sets.Active - 1, $"{sets}");
        Assert.Null(await images.Pool.StatAsync(journal.ObjectName(0), cancellationToken: Token));
        await using Image again = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        byte[] data = new byte[200_000];
        await again.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(200_000, 11), data);
    }

    [Fact]
    public async Task Journaling_is_switched_on_and_off_under_a_writer_and_removed_with_the_image()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            await image.WriteAsync(0, Bytes(4096, 1), Token);
            await image.EnableFeaturesAsync(RbdFeatures.Journaling, new JournalLayout { Order = 18, SplayWidth = 2 }, Token);
            await image.WriteAsync(4096, Bytes(4096, 2), Token);
            ImageJournal journal = await ImageJournal.OpenAsync(images.Pool, id, Token);
            Assert.Equal((18, 2), (journal.Order, journal.SplayWidth));
            Assert.Equal(4096ul, Assert.IsType<JournalWrite>(Assert.Single(await ReadEventsAsync(images.Pool, id))).Offset);
            Assert.Equal(Errno.EINVAL, await CodeOfAsync(() => image.UpdateFeaturesAsync(RbdFeatures.ExclusiveLock, false, Token)));
            await image.UpdateFeaturesAsync(RbdFeatures.Journaling, false, Token);
            Assert.Equal(Errno.ENOENT, await CodeOfAsync(() => ImageJournal.OpenAsync(images.Pool, id, Token)));
            await image.WriteAsync(8192, Bytes(4096, 3), Token);
            await image.UpdateFeaturesAsync(RbdFeatures.Journaling, true, Token);
            await image.WriteAsync(12288, Bytes(4096, 4), Token);
            Assert.Equal(RbdFeatures.Default | RbdFeatures.Journaling, image.Features);
        }

        await images.RenameAsync("one", "two", Token);
        Assert.Contains(await ReadEventsAsync(images.Pool, id), e => e is JournalTextOperation { Type: JournalEventType.Rename, Text: "two" });
        await images.RemoveAsync("two", cancellationToken: Token);
        await foreach (string name in images.Pool.ListObjectsAsync(Token))
        {
            Assert.DoesNotContain("journal", name, StringComparison.Ordinal);
        }
    }

    /// <summary>
    /// Whatever of its writes take effect before a client dies, to the journal and to the objects: what it told its guest is there is there for the next,
    /// and nothing else than what the guest wrote.
    /// </summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task What_was_acknowledged_survives_the_writer(int seed)
    {
        var random = new Random(seed);
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, _options, Token);
        var blocks = new BlockHistory((int)(4 * MiB / 4096));
        for (int life = 0; life < 6; life++)
        {
            var client = new DyingClient(random.Next(10, 250));
            ICluster session = await Engine.ConnectAsync();
            await WriteUntilDeathAsync(new RbdImages(client.Wrap(await EngineFixture.SameAsync(images.Pool, session))), blocks, random, client);
            await session.DisposeAsync();
            await using Image next = await images.OpenAsync("one", cancellationToken: Token);
            blocks.Check(await ReadAllAsync(next), $"seed {seed}, life {life}");
            await CheckObjectMapAsync(next);
        }
    }

    private static async Task WriteUntilDeathAsync(RbdImages images, BlockHistory blocks, Random random, DyingClient client)
    {
        Image image;
        try
        {
            image = await images.OpenAsync("one", cancellationToken: Token);
        }
        catch (RadosException) when (client.Died)
        {
            return;
        }

        var writers = new List<Task>();
        for (int i = 0; i < 8; i++)
        {
            int seed = random.Next();
            int first = blocks.Count / 8 * i;
            writers.Add(Task.Run(() => WriteAsync(image, blocks, first, blocks.Count / 8, new Random(seed), client), Token));
        }

        await Task.WhenAll(writers);
        await image.DisposeAsync();
    }

    private static async Task WriteAsync(Image image, BlockHistory blocks, int from, int length, Random random, DyingClient client)
    {
        while (!client.Died)
        {
            int first = from + random.Next(length);

            // One entry each: what is longer can be cut off between entries while it is not acknowledged, as librbd's.
            int count = random.Next(1, Math.Min(3, from + length - first) + 1);
            (byte[] data, List<BlockHistory.Written> written) = blocks.Begin(first, count);
            try
            {
                await image.WriteAsync((ulong)first * 4096, data, Token);
                blocks.Acknowledge(written);
                if (random.Next(20) == 0)
                {
                    await image.FlushAsync(Token);
                }
            }
            catch (RadosException) when (client.Died)
            {
                return;
            }
        }
    }

    [Fact]
    public async Task Only_the_site_that_owns_the_journal_writes()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, _options with { Journal = _options.Journal with { Owner = "somebody else" } }, Token);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            Assert.Equal(Errno.EPERM, await CodeOfAsync(() => image.WriteAsync(0, new byte[4096], Token).AsTask()));
            Assert.Equal(Errno.EPERM, await CodeOfAsync(() => image.ReadAsync(0, new byte[4096], Token).AsTask()));
            Assert.Equal(Errno.EROFS, await CodeOfAsync(() => image.CreateSnapshotAsync("s", cancellationToken: Token)));
            Assert.Null(await image.GetLockOwnerAsync(Token));
        }

        var options = new ImageOpenOptions { Journal = ImageJournalUse.Bypass, IgnoreNonPrimary = true, KeepLock = true };
        await using Image copy = await images.OpenAsync("one", options, Token);
        await copy.AcquireLockAsync(Token);
        await copy.WriteAsync(0, Bytes(4096, 1), Token);
        await copy.CreateSnapshotAsync("s", cancellationToken: Token);
        Assert.Empty(await ReadEventsAsync(images.Pool, id));
        ImageJournal journal = await ImageJournal.OpenAsync(images.Pool, id, Token);
        Assert.Equal(0ul, (await JournalTags.ReadAsync(journal, Token)).Newest.Tid);
    }

    /// <summary>All events that are still in a journal.</summary>
    protected static async Task<List<JournalEventPayload>> ReadEventsAsync(IPool pool, string id)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(pool, id, Token);
        await using var player = new JournalPlayer(journal, JournalPosition.None);
        var events = new List<JournalEventPayload>();
        while (await player.NextAsync(Token) is { } entry)
        {
            events.Add(JournalEvent.Decode(entry.Entry.Data).Payload);
        }

        return events;
    }
}
