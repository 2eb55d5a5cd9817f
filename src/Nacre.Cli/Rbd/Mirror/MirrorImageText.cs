using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary>What <c>rbd info</c> and <c>rbd snap ls --all</c> show of mirroring (src/tools/rbd/action/{Info,Snap}.cc).</summary>
internal static class MirrorImageText
{
    /// <summary>A mirror snapshot's namespace column: <c>mirror (primary peer_uuids:[…])</c>.</summary>
    /// <param name="snapshot">The snapshot's namespace.</param>
    /// <param name="objectCount">How many objects the image can have, for progress.</param>
    public static string Describe(MirrorSnapshotNamespace snapshot, ulong objectCount)
    {
        string text = $"mirror ({MirrorStatusText.Of(snapshot.State)} peer_uuids:[{string.Join(',', snapshot.PeerUuids)}]";
        if (snapshot.IsNonPrimary)
        {
            string progress = snapshot.Complete ? ""
                : objectCount > 0 ? $"{UInt128.Min(100, (UInt128)100 * snapshot.LastCopiedObjectNumber / objectCount)}% "
                : "not ";
            text += $" {snapshot.PrimaryMirrorUuid}:{snapshot.PrimarySnapshotId} {progress}copied";
        }

        return text + ")";
    }

    /// <summary>A mirror snapshot's namespace object, what follows its <c>type</c>.</summary>
    public static void Dump(OutputFormatter formatter, MirrorSnapshotNamespace snapshot)
    {
        formatter.Dump("state", MirrorStatusText.Of(snapshot.State));
        formatter.DumpArray("mirror_peer_uuids", "peer_uuid", snapshot.PeerUuids);
        formatter.Dump("complete", snapshot.Complete);
        if (snapshot.IsNonPrimary)
        {
            formatter.Dump("primary_mirror_uuid", snapshot.PrimaryMirrorUuid);
            formatter.Dump("primary_snap_id", snapshot.PrimarySnapshotId);
            formatter.Dump("last_copied_object_number", snapshot.LastCopiedObjectNumber);
        }
    }

    /// <summary>An image's mirroring in <c>rbd info</c>: lines as text, or an object; nothing where it is not mirrored.</summary>
    public static void ShowInfo(TextWriter output, OutputFormatter? formatter, MirrorImageInfo info)
    {
        if (info.Image is not { } image)
        {
            return;
        }

        if (formatter is null)
        {
            output.Write($"\tmirroring state: {MirrorStatusText.Of(info.State)}\n");
            output.Write($"\tmirroring mode: {MirrorStatusText.Of(image.Mode)}\n");
            output.Write($"\tmirroring global id: {image.GlobalImageId}\n");
            output.Write($"\tmirroring primary: {(info.IsPrimary ? "true" : "false")}\n");
            return;
        }

        formatter.OpenObject("mirroring");
        formatter.Dump("mode", MirrorStatusText.Of(image.Mode));
        formatter.Dump("state", MirrorStatusText.Of(info.State));
        formatter.Dump("global_id", image.GlobalImageId);
        formatter.Dump("primary", info.IsPrimary);
        formatter.Close();
    }
}
