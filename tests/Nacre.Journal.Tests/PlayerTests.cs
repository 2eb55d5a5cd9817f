using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Journal.Tests;

/// <summary>What of a journal is read, in which order, and where it is refused.</summary>
public class PlayerTests(JournalFixture fixture)
{
    private static readonly JournalPlayerOptions _following = new() { Follow = true, PollInterval = TimeSpan.FromMilliseconds(1) };

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_empty_journal_has_no_entries()
    {
        Assert.Empty(await ReadAsync(await fixture.CreateAsync()));
    }

    [Fact]
    public async Task Entries_come_in_their_order_through_all_object_sets()
    {
        ImageJournal journal = await fixture.CreateAsync();
        for (ulong entry = 0; entry < 100; entry++)
        {
            // Objects fill up unequally: sets are not left at a multiple of the width.
            await journal.WriteAsync(1, entry, entry / 7);
        }

        await journal.ActivateAsync(99 / 7);
        Assert.Equal(Enumerable.Range(0, 100).Select(e => $"1/{e}"), await ReadAsync(journal));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(50)]
    [InlineData(4096)]
    public async Task Entries_are_whole_however_they_are_fetched(int fetchBytes)
    {
        ImageJournal journal = await fixture.CreateAsync(2);
        for (ulong entry = 0; entry < 20; entry++)
        {
            await journal.WriteAsync(1, entry, 0, 8 + (int)entry);
        }

        Assert.Equal(Enumerable.Range(0, 20).Select(e => $"1/{e}"), await ReadAsync(journal, fetchBytes: fetchBytes));
    }

    [Fact]
    public async Task Reading_goes_on_behind_what_was_committed()
    {
        ImageJournal journal = await fixture.CreateAsync();
        for (ulong entry = 0; entry < 30; entry++)
        {
            await journal.WriteAsync(1, entry, entry / 10);
        }

        await journal.ActivateAsync(2);
        var position = new JournalPosition([new(4 + 1, 1, 13), new(4 + 0, 1, 12), new(4 + 3, 1, 11), new(4 + 2, 1, 10)]);
        Assert.Equal(Enumerable.Range(14, 16).Select(e => $"1/{e}"), await ReadAsync(journal, position));
    }

    [Fact]
    public async Task A_tag_ends_at_a_gap_and_the_next_begins_with_its_first_entry()
    {
        ImageJournal journal = await fixture.CreateAsync();
        foreach (ulong entry in (ulong[])[0, 1, 2, 3, 4, 6, 7])
        {
            await journal.WriteAsync(1, entry);
        }

        for (ulong entry = 0; entry < 6; entry++)
        {
            await journal.WriteAsync(3, entry);
        }

        Assert.Equal(["1/0", "1/1", "1/2", "1/3", "1/4", .. Enumerable.Range(0, 6).Select(e => $"3/{e}")], await ReadAsync(journal));
    }

    [Fact]
    public async Task A_missing_entry_is_an_error_behind_all_that_came_before()
    {
        ImageJournal journal = await fixture.CreateAsync();
        foreach (ulong entry in (ulong[])[0, 1, 2, 3, 4, 9])
        {
            await journal.WriteAsync(1, entry);
        }

        (List<string> read, JournalDamagedException error) = await ReadToDamageAsync(journal);
        Assert.Equal(["1/0", "1/1", "1/2", "1/3", "1/4"], read);
        Assert.Equal((Errno.ENOMSG, journal.ObjectName(1)), (error.Code, error.ObjectName));
    }

    [Theory]
    [InlineData("flip")]
    [InlineData("cut")]
    [InlineData("garbage")]
    [InlineData("length")]
    public async Task Damage_is_an_error_that_names_object_and_offset_and_nothing_behind_it_is_read(string damage)
    {
        ImageJournal journal = await fixture.CreateAsync();
        for (ulong entry = 0; entry < 6; entry++)
        {
            await journal.WriteAsync(1, entry);
        }

        byte[] bytes = new Formats.JournalEntry(1, 6, new byte[8]).ToBytes();
        switch (damage)
        {
            case "flip":
                bytes[^7] ^= 1;
                break;
            case "cut":
                bytes = bytes[..^1];
                break;
            case "garbage":
                bytes = [0, 0, 1, 0, 0, 0, 0, 0, 0];
                break;
            default:
                bytes[28] = 0x7F;
                break;
        }

        await journal.AppendAsync(2, bytes);
        if (damage != "cut")
        {
            await journal.WriteAsync(1, 10);
        }

        await journal.WriteAsync(1, 7);
        (List<string> read, JournalDamagedException error) = await ReadToDamageAsync(journal);
        Assert.Equal(Enumerable.Range(0, 6).Select(e => $"1/{e}"), read);
        Assert.Equal((Errno.EBADMSG, journal.ObjectName(2), 41ul), (error.Code, error.ObjectName, error.Offset));
        Assert.Contains(journal.ObjectName(2), error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Whatever_is_done_to_an_object_only_a_prefix_of_what_was_written_is_read()
    {
        var random = new Random(20261124);
        for (int round = 0; round < 150; round++)
        {
            ImageJournal journal = await fixture.CreateAsync(2);
            for (ulong entry = 0; entry < 12; entry++)
            {
                await journal.WriteAsync(1, entry, entry / 6, 8 + random.Next(30));
            }

            await journal.ActivateAsync(1);
            string name = journal.ObjectName((ulong)random.Next(4));
            byte[] bytes = (await journal.DataPool.ReadAsync(name, cancellationToken: Token))!;
            switch (random.Next(3))
            {
                case 0:
                    bytes[random.Next(bytes.Length)] ^= (byte)random.Next(1, 256);
                    break;
                case 1:
                    bytes = bytes[..random.Next(bytes.Length)];
                    break;
                default:
                    byte[] junk = new byte[random.Next(1, 60)];
                    random.NextBytes(junk);
                    bytes = [.. bytes[..random.Next(bytes.Length)], .. junk, .. bytes[random.Next(bytes.Length)..]];
                    break;
            }

            await journal.DataPool.ExecuteAsync(name, new Rados.Objects.WriteOperation().WriteFull(bytes), cancellationToken: Token);
            await using var player = new JournalPlayer(journal, JournalPosition.None, new JournalPlayerOptions { FetchBytes = random.Next(1, 300) });
            int count = 0;
            try
            {
                await foreach (PlayedEntry entry in player.PlayAsync(Token))
                {
                    Assert.Equal($"1/{count++}", Name(entry));
                }
            }
            catch (JournalDamagedException error)
            {
                Assert.Contains("journal_data.", error.ObjectName, StringComparison.Ordinal);
            }

            Assert.InRange(count, 0, 12);
        }
    }

    [Fact]
    public async Task Padding_between_entries_is_passed_over_and_what_came_twice_is_read_once()
    {
        ImageJournal journal = await fixture.CreateAsync(1);
        await journal.WriteAsync(1, 0);
        await journal.AppendAsync(0, new byte[7]);
        await journal.WriteAsync(1, 1);
        await journal.WriteAsync(1, 1);
        await journal.AppendAsync(0, new byte[3]);
        Assert.Equal(["1/0", "1/1"], await ReadAsync(journal));
    }

    [Fact]
    public async Task A_header_that_promises_endless_sets_is_refused()
    {
        ImageJournal journal = await fixture.CreateAsync();
        await journal.WriteAsync(1, 0);
        await journal.ActivateAsync(ulong.MaxValue >> 8);
        (List<string> read, JournalDamagedException error) = await ReadToDamageAsync(journal);
        Assert.Equal(["1/0"], read);
        Assert.Equal(Errno.ENOMSG, error.Code);
    }

    [Fact]
    public async Task Whoever_follows_gets_what_is_written_later_and_the_next_writers_entries()
    {
        ImageJournal journal = await fixture.CreateAsync();
        await journal.CreateTagAsync(0);
        await journal.CreateTagAsync(1);
        await using var player = new JournalPlayer(journal, JournalPosition.None, _following);
        for (ulong entry = 0; entry < 40; entry++)
        {
            Task<PlayedEntry?> next = player.NextAsync(Token).AsTask();
            if (entry % 10 == 0)
            {
                await journal.ActivateAsync(entry / 10);
            }

            await journal.WriteAsync(1, entry, entry / 10);
            Assert.Equal($"1/{entry}", Name(await next));
        }

        // The first writer dies with entry 40 under way and 41 written; the second comes after a third that wrote nothing.
        await journal.WriteAsync(1, 41, 3);
        Task<PlayedEntry?> after = player.NextAsync(Token).AsTask();
        await journal.CreateTagAsync(2);
        await journal.CreateTagAsync(3);
        await journal.WriteAsync(3, 0, 3);
        Assert.Equal("3/0", Name(await after));
        after = player.NextAsync(Token).AsTask();
        await journal.WriteAsync(3, 1, 3);
        Assert.Equal("3/1", Name(await after));
    }

    [Fact]
    public async Task Whoever_follows_can_stop()
    {
        ImageJournal journal = await fixture.CreateAsync();
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Token);
        await using var player = new JournalPlayer(journal, JournalPosition.None, _following);
        Task<PlayedEntry?> next = player.NextAsync(stop.Token).AsTask();
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await next);
    }

    private static string Name(PlayedEntry? entry)
    {
        using (entry)
        {
            ulong marked = BitConverter.ToUInt64(entry!.Entry.Data.Span);
            Assert.Equal((entry.Entry.TagTid << 32) | entry.Entry.EntryTid, marked);
            return $"{entry.Entry.TagTid}/{entry.Entry.EntryTid}";
        }
    }

    private static async Task<List<string>> ReadAsync(ImageJournal journal, JournalPosition? from = null, int fetchBytes = 1 << 20)
    {
        await using var player = new JournalPlayer(journal, from ?? JournalPosition.None, new JournalPlayerOptions { FetchBytes = fetchBytes });
        var read = new List<string>();
        await foreach (PlayedEntry entry in player.PlayAsync(Token))
        {
            read.Add(Name(entry));
        }

        return read;
    }

    private static async Task<(List<string> Read, JournalDamagedException Error)> ReadToDamageAsync(ImageJournal journal)
    {
        await using var player = new JournalPlayer(journal, JournalPosition.None);
        var read = new List<string>();
        JournalDamagedException error = await Assert.ThrowsAsync<JournalDamagedException>(async () =>
        {
            await foreach (PlayedEntry entry in player.PlayAsync(Token))
            {
                read.Add(Name(entry));
            }
        });
        return (read, error);
    }
}
