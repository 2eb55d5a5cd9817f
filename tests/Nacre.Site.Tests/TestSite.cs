using Microsoft.Extensions.Logging;
using Nacre.ObjectClasses;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote;
using Nacre.Site.Hosting;

namespace Nacre.Site.Tests;

/// <summary>A site in a temporary directory, served by this process.</summary>
internal sealed class TestSite : IAsyncDisposable
{
    private readonly FileLoggerProvider _log;
    private SiteServer _server;

    private TestSite(SiteLayout layout, FileLoggerProvider log, SiteServer server)
    {
        Layout = layout;
        _log = log;
        _server = server;
    }

    public SiteLayout Layout { get; }

    public static async Task<TestSite> StartAsync(string name = "site-a")
    {
        SiteLayout layout = await CreateAsync(name);
        var log = new FileLoggerProvider(layout.Log, TimeProvider.System);
        return new TestSite(layout, log, await ServeAsync(layout, log));
    }

    /// <summary>A new site that is not started.</summary>
    public static async Task<SiteLayout> CreateAsync(string name = "site-a")
    {
        var layout = SiteLayout.From(Path.Combine(Directory.CreateTempSubdirectory("nacre-site-test-").FullName, name));
        await SiteCreation.CreateAsync(layout, "127.0.0.1", null, TimeProvider.System, CancellationToken.None);
        return layout;
    }

    /// <summary>How a user of the site connects.</summary>
    public static async Task<ClusterConfiguration> ConfigurationAsync(SiteLayout layout, string user = "client.admin", string? key = null)
    {
        var loader = new ClusterConfigurationLoader(layout.Parent, layout.Parent, _ => null);
        return await loader.LoadAsync(
            layout.Name, EntityName.TryParse(user)!.Value, new ConfigurationOverrides { ConfPath = layout.Conf, Key = key });
    }

    public Task<ICluster> ConnectAsync(ClusterOptions? options = null) => ConnectAsync("client.admin", null, options);

    public async Task<ICluster> ConnectAsync(string user, string? key, ClusterOptions? options = null) =>
        await RemoteCluster.ConnectAsync(await ConfigurationAsync(Layout, user, key), options ?? new ClusterOptions());

    /// <summary>A connection as a new user with these caps.</summary>
    public async Task<ICluster> ConnectWithCapsAsync(ICluster admin, string id, params string[] caps)
    {
        string key = await CreateUserAsync(admin, "client." + id, caps);
        return await ConnectAsync("client." + id, key);
    }

    public static async Task<string> CreateUserAsync(ICluster admin, string user, params string[] caps)
    {
        string list = string.Join(',', caps.Select(c => System.Text.Json.JsonSerializer.Serialize(c)));
        CommandResult result = await admin.MonitorCommandAsync(
            $$"""{"prefix":"auth get-or-create-key","entity":"{{user}}","caps":[{{list}}]}""");
        Assert.Equal((0, ""), (result.ReturnCode, result.Status));
        return System.Text.Encoding.UTF8.GetString(result.Output.Span);
    }

    /// <summary>Stops and starts again, as after an upgrade.</summary>
    public async Task RestartAsync()
    {
        await _server.DisposeAsync();
        _server = await ServeAsync(Layout, _log);
    }

    public async ValueTask DisposeAsync()
    {
        await _server.DisposeAsync();
        _log.Dispose();
        Directory.Delete(Layout.Parent, recursive: true);
    }

    private static Task<SiteServer> ServeAsync(SiteLayout layout, ILoggerProvider log) =>
        SiteServer.StartAsync(layout, RbdObjectClasses.All, TimeProvider.System, log, CancellationToken.None);
}
