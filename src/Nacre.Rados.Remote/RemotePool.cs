using System.Runtime.CompilerServices;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Remote.Sessions;
using Nacre.Rados.Remote.Translation;
using Nacre.Rados.Watching;
using SnapshotContext = Nacre.Rados.Objects.SnapshotContext;
using StepOutput = Nacre.Rados.Objects.StepOutput;
using Watcher = Nacre.Rados.Watching.Watcher;

namespace Nacre.Rados.Remote;

/// <summary>A pool of an embedded site, from outside.</summary>
internal sealed class RemotePool(RemoteCluster cluster, long id, string name, string space) : IPool
{
    private const int ListPage = 1000;

    public ICluster Cluster => cluster;

    public long Id => id;

    public string Name => name;

    public string Namespace => space;

    public IPool WithNamespace(string name1) => new RemotePool(cluster, id, name, name1);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, ReadOperation operation, ulong snapshotId = SnapshotId.Head, CancellationToken cancellationToken = default) =>
        OperateAsync(new Operate { Target = At(objectName), SnapshotId = snapshotId }, operation.Steps, cancellationToken);

    public ValueTask<OperationResult> OperateAsync(
        string objectName, WriteOperation operation, SnapshotContext? snapshotContext = null, CancellationToken cancellationToken = default)
    {
        var operate = new Operate { Target = At(objectName), Write = true };
        if (snapshotContext is not null)
        {
            operate.SnapshotContext = new Protocol.SnapshotContext { Sequence = snapshotContext.Sequence };
            operate.SnapshotContext.Snapshots.AddRange(snapshotContext.Snapshots);
        }

        return OperateAsync(operate, operation.Steps, cancellationToken);
    }

    public async IAsyncEnumerable<string> ListObjectsAsync([EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        ulong cursor = 0;
        try
        {
            do
            {
                ServerFrame reply = await cluster.CallAsync(
                    new ClientFrame { ListObjects = new ListObjects { Pool = id, Namespace = space, Cursor = cursor, Maximum = ListPage } },
                    $"listing the objects of pool {name}", cancellationToken).ConfigureAwait(false);
                cursor = reply.ListObjects.Cursor;
                foreach (string objectName in reply.ListObjects.Names)
                {
                    yield return objectName;
                }
            }
            while (cursor != 0);
        }
        finally
        {
            if (cursor != 0)
            {
                await cluster.Session.RequestAsync(
                    new ClientFrame { ListObjects = new ListObjects { Pool = id, Namespace = space, Cursor = cursor, Close = true } },
                    cluster.Options.OperationTimeout, null, CancellationToken.None).ConfigureAwait(false);
            }
        }
    }

    public async Task<ObjectSnapshots> ListSnapshotsAsync(string objectName, CancellationToken cancellationToken = default)
    {
        ServerFrame reply = await cluster.CallAsync(
            new ClientFrame { ListSnapshots = new ListSnapshots { Target = At(objectName) } }, $"list_snaps of object {name}/{objectName}", cancellationToken)
            .ConfigureAwait(false);
        return OutputTranslation.FromWire(reply.ListSnapshots);
    }

    public async Task<ulong> CreateSnapshotIdAsync(CancellationToken cancellationToken = default)
    {
        ServerFrame reply = await cluster.CallAsync(
            new ClientFrame { CreateSnapshotId = new CreateSnapshotId { Pool = id } }, $"creating a snapshot id in pool {name}", cancellationToken)
            .ConfigureAwait(false);
        return reply.SnapshotId.SnapshotId;
    }

    public Task RemoveSnapshotIdAsync(ulong snapshotId, CancellationToken cancellationToken = default) => cluster.CallAsync(
        new ClientFrame { RemoveSnapshotId = new RemoveSnapshotId { Pool = id, SnapshotId = snapshotId } },
        $"removing snapshot id {snapshotId} of pool {name}", cancellationToken);

    public async Task<IWatch> WatchAsync(string objectName, IWatchHandler handler, CancellationToken cancellationToken = default)
    {
        RemoteWatch? watch = null;
        await cluster.CallAsync(
            new ClientFrame { Watch = new Watch { Target = At(objectName) } },
            $"watching object {name}/{objectName}",
            cancellationToken,
            reply =>
            {
                if (reply.ReturnCode >= 0 && reply.Watch is not null)
                {
                    watch = new RemoteWatch(cluster.Session, reply.Watch.Cookie, handler, cluster.Options.OperationTimeout);
                    cluster.Session.Watches.Add(watch);
                }
            }).ConfigureAwait(false);
        return watch ?? throw new RadosException(Errno.EIO, $"watching object {name}/{objectName}: the site answered without a watch");
    }

    public async Task<NotifyResult> NotifyAsync(
        string objectName, ReadOnlyMemory<byte> payload, TimeSpan timeout, CancellationToken cancellationToken = default)
    {
        var notify = new Notify
        {
            Target = At(objectName),
            Payload = StepTranslation.Wrap(payload),
            TimeoutMilliseconds = (ulong)Math.Max(0, timeout.TotalMilliseconds),
        };
        ServerFrame reply = await cluster.CallAsync(
            new ClientFrame { Notify = notify }, $"notifying the watchers of object {name}/{objectName}", cancellationToken, null, timeout)
            .ConfigureAwait(false);
        return new NotifyResult(
            [.. reply.Notify.Acknowledgements.Select(a => new NotifyAcknowledgement(a.WatcherId, a.Cookie, a.Payload.Memory))],
            [.. reply.Notify.TimedOut.Select(t => new NotifyTimeout(t.WatcherId, t.Cookie))]);
    }

    public async Task<IReadOnlyList<Watcher>> ListWatchersAsync(string objectName, CancellationToken cancellationToken = default)
    {
        ServerFrame reply = await cluster.CallAsync(
            new ClientFrame { ListWatchers = new ListWatchers { Target = At(objectName) } }, $"listing the watchers of object {name}/{objectName}",
            cancellationToken).ConfigureAwait(false);
        return [.. reply.ListWatchers.Watchers.Select(w => new Watcher(w.Address, w.ClientId, w.Cookie, TimeSpan.FromSeconds(w.TimeoutSeconds)))];
    }

    private async ValueTask<OperationResult> OperateAsync(Operate operate, IReadOnlyList<OperationStep> steps, CancellationToken cancellationToken)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            operate.Steps.Add(StepTranslation.ToWire(steps[i]));
        }

        ServerFrame reply = await cluster.Session.RequestAsync(
            new ClientFrame { Operate = operate }, cluster.Options.OperationTimeout, null, cancellationToken).ConfigureAwait(false);
        OperateReply? body = reply.Operate;
        if (body is null || body.Outputs.Count == 0)
        {
            return new OperationResult(reply.ReturnCode, body?.Version ?? 0, []);
        }

        var outputs = new StepOutput[body.Outputs.Count];
        for (int i = 0; i < outputs.Length; i++)
        {
            outputs[i] = OutputTranslation.FromWire(body.Outputs[i]);
        }

        return new OperationResult(reply.ReturnCode, body.Version, outputs);
    }

    private ObjectAddress At(string objectName) => new() { Pool = id, Namespace = space, Object = objectName };
}
