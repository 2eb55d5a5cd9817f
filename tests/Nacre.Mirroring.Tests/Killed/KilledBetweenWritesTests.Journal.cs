using Nacre.Journal;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Tests.Killed;

/// <content>Commands of journal mode.</content>
public sealed partial class KilledBetweenWritesTests
{
    [Fact]
    public Task Enabling_by_journal() => KillAsync(
        _ => Task.CompletedTask,
        control => control.EnableAsync(MirrorImageMode.Journal, Token),
        async (image, info) =>
        {
            Assert.Equal((true, PromotionState.Primary, MirrorImageMode.Journal), (info.IsEnabled, info.Promotion, info.Image!.Mode));
            await image.WriteAsync(0, new byte[] { 4 }, Token);
        });

    [Fact]
    public Task Disabling_by_journal() => KillAsync(
        async control =>
        {
            await control.EnableAsync(MirrorImageMode.Journal, Token);
            await RegisterPeersAsync();
        },
        control => control.DisableAsync(false, Token),
        async (image, info) =>
        {
            Assert.Null(info.Image);

            // Killed behind the record's end it is mirrored no more, and done: the journal may stay, for nobody.
            if (image.Features.HasFlag(RbdFeatures.Journaling))
            {
                ImageJournal journal = await ImageJournal.OpenAsync(image.Pool, image.Id, Token);
                Assert.Equal("", Assert.Single(await journal.ListClientsAsync(Token)).Id);
            }
        });

    [Fact]
    public Task Demoting_by_journal() => KillAsync(
        control => control.EnableAsync(MirrorImageMode.Journal, Token),
        control => UnlessDoneAsync(control.DemoteAsync(Token), "image is not primary"),
        async (image, info) =>
        {
            Assert.Equal(PromotionState.Orphan, info.Promotion);
            Assert.Equal(Errno.EPERM, (await Assert.ThrowsAsync<RadosException>(() => image.WriteAsync(0, new byte[] { 4 }, Token).AsTask())).Code);

            // Those who replay must find its one entry.
            Assert.Equal(1, await CountMarksAsync(image));
        });

    [Fact]
    public Task Promoting_by_journal() => KillAsync(
        async control =>
        {
            await control.EnableAsync(MirrorImageMode.Journal, Token);
            await control.DemoteAsync(Token);
        },
        control => UnlessDoneAsync(control.PromoteAsync(false, Token), "image is already primary"),
        async (image, info) =>
        {
            Assert.Equal(PromotionState.Primary, info.Promotion);
            await image.WriteAsync(0, new byte[] { 4 }, Token);
        });

    private async Task RegisterPeersAsync()
    {
        await using Rados.Embedded.EmbeddedSession session = _store.Connect(Rados.Configuration.EntityName.Admin);
        Rados.Clusters.IPool pool = await session.OpenPoolAsync("rbd", Token);
        ImageJournal journal = await ImageJournal.OpenAsync(pool, (await new RbdImages(pool).FindIdAsync($"image{_images - 1}", Token))!, Token);
        foreach (string peer in (string[])["one", "two"])
        {
            JournalClientData data = new JournalMirrorPeerClient("id", JournalMirrorPeerState.Replaying, 0, [], new Dictionary<ulong, ulong>());
            await journal.RegisterClientAsync(peer, data.ToBytes(), Token);
        }
    }

    private static async Task<int> CountMarksAsync(Image image)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(image.Pool, image.Id, Token);
        JournalTags tags = await JournalTags.ReadAsync(journal, Token);
        await using var player = new JournalPlayer(journal, JournalPosition.None, new JournalPlayerOptions { Follow = false });
        int count = 0;
        while (await player.NextAsync(Token) is { } entry)
        {
            bool isMark = JournalEvent.Decode(entry.Entry.Data).Payload.Type == JournalEventType.DemotePromote;
            count += isMark && entry.Entry.TagTid == tags.Newest.Tid ? 1 : 0;
        }

        return count;
    }
}
