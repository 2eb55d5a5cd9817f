using Nacre.Cli.Applications;
using Nacre.Cli.Rbd;
using Nacre.Mirroring.Tests.Ceph;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Testing;
using Nacre.Testing.Ceph;
using Nacre.Testing.Processes;

[assembly: AssemblyFixture(typeof(MirroredPair))]

namespace Nacre.Mirroring.Tests.Ceph;

/// <summary>Two real clusters; Ceph's own rbd-mirror on site-b copies the pool <c>rbd</c> of site-a.</summary>
public sealed class MirroredPair : IAsyncLifetime
{
    private readonly string _directory = Directory.CreateTempSubdirectory("nacre-mirroring-").FullName;
    private Lazy<Task> _started = null!;
    private ChildProcess? _daemon;

    /// <summary>Where images are written.</summary>
    public CephMicroCluster SiteA { get; private set; } = null!;

    /// <summary>Where copies are.</summary>
    public CephMicroCluster SiteB { get; private set; } = null!;

    /// <inheritdoc/>
    public ValueTask InitializeAsync()
    {
        // Rules alone must not wait for clusters.
        _started = new Lazy<Task>(StartAsync);
        return ValueTask.CompletedTask;
    }

    /// <summary>Waits until both sites and the daemon are up.</summary>
    public Task ReadyAsync() => _started.Value;

    /// <summary>Nacre's <c>rbd</c>, in this process.</summary>
    public static async Task<ProcessResult> NacreRbdAsync(CephMicroCluster site, params string[] arguments)
    {
        using var output = new StringWriter();
        using var error = new StringWriter();
        var application = new ApplicationContext
        {
            Output = output,
            Error = error,
            OpenInput = () => Stream.Null,
            OpenOutput = () => Stream.Null,
            Connector = new ClusterConnector(),
            Configurations = new ClusterConfigurationLoader(),
            Environment = _ => null,
        };
        string[] all = ["--cluster", site.Name, "-c", site.ConfPath, "-k", site.KeyringPath, .. arguments];
        int code;
        try
        {
            code = await new RbdApplet().RunAsync(all, application, TestContext.Current.CancellationToken);
        }
        catch (Exception exception) when (ErrorReport.TryDescribe(exception, "rbd", false, out code, out IReadOnlyList<string> lines))
        {
            error.WriteLine(string.Join('\n', lines));
        }

        return new ProcessResult(string.Join(' ', arguments), code, System.Text.Encoding.UTF8.GetBytes(output.ToString()), error.ToString());
    }

    /// <summary>Connects as client.admin.</summary>
    public static Task<ICluster> ConnectAsync(CephMicroCluster site) =>
        new ClusterConnector().ConnectAsync(site.Configuration, new ClusterOptions(), TestContext.Current.CancellationToken);

    /// <summary>Waits until site-b's copy of an image is complete up to site-a's newest mirror snapshot, and both are equal by Ceph's own export.</summary>
    public async Task IsCopiedAsync(string image)
    {
        string newest = (await SiteA.RbdAsync("snap", "ls", "--all", image)).Trim().Split('\n')[^1].Trim().Split(' ')[0];
        await Eventually.BecomesAsync(
            async () => (await SiteB.RunAsync("rbd", ["snap", "ls", "--all", image])).Output,
            output => output.Contains($":{newest} copied", StringComparison.Ordinal),
            $"{image} is copied up to snapshot {newest}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (!_started.IsValueCreated)
        {
            Directory.Delete(_directory, true);
            return;
        }

        foreach (IAsyncDisposable? part in (IAsyncDisposable?[])[_daemon, SiteA, SiteB])
        {
            if (part is not null)
            {
                await part.DisposeAsync();
            }
        }

        Directory.Delete(_directory, true);
    }

    private async Task StartAsync()
    {
        CephMicroCluster[] sites = await Task.WhenAll(
            CephMicroCluster.StartAsync("site-a", _directory), CephMicroCluster.StartAsync("site-b", _directory));
        (SiteA, SiteB) = (sites[0], sites[1]);
        foreach (CephMicroCluster site in sites)
        {
            await site.RbdAsync("mirror", "pool", "enable", "rbd", "image", "--site-name", site.Name);
        }

        await SiteB.RbdAsync("mirror", "pool", "peer", "add", "rbd", "client.admin@site-a", "--direction", "rx-only");
        _daemon = SiteB.StartRbdMirror();
        await Eventually.BecomesAsync(
            () => SiteA.RbdAsync("mirror", "pool", "info", "rbd"), output => output.Contains("tx-only", StringComparison.Ordinal), "the daemon announced itself");
    }
}
