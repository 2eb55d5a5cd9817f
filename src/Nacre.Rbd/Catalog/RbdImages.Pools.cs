using System.Text;
using System.Text.Json;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd;

/// <content>Pools and namespaces.</content>
public sealed partial class RbdImages
{
    private static readonly byte[] _validating = "validate"u8.ToArray();
    private static readonly byte[] _validated = "overwrite validated"u8.ToArray();

    private async Task InitializeAsync(bool force, CancellationToken cancellationToken)
    {
        var command = new Dictionary<string, object>
        {
            ["prefix"] = "osd pool application enable",
            ["pool"] = _pool.Name,
            ["app"] = "rbd",
        };
        if (force)
        {
            command["yes_i_really_mean_it"] = true;
        }

        CommandResult result = await _pool.Cluster.MonitorCommandAsync(Encode(command), default, cancellationToken);
        if (result.ReturnCode < 0 && result.ReturnCode != -Errno.EOPNOTSUPP)
        {
            throw new RadosException(result.ReturnCode, $"enabling application rbd on pool {_pool.Name} ({result.Status})");
        }

        await ValidatePoolAsync(_pool.WithNamespace(""), cancellationToken);
    }

    // image::ValidatePoolRequest: that the pool takes self-managed snapshots and overwrites is tried once, and noted.
    private static async Task ValidatePoolAsync(IPool pool, CancellationToken cancellationToken)
    {
        byte[]? info = await pool.ReadAsync(RbdObjects.Info, cancellationToken: cancellationToken);
        if (info is not null && info.AsSpan().SequenceEqual(_validated))
        {
            return;
        }

        ulong snapshot = await pool.CreateSnapshotIdAsync(cancellationToken);
        try
        {
            await pool.ExecuteAsync(RbdObjects.Info, new WriteOperation().Write(0, _validating), "validating the pool", null, cancellationToken);
            await pool.ExecuteAsync(RbdObjects.Info, new WriteOperation().WriteFull(_validated), "validating the pool", null, cancellationToken);
        }
        finally
        {
            await pool.RemoveSnapshotIdAsync(snapshot, CancellationToken.None);
        }
    }

    private async Task<IReadOnlyList<string>> ListPoolNamespacesAsync(CancellationToken cancellationToken)
    {
        IPool main = _pool.WithNamespace("");
        var names = new List<string>();
        while (true)
        {
            IReadOnlyList<string>? page = await main.TryCallAsync(
                RbdObjects.Namespace, RbdCalls.ListNamespaces(names.Count > 0 ? names[^1] : "", Page), cancellationToken);
            names.AddRange(page ?? []);
            if (page is null || (ulong)page.Count < Page)
            {
                return names;
            }
        }
    }

    // api::Namespace::create: entered before its directory opens, so that a killed creation is seen and can be removed.
    private async Task CreatePoolNamespaceAsync(string name, CancellationToken cancellationToken)
    {
        ArgumentException.ThrowIfNullOrEmpty(name);
        int code = await _pool.WithNamespace("").CallForCodeAsync(RbdObjects.Namespace, RbdCalls.AddNamespace(name), cancellationToken);
        if (code < 0)
        {
            throw new RadosException(code, $"creating namespace {_pool.Name}/{name}");
        }

        await _pool.WithNamespace(name).CallAsync(RbdObjects.Directory, RbdCalls.SetDirectoryState(DirectoryState.Ready), cancellationToken);
    }

    private async Task RemovePoolNamespaceAsync(string name, CancellationToken cancellationToken)
    {
        IPool inner = _pool.WithNamespace(name);
        int closed = await inner.CallForCodeAsync(RbdObjects.Directory, RbdCalls.SetDirectoryState(DirectoryState.AddDisabled), cancellationToken);
        if (closed < 0 && closed != -Errno.ENOENT)
        {
            throw new RadosException(closed, $"removing namespace {_pool.Name}/{name}");
        }

        if ((await new RbdImages(inner, _time).ListTrashEntriesAsync(cancellationToken)).Count > 0)
        {
            await inner.CallForCodeAsync(RbdObjects.Directory, RbdCalls.SetDirectoryState(DirectoryState.Ready), cancellationToken);
            throw new RadosException(Errno.EBUSY, $"removing namespace {_pool.Name}/{name}, which has images in the trash,");
        }

        foreach (string objectName in (string[])[RbdObjects.Trash, RbdObjects.Children, RbdObjects.GroupDirectory, RbdObjects.Mirroring, RbdObjects.Directory])
        {
            await inner.RemoveAsync(objectName, null, cancellationToken);
        }

        int code = await _pool.WithNamespace("").CallForCodeAsync(RbdObjects.Namespace, RbdCalls.RemoveNamespace(name), cancellationToken);
        if (code < 0)
        {
            throw new RadosException(code, $"removing namespace {_pool.Name}/{name}");
        }
    }

    // Written by hand: the CLI is compiled ahead of time, without reflection.
    private static string Encode(Dictionary<string, object> command)
    {
        using var stream = new MemoryStream();
        using (var writer = new Utf8JsonWriter(stream))
        {
            writer.WriteStartObject();
            foreach ((string key, object value) in command)
            {
                if (value is bool flag)
                {
                    writer.WriteBoolean(key, flag);
                }
                else
                {
                    writer.WriteString(key, (string)value);
                }
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(stream.ToArray());
    }
}
