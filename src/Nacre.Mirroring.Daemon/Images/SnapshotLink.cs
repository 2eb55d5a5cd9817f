using System.Globalization;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Puts this site among the peers of a mirror snapshot that was made before the source knew it, so that the source keeps it and either daemon copies it.
/// </summary>
internal static class SnapshotLink
{
    /// <summary>Adds the peer. EAGAIN where the snapshot changed meanwhile: look again.</summary>
    public static async Task AddPeerAsync(IPool pool, string imageId, ulong snapshotId, string peerUuid, CancellationToken cancellationToken)
    {
        string header = RbdObjects.Header(imageId);
        string key = string.Create(CultureInfo.InvariantCulture, $"snapshot_{snapshotId:x16}");
        using OperationResult read = await pool.OperateAsync(
            header, new ReadOperation().OmapGetValuesByKeys(key), SnapshotId.Head, cancellationToken);
        RadosException.ThrowIfFailed(read.ReturnCode, "reading a mirror snapshot", pool.Name, header);
        if (read.Outputs[0].Values is not [{ Value: var stored }])
        {
            throw new RadosException(Errno.EAGAIN, $"mirror snapshot {snapshotId} of object {pool.Name}/{header}");
        }

        SnapshotRecord record = CephEncodingExtensions.Decode<SnapshotRecord>(stored.Span);
        if (record.Namespace is not MirrorSnapshotNamespace { IsPrimary: true } mirror || mirror.PeerUuids.Contains(peerUuid))
        {
            throw new RadosException(Errno.EAGAIN, $"mirror snapshot {snapshotId} of object {pool.Name}/{header}");
        }

        record = record with { Namespace = mirror with { PeerUuids = [.. mirror.PeerUuids, peerUuid] } };
        using OperationResult written = await pool.OperateAsync(
            header,
            new WriteOperation()
                .CompareOmap(key, Comparison.Equal, stored)
                .OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>(key, record.ToBytes())),
            null,
            cancellationToken);
        if (written.ReturnCode == -Errno.ECANCELED)
        {
            throw new RadosException(Errno.EAGAIN, $"mirror snapshot {snapshotId} of object {pool.Name}/{header}");
        }

        RadosException.ThrowIfFailed(written.ReturnCode, "asking for a mirror snapshot", pool.Name, header);
        try
        {
            await pool.NotifyAsync(header, new NotifyMessage(new HeaderUpdatePayload()).ToBytes(), TimeSpan.FromSeconds(5), cancellationToken);
        }
        catch (RadosException)
        {
            // Who has the image open sees it at the next look.
        }
    }
}
