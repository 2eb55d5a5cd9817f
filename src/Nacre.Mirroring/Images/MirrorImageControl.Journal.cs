using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring;

/// <content>Mirroring by journal.</content>
public sealed partial class MirrorImageControl
{
    private async Task PromoteJournalAsync(bool isForced, CancellationToken cancellationToken)
    {
        await JournalMirroring.PromoteAsync(_image.Pool, _image.Id, isForced, _time, cancellationToken);

        // The daemon holds the lock until it has stopped.
        await WaitForDaemonsAsync(cancellationToken);
    }

    private async Task DemoteJournalAsync(CancellationToken cancellationToken)
    {
        // With the lock everything that the journal holds is applied.
        await _image.AcquireLockAsync(cancellationToken);
        await _image.DemoteJournalAsync(cancellationToken);
        await _image.ReleaseLockAsync(cancellationToken);
    }

    /// <summary>A journal that takes this site's writes. Left behind by a death before the record is made, the image is journaled and no more.</summary>
    private async Task RequireJournalAsync(CancellationToken cancellationToken)
    {
        const RbdFeatures needed = RbdFeatures.Journaling | RbdFeatures.ExclusiveLock;
        RbdFeatures missing = needed & ~_image.Features;
        if (missing.HasFlag(RbdFeatures.Journaling))
        {
            try
            {
                await _image.UpdateFeaturesAsync(missing, enable: true, cancellationToken);
            }
            catch (RadosException failed)
            {
                throw new RadosException(failed.Code, "cannot enable journaling", failed);
            }
        }

        if (await JournalMirroring.FindOwnerAsync(_image.Pool, _image.Id, cancellationToken) != JournalTagData.Local)
        {
            throw new RadosException(Errno.EINVAL, "cannot enable mirroring: last journal tag not owned by local cluster");
        }
    }

    private Task RemoveJournalPeersAsync(CancellationToken cancellationToken) => JournalMirroring.RemovePeersAsync(
        _image.Pool, _image.Id, (point, token) => _image.RemoveSnapshotAsync(point.SnapshotName, point.Namespace.Type, token), cancellationToken);

    private async Task<RadosException?> TrySwitchJournalingOffAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _image.RefreshAsync(cancellationToken);
            if (_image.Features.HasFlag(RbdFeatures.Journaling))
            {
                await _image.UpdateFeaturesAsync(RbdFeatures.Journaling, enable: false, cancellationToken);
            }

            return null;
        }
        catch (RadosException failed)
        {
            return failed;
        }
    }
}
