using System.Collections.Concurrent;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nacre.Rados.Clusters;

namespace Nacre.Rados.Embedded.Tests.Conformance;

/// <summary>The few commands that the suites use; the site has the real ones.</summary>
internal sealed class SmallMonitor : ICommandHandler
{
    private readonly ConcurrentDictionary<ulong, (string Service, string Daemon, IReadOnlyDictionary<string, string> Metadata)> _services = new();

    public async Task<CommandResult> MonitorCommandAsync(
        EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        JsonObject arguments = JsonNode.Parse(command)!.AsObject();
        string Argument(string name) => arguments[name]!.GetValue<string>();
        MetadataStore metadata = session.Store.Metadata;
        switch (Argument("prefix"))
        {
            case "osd pool ls":
                return Json(new JsonArray([.. (await session.ListPoolsAsync(cancellationToken)).Select(pool => JsonValue.Create(pool.Name))]));
            case "osd blocklist ls":
                return Json(new JsonArray([.. session.Store.Blocklist.Select(entry => new JsonObject { ["addr"] = entry.Address })]));
            case "service dump":
                return Json(Services());
            case "config-key set":
                await metadata.ApplyAsync([new($"config-key/{Argument("key")}", System.Text.Encoding.UTF8.GetBytes(Argument("val")))], cancellationToken);
                return new CommandResult(0, default, "");
            case "config-key get":
                byte[]? value = metadata.Get($"config-key/{Argument("key")}");
                return value is null ? new CommandResult(-Errno.ENOENT, default, "") : new CommandResult(0, value, "");
            case "config-key rm":
                await metadata.ApplyAsync([new($"config-key/{Argument("key")}", null)], cancellationToken);
                return new CommandResult(0, default, "");
            default:
                return new CommandResult(-Errno.EINVAL, default, "command not known");
        }
    }

    public Task<CommandResult> ManagerCommandAsync(
        EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        MonitorCommandAsync(session, command, input, cancellationToken);

    public string? GetOption(EmbeddedSession session, string name) => name == "rbd_default_features" ? "61" : null;

    public Task RegisterServiceAsync(
        EmbeddedSession session, string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        _services[session.InstanceId] = (service, daemon, metadata);
        return Task.CompletedTask;
    }

    public Task UpdateServiceStatusAsync(EmbeddedSession session, IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken) =>
        Task.CompletedTask;

    public void SessionClosed(EmbeddedSession session) => _services.TryRemove(session.InstanceId, out _);

    private static CommandResult Json(JsonNode node) => new(0, System.Text.Encoding.UTF8.GetBytes(node.ToJsonString(new JsonSerializerOptions())), "");

    private JsonObject Services()
    {
        var services = new JsonObject();
        foreach ((ulong id, (string service, string daemon, IReadOnlyDictionary<string, string> metadata)) in _services)
        {
            var fields = new JsonObject([.. metadata.Select(field => new KeyValuePair<string, JsonNode?>(field.Key, JsonValue.Create(field.Value)))]);
            services[service] = new JsonObject { ["daemons"] = new JsonObject { [daemon] = new JsonObject { ["gid"] = id, ["metadata"] = fields } } };
        }

        return new JsonObject { ["services"] = services };
    }
}
