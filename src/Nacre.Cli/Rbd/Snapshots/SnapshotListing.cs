using System.Globalization;
using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Snapshots;

/// <summary><c>rbd snap ls</c>, with <c>--all</c> also of mirror, group and trashed snapshots.</summary>
internal static class SnapshotListing
{
    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        bool all = context.Arguments.Has("all");
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, imageRequired: !context.Arguments.Has("image-id"));
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageOrIdAsync(spec, readOnly: true, cancellationToken);
        IEnumerable<ImageSnapshot> snapshots = image.Snapshots.Where(snapshot => all || snapshot.IsUser);
        if (formatter is null)
        {
            WriteTable(context, snapshots, all);
            return 0;
        }

        formatter.OpenArray("snapshots");
        foreach (ImageSnapshot snapshot in snapshots)
        {
            formatter.OpenObject("snapshot");
            formatter.Dump("id", snapshot.Id);
            formatter.Dump("name", snapshot.Name);
            formatter.Dump("size", snapshot.Size);
            formatter.Dump("protected", snapshot.Protection == ProtectionStatus.Protected ? "true" : "false");
            formatter.Dump("timestamp", CephDate.Format(snapshot.Timestamp, context.Application.Time));
            if (all)
            {
                formatter.OpenObject("namespace");
                DumpNamespace(formatter, snapshot.Namespace);
                formatter.Close();
            }

            formatter.Close();
        }

        formatter.Close();
        formatter.Flush(context.Output);
        return 0;
    }

    private static void WriteTable(RbdCommandContext context, IEnumerable<ImageSnapshot> snapshots, bool all)
    {
        TextTable table = new TextTable().Column("SNAPID", Align.Left, Align.Right).Column("NAME").Column("SIZE").Column("PROTECTED").Column("TIMESTAMP");
        if (all)
        {
            table.Column("NAMESPACE");
        }

        foreach (ImageSnapshot snapshot in snapshots)
        {
            string[] cells =
            [
                snapshot.Id.ToString(CultureInfo.InvariantCulture), snapshot.Name, ByteSize.Format(snapshot.Size),
                snapshot.Protection == ProtectionStatus.Protected ? "yes" : "", CephDate.Format(snapshot.Timestamp, context.Application.Time),
            ];
            table.Row(all ? [.. cells, Describe(snapshot.Namespace)] : cells);
        }

        if (table.Count > 0)
        {
            table.Write(context.Output);
        }
    }

    private static string Describe(SnapshotNamespace snapshotNamespace)
    {
        switch (snapshotNamespace)
        {
            case UserSnapshotNamespace:
                return "user";
            case GroupSnapshotNamespace group:
                return $"group ({group.GroupPoolId}/{group.GroupId}@{group.GroupSnapshotId})";
            case TrashSnapshotNamespace trash:
                return $"trash ({trash.OriginalName})";
            case MirrorSnapshotNamespace mirror:
                string text = $"mirror ({MirrorStatusText.Of(mirror.State)} peer_uuids:[{string.Join(",", mirror.PeerUuids)}]";
                if (mirror.IsNonPrimary)
                {
                    text += $" {mirror.PrimaryMirrorUuid}:{mirror.PrimarySnapshotId}";
                    text += mirror.Complete ? " copied" : "";
                }

                return text + ")";
            default:
                return $"unknown ({(uint)snapshotNamespace.Type})";
        }
    }

    private static void DumpNamespace(OutputFormatter formatter, SnapshotNamespace snapshotNamespace)
    {
        switch (snapshotNamespace)
        {
            case UserSnapshotNamespace:
                formatter.Dump("type", "user");
                break;
            case GroupSnapshotNamespace group:
                formatter.Dump("type", "group");
                formatter.Dump("pool", $"{group.GroupPoolId}");
                formatter.Dump("group", group.GroupId);
                formatter.Dump("group snap", group.GroupSnapshotId);
                break;
            case TrashSnapshotNamespace trash:
                formatter.Dump("type", "trash");
                formatter.Dump("original_name", trash.OriginalName);
                break;
            case MirrorSnapshotNamespace mirror:
                formatter.Dump("type", "mirror");
                formatter.Dump("state", MirrorStatusText.Of(mirror.State));
                formatter.DumpArray("mirror_peer_uuids", "peer_uuid", mirror.PeerUuids);
                formatter.Dump("complete", mirror.Complete);
                if (mirror.IsNonPrimary)
                {
                    formatter.Dump("primary_mirror_uuid", mirror.PrimaryMirrorUuid);
                    formatter.Dump("primary_snap_id", mirror.PrimarySnapshotId);
                    formatter.Dump("last_copied_object_number", mirror.LastCopiedObjectNumber);
                }

                break;
            default:
                formatter.Dump("type", "unknown");
                break;
        }
    }
}
