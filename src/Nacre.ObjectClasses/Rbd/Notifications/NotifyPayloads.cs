using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Notifications;

/// <summary>librbd::watcher::ClientId: a watcher of an image's header.</summary>
/// <param name="GlobalId">The client's global id.</param>
/// <param name="Handle">Its watch's cookie.</param>
public readonly record struct ClientId(ulong GlobalId, ulong Handle)
{
    internal static ClientId Decode(ref CephReader reader) => new(reader.ReadUInt64(), reader.ReadUInt64());

    internal void Encode(CephWriter writer)
    {
        writer.Write(GlobalId);
        writer.Write(Handle);
    }
}

/// <summary>librbd::watch_notify::AsyncRequestId: a request to the lock's owner that goes on after it is acknowledged.</summary>
/// <param name="Client">Who asked.</param>
/// <param name="RequestId">The asker's number for it.</param>
public readonly record struct AsyncRequestId(ClientId Client, ulong RequestId)
{
    internal static AsyncRequestId Decode(ref CephReader reader) => new(ClientId.Decode(ref reader), reader.ReadUInt64());

    internal void Encode(CephWriter writer)
    {
        Client.Encode(writer);
        writer.Write(RequestId);
    }
}

/// <summary>librbd::watch_notify::NotifyOp.</summary>
public enum NotifyOperation : uint
{
    /// <summary>The sender took the exclusive lock.</summary>
    AcquiredLock = 0,
    /// <summary>The sender let the exclusive lock go.</summary>
    ReleasedLock = 1,
    /// <summary>The sender wants the exclusive lock.</summary>
    RequestLock = 2,
    /// <summary>The header changed.</summary>
    HeaderUpdate = 3,
    /// <summary>How far a request is.</summary>
    AsyncProgress = 4,
    /// <summary>A request is done.</summary>
    AsyncComplete = 5,
    /// <summary>Flatten, please.</summary>
    Flatten = 6,
    /// <summary>Resize, please.</summary>
    Resize = 7,
    /// <summary>Make a snapshot, please.</summary>
    SnapCreate = 8,
    /// <summary>Remove a snapshot, please.</summary>
    SnapRemove = 9,
    /// <summary>Rebuild the object map, please.</summary>
    RebuildObjectMap = 10,
    /// <summary>Rename a snapshot, please.</summary>
    SnapRename = 11,
    /// <summary>Protect a snapshot, please.</summary>
    SnapProtect = 12,
    /// <summary>Unprotect a snapshot, please.</summary>
    SnapUnprotect = 13,
    /// <summary>Rename the image, please.</summary>
    Rename = 14,
    /// <summary>Switch features, please.</summary>
    UpdateFeatures = 15,
    /// <summary>Migrate, please.</summary>
    Migrate = 16,
    /// <summary>Sparsify, please.</summary>
    Sparsify = 17,
    /// <summary>Hold writes back: a snapshot is about to be made.</summary>
    Quiesce = 18,
    /// <summary>Writes may go on.</summary>
    Unquiesce = 19,
    /// <summary>Set or remove metadata, please (newer Ceph).</summary>
    MetadataUpdate = 20,
}

/// <summary>What a notification says.</summary>
/// <param name="Operation">Which.</param>
public abstract record NotifyPayload(NotifyOperation Operation)
{
    internal abstract void Encode(CephWriter writer);
}

/// <summary>A notification of one of the lock's: who sends it.</summary>
/// <param name="Operation"><see cref="NotifyOperation.AcquiredLock"/> or <see cref="NotifyOperation.ReleasedLock"/>.</param>
/// <param name="Client">Who.</param>
public sealed record LockOwnerPayload(NotifyOperation Operation, ClientId Client) : NotifyPayload(Operation)
{
    internal override void Encode(CephWriter writer) => Client.Encode(writer);
}

/// <summary>The sender wants the exclusive lock; the owner answers 0 if it will let go.</summary>
/// <param name="Client">Who.</param>
/// <param name="Force">Even where the owner would rather keep it.</param>
public sealed record RequestLockPayload(ClientId Client, bool Force) : NotifyPayload(NotifyOperation.RequestLock)
{
    internal override void Encode(CephWriter writer)
    {
        Client.Encode(writer);
        writer.Write(Force);
    }
}

/// <summary>The header changed: read it again.</summary>
public sealed record HeaderUpdatePayload() : NotifyPayload(NotifyOperation.HeaderUpdate)
{
    internal override void Encode(CephWriter writer)
    {
    }
}

/// <summary>How far a request is.</summary>
/// <param name="Request">Which.</param>
/// <param name="Offset">Done.</param>
/// <param name="Total">Of how much.</param>
public sealed record AsyncProgressPayload(AsyncRequestId Request, ulong Offset, ulong Total) : NotifyPayload(NotifyOperation.AsyncProgress)
{
    internal override void Encode(CephWriter writer)
    {
        Request.Encode(writer);
        writer.Write(Offset);
        writer.Write(Total);
    }
}

/// <summary>A request is done.</summary>
/// <param name="Request">Which.</param>
/// <param name="Result">0 or a negated errno.</param>
public sealed record AsyncCompletePayload(AsyncRequestId Request, int Result) : NotifyPayload(NotifyOperation.AsyncComplete)
{
    internal override void Encode(CephWriter writer)
    {
        Request.Encode(writer);
        writer.Write(Result);
    }
}

/// <summary>A request that says nothing but its id: flatten, rebuild the object map, migrate, quiesce, unquiesce.</summary>
/// <param name="Operation">Which.</param>
/// <param name="Request">Its id.</param>
public sealed record AsyncRequestPayload(NotifyOperation Operation, AsyncRequestId Request) : NotifyPayload(Operation)
{
    internal override void Encode(CephWriter writer) => Request.Encode(writer);
}

/// <summary>Resize, please.</summary>
/// <param name="Size">Bytes.</param>
/// <param name="AllowShrink">Whether it may become smaller.</param>
/// <param name="Request">The request.</param>
public sealed record ResizePayload(ulong Size, bool AllowShrink, AsyncRequestId Request) : NotifyPayload(NotifyOperation.Resize)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Size);
        Request.Encode(writer);
        writer.Write(AllowShrink);
    }
}

/// <summary>Make a snapshot, please.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">What it is for.</param>
/// <param name="Request">The request.</param>
/// <param name="Flags">SNAP_CREATE_FLAG_*: 1 skip quiesce, 2 ignore quiesce errors.</param>
public sealed record SnapCreatePayload(string Name, SnapshotNamespace Namespace, AsyncRequestId Request, ulong Flags)
    : NotifyPayload(NotifyOperation.SnapCreate)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Name);
        Namespace.Encode(writer);
        Request.Encode(writer);
        writer.Write(Flags);
    }
}

/// <summary>Remove, protect or unprotect a snapshot, please.</summary>
/// <param name="Operation">Which.</param>
/// <param name="Name">Its name.</param>
/// <param name="Namespace">Its namespace.</param>
/// <param name="Request">The request.</param>
public sealed record SnapPayload(NotifyOperation Operation, string Name, SnapshotNamespace Namespace, AsyncRequestId Request = default)
    : NotifyPayload(Operation)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Name);
        Namespace.Encode(writer);
        Request.Encode(writer);
    }
}

/// <summary>Rename a snapshot, please.</summary>
/// <param name="SnapshotId">Which.</param>
/// <param name="NewName">Its new name.</param>
/// <param name="Request">The request.</param>
public sealed record SnapRenamePayload(ulong SnapshotId, string NewName, AsyncRequestId Request = default) : NotifyPayload(NotifyOperation.SnapRename)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(SnapshotId);
        writer.Write(NewName);
        SnapshotNamespace.User.Encode(writer);
        Request.Encode(writer);
    }
}

/// <summary>Rename the image, please.</summary>
/// <param name="NewName">Its new name.</param>
/// <param name="Request">The request.</param>
public sealed record RenamePayload(string NewName, AsyncRequestId Request = default) : NotifyPayload(NotifyOperation.Rename)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(NewName);
        Request.Encode(writer);
    }
}

/// <summary>Switch features, please.</summary>
/// <param name="Features">Which.</param>
/// <param name="Enabled">On or off.</param>
/// <param name="Request">The request.</param>
public sealed record UpdateFeaturesPayload(RbdFeatures Features, bool Enabled, AsyncRequestId Request = default)
    : NotifyPayload(NotifyOperation.UpdateFeatures)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write((ulong)Features);
        writer.Write(Enabled);
        Request.Encode(writer);
    }
}

/// <summary>Sparsify, please.</summary>
/// <param name="Request">The request.</param>
/// <param name="SparseSize">Least run of zeroes that becomes a hole, in bytes.</param>
public sealed record SparsifyPayload(AsyncRequestId Request, ulong SparseSize) : NotifyPayload(NotifyOperation.Sparsify)
{
    internal override void Encode(CephWriter writer)
    {
        Request.Encode(writer);
        writer.Write(SparseSize);
    }
}

/// <summary>Set or remove metadata, please.</summary>
/// <param name="Key">The key.</param>
/// <param name="Value">The value; null to remove it.</param>
/// <param name="Request">The request.</param>
public sealed record MetadataUpdatePayload(string Key, string? Value, AsyncRequestId Request = default)
    : NotifyPayload(NotifyOperation.MetadataUpdate)
{
    internal override void Encode(CephWriter writer)
    {
        writer.Write(Key);
        writer.Write(Value is not null);
        if (Value is not null)
        {
            writer.Write(Value);
        }

        Request.Encode(writer);
    }
}

/// <summary>Something that a newer Ceph says; to be acknowledged with nothing, as librbd does.</summary>
/// <param name="Operation">Its number.</param>
/// <param name="Body">What it says.</param>
public sealed record UnknownPayload(NotifyOperation Operation, ReadOnlyMemory<byte> Body) : NotifyPayload(Operation)
{
    internal override void Encode(CephWriter writer) => writer.WriteRaw(Body.Span);
}
