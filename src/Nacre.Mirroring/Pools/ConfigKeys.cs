using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring;

/// <summary>The monitors' config-key store, where mirroring keeps site names and peers' secrets (get_config_key, set_config_key of src/librbd/api/Mirror.cc).</summary>
internal static class ConfigKeys
{
    /// <summary>A value; null where the key is absent.</summary>
    internal static async Task<string?> GetAsync(ICluster cluster, string key, CancellationToken cancellationToken)
    {
        CommandResult result = await cluster.MonitorCommandAsync(Command("config-key get", key, null), default, cancellationToken);
        if (result.ReturnCode == -Errno.ENOENT)
        {
            return null;
        }

        ThrowIfFailed(result, "read", key);
        return Encoding.UTF8.GetString(result.Output.Span);
    }

    /// <summary>Sets a value; an empty one removes the key.</summary>
    internal static async Task SetAsync(ICluster cluster, string key, string value, CancellationToken cancellationToken)
    {
        if (value.Length == 0)
        {
            await RemoveAsync(cluster, key, cancellationToken);
            return;
        }

        ThrowIfFailed(await cluster.MonitorCommandAsync(Command("config-key set", key, value), default, cancellationToken), "write", key);
    }

    /// <summary>Removes a key; an absent one is no error.</summary>
    internal static async Task RemoveAsync(ICluster cluster, string key, CancellationToken cancellationToken)
    {
        CommandResult result = await cluster.MonitorCommandAsync(Command("config-key rm", key, null), default, cancellationToken);
        if (result.ReturnCode != -Errno.ENOENT)
        {
            ThrowIfFailed(result, "removal", key);
        }
    }

    // The JSON writer escapes, so a value may hold anything.
    private static string Command(string prefix, string key, string? value)
    {
        var command = new JsonObject { ["prefix"] = prefix, ["key"] = key };
        if (value is not null)
        {
            command["val"] = value;
        }

        return command.ToJsonString();
    }

    private static void ThrowIfFailed(CommandResult result, string attempt, string key)
    {
        if (result.ReturnCode < 0)
        {
            // Ceph: monitors that do not know the command answer EINVAL.
            int errno = result.ReturnCode == -Errno.EINVAL ? Errno.EOPNOTSUPP : result.ReturnCode;
            throw new RadosException(errno, $"{attempt} of config-key {key}");
        }
    }

    /// <summary>A flat JSON object of strings. EINVAL where it is not one.</summary>
    internal static SortedDictionary<string, string> ParseObject(string json, string key)
    {
        try
        {
            var values = new SortedDictionary<string, string>(StringComparer.Ordinal);
            using JsonDocument document = JsonDocument.Parse(json);
            foreach (JsonProperty property in document.RootElement.EnumerateObject())
            {
                values[property.Name] = property.Value.ValueKind == JsonValueKind.String
                    ? property.Value.GetString()!
                    : throw new JsonException("a value that is no string");
            }

            return values;
        }
        catch (Exception exception) when (exception is JsonException or InvalidOperationException)
        {
            // Not the text itself in the message: it holds a key.
            throw new RadosException(Errno.EINVAL, $"config-key {key} does not hold a JSON object of strings");
        }
    }
}
