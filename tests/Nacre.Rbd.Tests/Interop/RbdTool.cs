using System.Text.Json.Nodes;
using Nacre.Rados.Clusters;
using Nacre.Testing.Processes;

namespace Nacre.Rbd.Tests.Interop;

/// <summary>Ceph's own <c>rbd</c> on one pool and namespace.</summary>
internal sealed class RbdTool(CephFixture engine, IPool pool)
{
    public async Task<string> RunAsync(params string[] arguments) => (await TryAsync(arguments)).EnsureSuccess().Output;

    public Task<ProcessResult> TryAsync(params string[] arguments) => engine.MicroCluster.RunAsync("rbd", [.. Place, .. arguments]);

    public async Task<JsonNode> JsonAsync(params string[] arguments) => JsonNode.Parse(await RunAsync([.. arguments, "--format", "json"]))!;

    public async Task<byte[]> ExportAsync(string image, string? snapshot = null) =>
        (await TryAsync("export", snapshot is null ? image : $"{image}@{snapshot}", "-", "--no-progress")).EnsureSuccess().OutputBytes;

    public async Task ImportAsync(string image, byte[] data, params string[] options) =>
        (await engine.MicroCluster.RunAsync("rbd", ["import", "-", Spec(image), "--no-progress", .. options], data)).EnsureSuccess();

    /// <summary>Ceph finds nothing wrong with the object maps of the head and of all snapshots.</summary>
    public async Task CheckMapsAsync(string image)
    {
        JsonNode info = await JsonAsync("info", image);
        Assert.Empty(info["flags"]!.AsArray());
        foreach (JsonNode? snapshot in (await JsonAsync("snap", "ls", image)).AsArray())
        {
            await CheckMapAsync($"{image}@{snapshot!["name"]}");
        }

        await CheckMapAsync(image);
        info = await JsonAsync("info", image);
        Assert.Empty(info["flags"]!.AsArray());
    }

    private async Task CheckMapAsync(string spec)
    {
        ProcessResult check = await TryAsync("object-map", "check", spec, "--no-progress");
        Assert.True(check.ExitCode == 0 && !check.Error.Contains("mismatch", StringComparison.OrdinalIgnoreCase), $"{spec}: {check.Output}{check.Error}");
    }

    public Task CloneAsync(string parentSnapshot, string child, string format) => engine.MicroCluster.RbdAsync(
        "clone", Spec(parentSnapshot), Spec(child), "--rbd-default-clone-format", format);

    private string Spec(string image) => pool.Namespace.Length == 0 ? $"{pool.Name}/{image}" : $"{pool.Name}/{pool.Namespace}/{image}";

    private string[] Place => pool.Namespace.Length == 0 ? ["--pool", pool.Name] : ["--pool", pool.Name, "--namespace", pool.Namespace];
}
