using Nacre.Journal;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;

namespace Nacre.Rbd.Journaling;

/// <summary>What mirroring by journal keeps in an image's journal and in its pool.</summary>
public static class JournalMirroring
{
    /// <summary>
    /// Mirror uuid of the site whose writes the journal takes now (Journal::get_tag_owner): <see cref="JournalTagData.Local"/> or
    /// <see cref="JournalTagData.Orphan"/>, else another's. Null where the image has no journal.
    /// </summary>
    public static async Task<string?> FindOwnerAsync(IPool pool, string imageId, CancellationToken cancellationToken = default)
    {
        try
        {
            ImageJournal journal = await ImageJournal.OpenAsync(pool, imageId, cancellationToken);
            return (await JournalTags.ReadAsync(journal, cancellationToken)).Data.MirrorUuid;
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            return null;
        }
    }

    /// <summary>
    /// Makes this site the one whose writes the journal takes (Journal::promote): after a demotion so that others can go on with it, else so that nobody can.
    /// Whoever replays into the image stops then; that it has, taking the lock tells.
    /// </summary>
    /// <param name="pool">The image's pool.</param>
    /// <param name="imageId">The image.</param>
    /// <param name="isForced">Nobody shall go on with it.</param>
    /// <param name="time">The clock.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task PromoteAsync(
        IPool pool, string imageId, bool isForced, TimeProvider time, CancellationToken cancellationToken = default) =>
        await JournalOwnership.PromoteAsync(await ImageJournal.OpenAsync(pool, imageId, cancellationToken), isForced, time, cancellationToken);

    /// <summary>Ends a demotion that was killed half-way, which nobody would learn of. False where there is none.</summary>
    public static async Task<bool> CompleteDemotionAsync(IPool pool, string imageId, TimeProvider time, CancellationToken cancellationToken = default) =>
        await JournalOwnership.CompleteDemotionAsync(await ImageJournal.OpenAsync(pool, imageId, cancellationToken), time, cancellationToken);

    /// <summary>Asks the daemon to copy the image anew (Journal::request_resync).</summary>
    public static async Task RequestResyncAsync(IPool pool, string imageId, CancellationToken cancellationToken = default)
    {
        ImageJournal journal = await ImageJournal.OpenAsync(pool, imageId, cancellationToken);
        JournalTags tags = await JournalTags.ReadAsync(journal, cancellationToken);
        JournalClientData data = new JournalImageClient(tags.Class, ResyncRequested: true);
        await pool.CallAsync(journal.HeaderName, JournalCalls.UpdateClientData(JournalTags.ImageClientId, data.ToBytes()), cancellationToken);
        await journal.NotifyAsync(cancellationToken);
    }

    /// <summary>
    /// Unregisters the sites that replay the journal, each after the snapshots that its first copy was made of (librbd::mirror::DisableRequest). No journal is
    /// no error. Killed in between, it is done again.
    /// </summary>
    /// <param name="pool">The image's pool.</param>
    /// <param name="imageId">The image.</param>
    /// <param name="removeSnapshotAsync">Removes a snapshot, which may be gone already (ENOENT).</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    /// <exception cref="RadosException">EBADMSG: a client's registration cannot be read; the others are unregistered.</exception>
    public static async Task RemovePeersAsync(
        IPool pool, string imageId, Func<JournalSyncPoint, CancellationToken, Task> removeSnapshotAsync, CancellationToken cancellationToken = default)
    {
        RadosException? unreadable = null;
        try
        {
            ImageJournal journal = await ImageJournal.OpenAsync(pool, imageId, cancellationToken);
            foreach (JournalClient client in await journal.ListClientsAsync(cancellationToken))
            {
                switch (JournalTags.DecodeClient(client))
                {
                    case JournalMirrorPeerClient peer:
                        await RemovePeerAsync(journal, client.Id, peer, removeSnapshotAsync, cancellationToken);
                        break;
                    case null:
                        unreadable = new RadosException(Errno.EBADMSG, $"registration of client '{client.Id}' of journal {pool.Name}/{journal.HeaderName}");
                        break;
                }
            }
        }
        catch (RadosException absent) when (absent.Code == Errno.ENOENT)
        {
            return;
        }

        if (unreadable is not null)
        {
            throw unreadable;
        }
    }

    /// <summary>
    /// An image has a journal from now on: in a pool that mirrors all such images, so is this one (image::CreateRequest, operation::EnableFeaturesRequest).
    /// One that is mirrored already stays as it is.
    /// </summary>
    internal static async Task OnJournalingEnabledAsync(IPool pool, string imageId, CancellationToken cancellationToken)
    {
        if (await ModeAsync(pool, cancellationToken) != MirrorMode.Pool
            || await pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImage(imageId), cancellationToken) is not null)
        {
            return;
        }

        await WriteAsync(pool, imageId, new MirrorImage(MirrorImageMode.Journal, Guid.NewGuid().ToString(), MirrorImageState.Enabled), cancellationToken);
    }

    /// <summary>
    /// An image is about to lose its journal (operation::DisableFeaturesRequest): in a pool that mirrors all that have one, its mirroring ends.
    /// </summary>
    /// <exception cref="RadosException">EINVAL: it is mirrored by its journal, one by one; or it is a copy.</exception>
    internal static async Task OnJournalingGoingAsync(
        IPool pool, string imageId, Func<JournalSyncPoint, CancellationToken, Task> removeSnapshotAsync, CancellationToken cancellationToken)
    {
        MirrorMode mode = await ModeAsync(pool, cancellationToken);
        if (mode == MirrorMode.Disabled
            || await pool.TryCallAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorImage(imageId), cancellationToken) is not { Mode: MirrorImageMode.Journal } record)
        {
            return;
        }

        if (mode == MirrorMode.Image)
        {
            if (record.State == MirrorImageState.Enabled)
            {
                throw new RadosException(
                    Errno.EINVAL, "cannot disable journaling: journal-based mirroring enabled and mirror pool mode set to image");
            }

            return;
        }

        if (await FindOwnerAsync(pool, imageId, cancellationToken) is not (null or JournalTagData.Local))
        {
            throw new RadosException(Errno.EINVAL, "mirrored image is not primary, add force option to disable mirroring");
        }

        await WriteAsync(pool, imageId, record with { State = MirrorImageState.Disabling }, cancellationToken);
        await RemovePeersAsync(pool, imageId, removeSnapshotAsync, cancellationToken);
        await pool.CallAsync(RbdObjects.Mirroring, RbdCalls.RemoveMirrorImage(imageId), cancellationToken);
        await MirroringNotifier.NotifyAsync(
            pool, new MirrorImageUpdated(MirrorImageState.Disabled, imageId, record.GlobalImageId), cancellationToken);
    }

    private static async Task RemovePeerAsync(
        ImageJournal journal, string clientId, JournalMirrorPeerClient peer, Func<JournalSyncPoint, CancellationToken, Task> removeSnapshotAsync,
        CancellationToken cancellationToken)
    {
        foreach (JournalSyncPoint point in peer.SyncPoints)
        {
            try
            {
                await removeSnapshotAsync(point, cancellationToken);
            }
            catch (RadosException gone) when (gone.Code == Errno.ENOENT)
            {
                // The peer was faster.
            }
        }

        try
        {
            await journal.UnregisterClientAsync(clientId, cancellationToken);
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            // Unregistered by itself.
        }
    }

    private static async Task<MirrorMode> ModeAsync(IPool pool, CancellationToken cancellationToken) =>
        await pool.TryCallValueAsync(RbdObjects.Mirroring, RbdCalls.GetMirrorMode(), cancellationToken) ?? MirrorMode.Disabled;

    private static async Task WriteAsync(IPool pool, string imageId, MirrorImage record, CancellationToken cancellationToken)
    {
        await pool.CallAsync(RbdObjects.Mirroring, RbdCalls.SetMirrorImage(imageId, record), cancellationToken);
        await MirroringNotifier.NotifyAsync(pool, new MirrorImageUpdated(record.State, imageId, record.GlobalImageId), cancellationToken);
    }
}
