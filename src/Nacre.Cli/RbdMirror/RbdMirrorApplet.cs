using Microsoft.Extensions.Logging;
using Nacre.Cli.Applications;
using Nacre.Mirroring.Daemon.Hosting;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Cli.RbdMirror;

/// <summary><c>rbd-mirror</c>.</summary>
internal sealed class RbdMirrorApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "rbd-mirror";

    /// <inheritdoc/>
    public string Description => "the mirroring daemon of a site (as Ceph's rbd-mirror)";

    /// <inheritdoc/>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        RbdMirrorOptions options = RbdMirrorOptions.Parse(arguments, application.Environment);
        if (options.ShowHelp || options.Global.ShowVersion)
        {
            application.Output.WriteLine(options.ShowHelp ? HelpText : ProductVersion.Text("rbd-mirror"));
            return 0;
        }

        // A missing conf file or key of the own site is a mistake in the command line, not something to wait for.
        GlobalOptions global = options.Global;
        ClusterConfiguration configuration = await application.Configurations.LoadAsync(
            global.ClusterName, global.Name, global.Overrides, cancellationToken);
        using DaemonLog log = DaemonLog.Open(options.LogFile, application.Error, options.IsVerbose, application.Time);
        var daemon = new RbdMirrorDaemon(
            token => application.Connector.ConnectAsync(configuration, new ClusterOptions { Time = application.Time }, token),
            new PeerConnector(application.Connector, application.Configurations),
            new DaemonOptions(),
            log,
            application.Time);
        log.LogInformation("rbd-mirror of {Version} started, cluster {Cluster}", ProductVersion.Text("nacre"), global.ClusterName);
        try
        {
            await daemon.RunAsync(cancellationToken);
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            log.LogInformation("rbd-mirror stopped");
        }

        return 0;
    }

    private const string HelpText =
        """
        usage: rbd-mirror [options]
          --cluster NAME, -c FILE    the local site
          -n, --name TYPE.ID         as whom (client.admin)
          -i, --id ID                the same, as client.ID
          -m MON[:PORT], -k FILE     monitors and keyring, where the conf file does not tell
          -f                         in the foreground (it always is)
          -d                         log more, to standard error
          --log-file FILE            log there
          --rbd-mirror-OPTION VALUE  any of Ceph's rbd_mirror_* options that apply
        Peers are found by the name they were added with: NAME.conf and its keyring on the search path, or what is stored with the peer.
        """;
}
