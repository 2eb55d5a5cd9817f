using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Notifications;

/// <summary>librbd::watch_notify::NotifyMessage: what clients of an image tell each other through its header (src/librbd/WatchNotifyTypes.cc).</summary>
/// <param name="Payload">What it says.</param>
public sealed record NotifyMessage(NotifyPayload Payload) : ICephEncodable<NotifyMessage>
{
    /// <summary>Version that 16.2 writes.</summary>
    private const byte Version = 7;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(Version, 1))
        {
            writer.Write((uint)Payload.Operation);
            Payload.Encode(writer);
        }
    }

    /// <inheritdoc/>
    public static NotifyMessage Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(Version, out byte version, nameof(NotifyMessage));
        var operation = (NotifyOperation)body.ReadUInt32();
        return new NotifyMessage(DecodePayload(operation, version, ref body));
    }

    /// <summary>Decodes a notification; an empty one is a header update, as very old clients sent.</summary>
    public static NotifyMessage DecodeNotification(ReadOnlySpan<byte> bytes) =>
        bytes.IsEmpty ? new NotifyMessage(new HeaderUpdatePayload()) : CephEncodingExtensions.Decode<NotifyMessage>(bytes);

    private static NotifyPayload DecodePayload(NotifyOperation operation, byte version, ref CephReader body)
    {
        switch (operation)
        {
            case NotifyOperation.AcquiredLock or NotifyOperation.ReleasedLock:
                return new LockOwnerPayload(operation, version >= 2 ? ClientId.Decode(ref body) : default);
            case NotifyOperation.RequestLock:
                return new RequestLockPayload(version >= 2 ? ClientId.Decode(ref body) : default, version >= 3 && body.ReadBool());
            case NotifyOperation.HeaderUpdate:
                return new HeaderUpdatePayload();
            case NotifyOperation.AsyncProgress:
                return new AsyncProgressPayload(AsyncRequestId.Decode(ref body), body.ReadUInt64(), body.ReadUInt64());
            case NotifyOperation.AsyncComplete:
                return new AsyncCompletePayload(AsyncRequestId.Decode(ref body), body.ReadInt32());
            case NotifyOperation.Flatten or NotifyOperation.RebuildObjectMap or NotifyOperation.Migrate
                or NotifyOperation.Quiesce or NotifyOperation.Unquiesce:
                return new AsyncRequestPayload(operation, AsyncRequestId.Decode(ref body));
            case NotifyOperation.Resize:
                ulong size = body.ReadUInt64();
                var request = AsyncRequestId.Decode(ref body);
                return new ResizePayload(size, version < 4 || body.ReadBool(), request);
            case NotifyOperation.SnapCreate:
                return DecodeSnapCreate(version, ref body);
            case NotifyOperation.SnapRemove or NotifyOperation.SnapProtect or NotifyOperation.SnapUnprotect:
                return new SnapPayload(operation, body.ReadString(), DecodeNamespace(version, ref body), DecodeRequest(ref body));
            case NotifyOperation.SnapRename:
                ulong snapshotId = body.ReadUInt64();
                string newName = body.ReadString();
                _ = DecodeNamespace(version, ref body);
                return new SnapRenamePayload(snapshotId, newName, DecodeRequest(ref body));
            case NotifyOperation.Rename:
                return new RenamePayload(body.ReadString(), DecodeRequest(ref body));
            case NotifyOperation.UpdateFeatures:
                return new UpdateFeaturesPayload((RbdFeatures)body.ReadUInt64(), body.ReadBool(), DecodeRequest(ref body));
            case NotifyOperation.Sparsify:
                return new SparsifyPayload(AsyncRequestId.Decode(ref body), body.ReadUInt64());
            case NotifyOperation.MetadataUpdate:
                return new MetadataUpdatePayload(body.ReadString(), body.ReadBool() ? body.ReadString() : null, DecodeRequest(ref body));
            default:
                return new UnknownPayload(operation, body.Rest.ToArray());
        }
    }

    private static SnapshotNamespace DecodeNamespace(byte version, ref CephReader body) =>
        version >= 6 ? body.Read<SnapshotNamespace>() : SnapshotNamespace.User;

    // 16.2's later releases append it to every request without a new version.
    private static AsyncRequestId DecodeRequest(ref CephReader body) => body.Remaining > 0 ? AsyncRequestId.Decode(ref body) : default;

    private static SnapCreatePayload DecodeSnapCreate(byte version, ref CephReader body)
    {
        string name = body.ReadString();
        SnapshotNamespace snapshotNamespace = version >= 5 ? body.Read<SnapshotNamespace>() : SnapshotNamespace.User;
        return version >= 7
            ? new SnapCreatePayload(name, snapshotNamespace, AsyncRequestId.Decode(ref body), body.ReadUInt64())
            : new SnapCreatePayload(name, snapshotNamespace, default, 0);
    }
}

/// <summary>librbd::watch_notify::ResponseMessage: the lock owner's acknowledgement of a request.</summary>
/// <param name="Result">0 or a negated errno.</param>
public sealed record ResponseMessage(int Result) : ICephEncodable<ResponseMessage>
{
    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(1, 1))
        {
            writer.Write(Result);
        }
    }

    /// <inheritdoc/>
    public static ResponseMessage Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(1, out _, nameof(ResponseMessage));
        return new ResponseMessage(body.ReadInt32());
    }
}
