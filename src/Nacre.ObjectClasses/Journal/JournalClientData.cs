using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>librbd::journal::ClientData: what a journal client keeps with its registration (src/librbd/journal/Types.cc).</summary>
public abstract record JournalClientData : ICephEncodable<JournalClientData>
{
    private const byte Version = 2;
    private const uint ImageType = 0;
    private const uint MirrorPeerType = 1;
    private const uint CommandLineType = 2;

    /// <inheritdoc/>
    public void Encode(CephWriter writer)
    {
        using (writer.Versioned(Version, 1))
        {
            switch (this)
            {
                case JournalImageClient image:
                    writer.Write(ImageType);
                    writer.Write(image.TagClass);
                    writer.Write(image.ResyncRequested);
                    break;
                case JournalMirrorPeerClient peer:
                    writer.Write(MirrorPeerType);
                    peer.EncodeBody(writer);
                    break;
                case JournalCommandLineClient:
                    writer.Write(CommandLineType);
                    break;
                case JournalUnknownClient unknown:
                    writer.Write(unknown.Type);
                    writer.WriteRaw(unknown.Body.Span);
                    break;
            }
        }
    }

    /// <inheritdoc/>
    public static JournalClientData Decode(ref CephReader reader)
    {
        CephReader body = reader.ReadVersioned(Version, out byte version, nameof(JournalClientData));
        uint type = body.ReadUInt32();
        return type switch
        {
            ImageType => new JournalImageClient(body.ReadUInt64(), body.ReadBool()),
            MirrorPeerType => JournalMirrorPeerClient.DecodeBody(ref body, version),
            CommandLineType => new JournalCommandLineClient(),
            _ => new JournalUnknownClient(type, body.Rest.ToArray()),
        };
    }
}

/// <summary>The image itself.</summary>
/// <param name="TagClass">Its line of epochs.</param>
/// <param name="ResyncRequested">An operator wants it copied anew.</param>
public sealed record JournalImageClient(ulong TagClass, bool ResyncRequested) : JournalClientData;

/// <summary>librbd::journal::MirrorPeerState.</summary>
public enum JournalMirrorPeerState : uint
{
    /// <summary>The first copy is under way.</summary>
    Syncing = 0,
    /// <summary>The journal is followed.</summary>
    Replaying = 1,
}

/// <summary>librbd::journal::MirrorPeerSyncPoint: a snapshot that a copy is made of.</summary>
/// <param name="SnapshotName">Its name.</param>
/// <param name="FromSnapshotName">The one that was copied before.</param>
/// <param name="ObjectNumber">Objects below it are copied; null before the first.</param>
/// <param name="Namespace">What the snapshot is for.</param>
public sealed record JournalSyncPoint(string SnapshotName, string FromSnapshotName, ulong? ObjectNumber, SnapshotNamespace Namespace);

/// <summary>A peer that replays the journal.</summary>
/// <param name="ImageId">Its image.</param>
/// <param name="State">Where it stands.</param>
/// <param name="SyncObjectCount">Objects of the first copy.</param>
/// <param name="SyncPoints">Snapshots of the first copy, at most two.</param>
/// <param name="SnapshotSequences">Ids of this image's snapshots to its own.</param>
public sealed record JournalMirrorPeerClient(
    string ImageId,
    JournalMirrorPeerState State,
    ulong SyncObjectCount,
    IReadOnlyList<JournalSyncPoint> SyncPoints,
    IReadOnlyDictionary<ulong, ulong> SnapshotSequences) : JournalClientData
{
    internal void EncodeBody(CephWriter writer)
    {
        writer.Write(ImageId);
        writer.Write((uint)State);
        writer.Write(SyncObjectCount);
        writer.WriteList(SyncPoints, static (w, point) =>
        {
            w.Write(point.SnapshotName);
            w.Write(point.FromSnapshotName);
            w.WriteOptional(point.ObjectNumber);
            point.Namespace.Encode(w);
        });
        writer.WriteUInt64Map(SnapshotSequences);
    }

    internal static JournalMirrorPeerClient DecodeBody(ref CephReader body, byte version)
    {
        string imageId = body.ReadString();
        var state = (JournalMirrorPeerState)body.ReadUInt32();
        ulong count = body.ReadUInt64();
        var points = new List<JournalSyncPoint>();
        for (int i = body.ReadCount(9); i > 0; i--)
        {
            points.Add(new JournalSyncPoint(
                body.ReadString(), body.ReadString(), body.ReadOptionalUInt64(), version >= 2 ? body.Read<SnapshotNamespace>() : SnapshotNamespace.User));
        }

        return new JournalMirrorPeerClient(imageId, state, count, points, body.ReadUInt64Map());
    }
}

/// <summary>The command line, while it looks into a journal.</summary>
public sealed record JournalCommandLineClient : JournalClientData;

/// <summary>A kind that a newer Ceph has.</summary>
/// <param name="Type">Its number.</param>
/// <param name="Body">Its data.</param>
public sealed record JournalUnknownClient(uint Type, ReadOnlyMemory<byte> Body) : JournalClientData;
