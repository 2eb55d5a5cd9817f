using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Mirror;

/// <summary><c>rbd mirror pool status</c> and <c>rbd mirror image status</c> (src/tools/rbd/action/Mirror{Pool,Image}.cc).</summary>
internal static class MirrorStatusCommands
{
    /// <summary><c>rbd mirror image status</c>.</summary>
    internal static async Task<int> ImageStatusAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        OutputFormatter? formatter = context.CreateFormatter();
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments);
        await using Image image = await MirrorImageCommands.OpenAsync(context, spec, cancellationToken, readOnly: true);
        var control = new MirrorImageControl(image, context.Application.Time);
        MirrorImageInfo info = await MirrorImageCommands.RequireEnabledAsync(context, control, cancellationToken);
        var mirror = new MirrorPool(image.Pool);
        IReadOnlyList<MirrorPeer> peers = await mirror.ListPeersAsync(cancellationToken);
        MirrorImageStatus? status = await context.AttemptAsync(
            $"failed to get status for image {spec.Image}", () => mirror.FindStatusAsync(info.Image!.GlobalImageId, cancellationToken));
        MirrorSiteStatuses sites = MirrorSiteStatuses.Of(peers, status);
        string? instance = sites.Local is { Up: true } ? await mirror.FindInstanceAsync(info.Image!.GlobalImageId, cancellationToken) : null;
        MirrorDaemons daemons = instance is null ? MirrorDaemons.None : await QueryDaemonsAsync(context, image.Pool, cancellationToken);
        var view = new MirrorStatusView(
            context, peers, spec.Image, info.Image!.GlobalImageId, sites, daemons.FindInstance(instance))
        {
            Snapshots = info is { IsPrimary: true, Image.Mode: MirrorImageMode.Snapshot }
                ? [.. image.Snapshots.Where(s => s.Namespace is MirrorSnapshotNamespace { IsPrimary: true })]
                : [],
        };
        if (formatter is null)
        {
            view.ShowPlain(ofPool: false);
            return 0;
        }

        view.Show(formatter);
        formatter.Flush(context.Output);
        return 0;
    }

    /// <summary><c>rbd mirror pool status</c>.</summary>
    internal static async Task<int> PoolStatusAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdPoolSpec spec = RbdSpecs.ReadPool(context.Arguments);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        var mirror = new MirrorPool(pool);
        await MirrorPoolCommands.RequireEnabledAsync(context, mirror, cancellationToken);
        IReadOnlyDictionary<MirrorImageStatusState, int> states = await context.AttemptAsync(
            "failed to get status summary for mirrored images", () => mirror.GetStatusSummaryAsync(cancellationToken));
        MirrorDaemons daemons = await QueryDaemonsAsync(context, pool, cancellationToken);
        formatter?.OpenObject("status");
        ShowSummary(context, formatter, states, daemons);
        if (context.Arguments.Has("verbose"))
        {
            ShowDaemons(context, formatter, daemons);
            await ShowImagesAsync(context, formatter, mirror, daemons, cancellationToken);
        }

        formatter?.Close();
        formatter?.Flush(context.Output);
        return 0;
    }

    private static async Task<MirrorDaemons> QueryDaemonsAsync(RbdCommandContext context, IPool pool, CancellationToken cancellationToken)
    {
        try
        {
            return await MirrorDaemons.QueryAsync(pool.Cluster, pool.Id, cancellationToken);
        }
        catch (RadosException exception)
        {
            // Not fatal, as in Ceph.
            await context.Error.WriteLineAsync($"rbd: failed to query services: {Errno.Describe(exception.Code)}");
            return MirrorDaemons.None;
        }
    }

    private static void ShowSummary(
        RbdCommandContext context, OutputFormatter? formatter, IReadOnlyDictionary<MirrorImageStatusState, int> states, MirrorDaemons daemons)
    {
        MirrorHealth images = MirrorHealthRules.OfImages(states);
        MirrorHealth health = images > daemons.Health ? images : daemons.Health;
        if (formatter is null)
        {
            context.Line($"health: {health.ToText()}");
            context.Line($"daemon health: {daemons.Health.ToText()}");
            context.Line($"image health: {images.ToText()}");
            context.Line($"images: {states.Values.Sum()} total");
            foreach ((MirrorImageStatusState state, int count) in states)
            {
                context.Line($"    {count} {MirrorStatusText.Of(state)}");
            }

            return;
        }

        formatter.OpenObject("summary");
        formatter.Dump("health", health.ToText());
        formatter.Dump("daemon_health", daemons.Health.ToText());
        formatter.Dump("image_health", images.ToText());
        formatter.OpenObject("states");
        foreach ((MirrorImageStatusState state, int count) in states)
        {
            formatter.Dump(MirrorStatusText.Of(state), (long)count);
        }

        formatter.Close();
        formatter.Close();
    }

    private static void ShowDaemons(RbdCommandContext context, OutputFormatter? formatter, MirrorDaemons daemons)
    {
        if (formatter is null)
        {
            ShowDaemonsPlain(context, daemons);
            return;
        }

        formatter.OpenArray("daemons");
        foreach (MirrorDaemon daemon in daemons.Daemons)
        {
            formatter.OpenObject("daemon");
            formatter.Dump("service_id", daemon.ServiceId);
            formatter.Dump("instance_id", daemon.InstanceId);
            formatter.Dump("client_id", daemon.ClientId);
            formatter.Dump("hostname", daemon.HostName);
            formatter.Dump("ceph_version", daemon.Version);
            formatter.Dump("leader", daemon.IsLeader);
            formatter.Dump("health", daemon.Health.ToText());
            if (daemon.Callouts.Count > 0)
            {
                formatter.DumpArray("callouts", "callout", daemon.Callouts);
            }

            formatter.Close();
        }

        formatter.Close();
    }

    private static void ShowDaemonsPlain(RbdCommandContext context, MirrorDaemons daemons)
    {
        context.Line();
        context.Line("DAEMONS");
        if (daemons.Daemons.Count == 0)
        {
            context.Line("  none");
        }

        foreach (MirrorDaemon daemon in daemons.Daemons)
        {
            context.Line($"service {daemon.ServiceId}:");
            context.Line($"  instance_id: {daemon.InstanceId}");
            context.Line($"  client_id: {daemon.ClientId}");
            context.Line($"  hostname: {daemon.HostName}");
            context.Line($"  version: {daemon.Version}");
            context.Line($"  leader: {(daemon.IsLeader ? "true" : "false")}");
            context.Line($"  health: {daemon.Health.ToText()}");
            if (daemon.Callouts.Count > 0)
            {
                context.Line($"  callouts: {string.Join(',', daemon.Callouts)}");
            }

            context.Line();
        }

        context.Line();
    }

    private static async Task ShowImagesAsync(
        RbdCommandContext context, OutputFormatter? formatter, MirrorPool mirror, MirrorDaemons daemons, CancellationToken cancellationToken)
    {
        IReadOnlyList<MirrorPeer> peers = await mirror.ListPeersAsync(cancellationToken);
        var reports = new Dictionary<string, MirrorImageReport>();
        await foreach (MirrorImageReport report in mirror.ListReportsAsync(cancellationToken))
        {
            reports[report.ImageId] = report;
        }

        IReadOnlyDictionary<string, string> instances = await mirror.ListInstancesAsync(cancellationToken);
        if (formatter is null)
        {
            context.Output.Write("IMAGES");
        }

        formatter?.OpenArray("images");
        foreach (ImageEntry entry in await new RbdImages(mirror.Pool).ListAsync(cancellationToken))
        {
            if (!reports.TryGetValue(entry.Id, out MirrorImageReport? report))
            {
                continue;
            }

            MirrorSiteStatuses sites = MirrorSiteStatuses.Of(peers, report.Status);
            MirrorDaemon? daemon = sites.Local is { Up: true } ? daemons.FindInstance(instances.GetValueOrDefault(entry.Id)) : null;
            var view = new MirrorStatusView(context, peers, entry.Name, report.Image.GlobalImageId, sites, daemon);
            if (formatter is null)
            {
                view.ShowPlain(ofPool: true);
            }
            else
            {
                view.Show(formatter);
            }
        }

        formatter?.Close();
    }
}
