using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Remote.Translation;
using Nacre.Rados.Watching;
using Nacre.Site.Users;
using Body = Nacre.Rados.Remote.Protocol.ClientFrame.BodyOneofCase;

namespace Nacre.Site.Sessions;

/// <content>Everything but operations on objects.</content>
internal sealed partial class ClientSession
{
    private const int MaximumListPage = 10_000;
    private const CapsAccess ReadWrite = CapsAccess.Read | CapsAccess.Write;

    /// <summary>Whether doing it twice would not be the same as doing it once.</summary>
    private bool Changes(ClientFrame frame) => frame.BodyCase switch
    {
        Body.ListPools or Body.OpenPool or Body.ListSnapshots or Body.ListWatchers or Body.WaitForLatestMap or Body.Goodbye => false,
        Body.Command => !_site.OnlyReads(frame.Command.Manager, frame.Command.Json),
        _ => true,
    };

    private async Task<ServerFrame> HandleAsync(ClientFrame frame) => frame.BodyCase switch
    {
        Body.ListPools => await ListPoolsAsync(),
        Body.OpenPool => await OpenPoolAsync(frame.OpenPool),
        Body.CreatePool => await CreatePoolAsync(frame.CreatePool),
        Body.DeletePool => await DeletePoolAsync(frame.DeletePool),
        Body.ListObjects => await ListObjectsAsync(frame.ListObjects),
        Body.ListSnapshots => await ListSnapshotsAsync(At(frame.ListSnapshots.Target)),
        Body.CreateSnapshotId => await CreateSnapshotIdAsync(frame.CreateSnapshotId),
        Body.RemoveSnapshotId => await RemoveSnapshotIdAsync(frame.RemoveSnapshotId),
        Body.Watch => await WatchAsync(At(frame.Watch.Target)),
        Body.Unwatch => await UnwatchAsync(frame.Unwatch.Cookie),
        Body.NotifyAcknowledge => Acknowledge(frame.NotifyAcknowledge),
        Body.Notify => await NotifyAsync(frame.Notify),
        Body.ListWatchers => await ListWatchersAsync(At(frame.ListWatchers.Target)),
        Body.Command => await CommandAsync(frame.Command),
        Body.Blocklist => await BlocklistAsync(frame.Blocklist),
        Body.WaitForLatestMap => await WaitForLatestMapAsync(),
        Body.RegisterService => await RegisterServiceAsync(frame.RegisterService),
        Body.UpdateServiceStatus => await UpdateServiceStatusAsync(frame.UpdateServiceStatus),
        Body.Goodbye => new ServerFrame(),
        _ => throw new RadosException(Errno.EOPNOTSUPP, "a request that this site does not know; is the client newer than the site?"),
    };

    private async Task<ServerFrame> ListPoolsAsync()
    {
        Demand(_access.MayCommand(User(), "osd", CapsAccess.Read), Errno.EACCES, "listing pools");
        var pools = new PoolsReply();
        foreach (PoolDescription pool in await Client.ListPoolsAsync(_closing.Token))
        {
            pools.Pools.Add(new Pool { Id = pool.Id, Name = pool.Name });
        }

        return new ServerFrame { Pools = pools };
    }

    private async Task<ServerFrame> OpenPoolAsync(OpenPool open)
    {
        Demand(_access.MayCommand(User(), "osd", CapsAccess.Read), Errno.EACCES, "opening a pool");
        IPool pool = open.Name.Length > 0 ? await Client.OpenPoolAsync(open.Name, _closing.Token) : await Client.OpenPoolAsync(open.Id, _closing.Token);
        return new ServerFrame { Pools = new PoolsReply { Pools = { new Pool { Id = pool.Id, Name = pool.Name } } } };
    }

    private async Task<ServerFrame> CreatePoolAsync(CreatePool create)
    {
        Demand(_access.MayCommand(User(), "osd", ReadWrite), Errno.EPERM, "creating a pool");
        await Client.CreatePoolAsync(create.Name, _closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> DeletePoolAsync(DeletePool delete)
    {
        Demand(_access.MayCommand(User(), "osd", CapsAccess.Write), Errno.EPERM, "deleting a pool");
        await Client.DeletePoolAsync(delete.Name, _closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> ListObjectsAsync(ListObjects list)
    {
        IPool pool = await PoolAsync(list.Pool, list.Namespace);
        Demand(_access.MayAccess(User(), pool, "", reads: true, writes: false), Errno.EPERM, "listing objects");
        ulong cursor = list.Cursor;
        if (cursor == 0)
        {
            cursor = Interlocked.Increment(ref _nextListing);
            _listings[cursor] = pool.ListObjectsAsync(_closing.Token).GetAsyncEnumerator(_closing.Token);
        }

        // One page at a time: the enumerator is out of the table while it is used.
        if (!_listings.TryRemove(cursor, out IAsyncEnumerator<string>? names))
        {
            throw new RadosException(Errno.ENOTCONN, "the site restarted in the middle of the listing; list again");
        }

        var reply = new ListObjectsReply();
        bool more = !list.Close;
        int page = Math.Clamp((int)Math.Min(list.Maximum, int.MaxValue), 1, MaximumListPage);
        while (more && reply.Names.Count < page)
        {
            more = await names.MoveNextAsync();
            if (more)
            {
                reply.Names.Add(names.Current);
            }
        }

        if (more)
        {
            _listings[cursor] = names;
            reply.Cursor = cursor;
        }
        else
        {
            await names.DisposeAsync();
        }

        return new ServerFrame { ListObjects = reply };
    }

    private async Task<ServerFrame> ListSnapshotsAsync(ObjectAddress target)
    {
        IPool pool = await PoolAsync(target.Pool, target.Namespace);
        Demand(_access.MayAccess(User(), pool, target.Object, reads: true, writes: false), Errno.EPERM, "listing snapshots");
        return new ServerFrame { ListSnapshots = OutputTranslation.ToWire(await pool.ListSnapshotsAsync(target.Object, _closing.Token)) };
    }

    private async Task<ServerFrame> CreateSnapshotIdAsync(CreateSnapshotId create)
    {
        IPool pool = await PoolAsync(create.Pool, "");
        Demand(_access.MayManageSnapshots(User(), pool.Name), Errno.EPERM, "creating a snapshot id");
        return new ServerFrame { SnapshotId = new SnapshotIdReply { SnapshotId = await pool.CreateSnapshotIdAsync(_closing.Token) } };
    }

    private async Task<ServerFrame> RemoveSnapshotIdAsync(RemoveSnapshotId remove)
    {
        IPool pool = await PoolAsync(remove.Pool, "");
        Demand(_access.MayManageSnapshots(User(), pool.Name), Errno.EPERM, "removing a snapshot id");
        await pool.RemoveSnapshotIdAsync(remove.SnapshotId, _closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> WatchAsync(ObjectAddress target)
    {
        IPool pool = await PoolAsync(target.Pool, target.Namespace);
        Demand(_access.MayAccess(User(), pool, target.Object, reads: true, writes: true), Errno.EPERM, "watching");
        var watch = new ServerWatch(this);
        IWatch standing = await pool.WatchAsync(target.Object, watch, _closing.Token);
        watch.Watch = standing;
        _watches[standing.Cookie] = watch;
        if (standing.Check() is var lost && lost < 0)
        {
            WatchLost(watch, -lost); // lost before it was known here
        }

        return new ServerFrame { Watch = new WatchReply { Cookie = standing.Cookie } };
    }

    private async Task<ServerFrame> UnwatchAsync(ulong cookie)
    {
        _lostWatches.TryRemove(cookie, out _);
        if (_watches.TryRemove(cookie, out ServerWatch? watch))
        {
            await watch.Watch!.DisposeAsync();
        }

        return new ServerFrame();
    }

    private ServerFrame Acknowledge(NotifyAcknowledge acknowledge)
    {
        Notifications.Acknowledged(acknowledge);
        return new ServerFrame();
    }

    private async Task<ServerFrame> NotifyAsync(Notify notify)
    {
        At(notify.Target);
        IPool pool = await PoolAsync(notify.Target.Pool, notify.Target.Namespace);
        Demand(_access.MayAccess(User(), pool, notify.Target.Object, reads: true, writes: false), Errno.EPERM, "notifying");
        NotifyResult result = await pool.NotifyAsync(
            notify.Target.Object, notify.Payload.Memory, TimeSpan.FromMilliseconds(Math.Min(notify.TimeoutMilliseconds, int.MaxValue)), _closing.Token);
        var reply = new NotifyReply();
        foreach (NotifyAcknowledgement answer in result.Acknowledgements)
        {
            reply.Acknowledgements.Add(new NotifyReply.Types.Acknowledgement
            {
                WatcherId = answer.WatcherId,
                Cookie = answer.Cookie,
                Payload = Google.Protobuf.ByteString.CopyFrom(answer.Payload.Span),
            });
        }

        foreach (NotifyTimeout silent in result.TimedOut)
        {
            reply.TimedOut.Add(new NotifyReply.Types.TimedOut { WatcherId = silent.WatcherId, Cookie = silent.Cookie });
        }

        return new ServerFrame { Notify = reply };
    }

    private async Task<ServerFrame> ListWatchersAsync(ObjectAddress target)
    {
        IPool pool = await PoolAsync(target.Pool, target.Namespace);
        Demand(_access.MayAccess(User(), pool, target.Object, reads: true, writes: false), Errno.EPERM, "listing watchers");
        var reply = new ListWatchersReply();
        foreach (Rados.Watching.Watcher watcher in await pool.ListWatchersAsync(target.Object, _closing.Token))
        {
            reply.Watchers.Add(new ListWatchersReply.Types.Watcher
            {
                Address = watcher.Address,
                ClientId = watcher.ClientId,
                Cookie = watcher.Cookie,
                TimeoutSeconds = (uint)watcher.Timeout.TotalSeconds,
            });
        }

        return new ServerFrame { ListWatchers = reply };
    }

    private async Task<ServerFrame> CommandAsync(Command command)
    {
        // Caps of commands are checked where the commands are.
        CommandResult result = command.Manager
            ? await Client.ManagerCommandAsync(command.Json, command.Input.Memory, _closing.Token)
            : await Client.MonitorCommandAsync(command.Json, command.Input.Memory, _closing.Token);
        return new ServerFrame
        {
            ReturnCode = result.ReturnCode,
            Command = new CommandReply { Output = StepTranslation.Wrap(result.Output), Status = result.Status },
        };
    }

    private async Task<ServerFrame> BlocklistAsync(Blocklist blocklist)
    {
        Demand(_access.MayBlocklist(User(), blocklist.Address), Errno.EACCES, "blocklisting");
        await Client.BlocklistAsync(
            blocklist.Address,
            blocklist.ExpiryMilliseconds == 0 ? null : TimeSpan.FromMilliseconds(Math.Min(blocklist.ExpiryMilliseconds, long.MaxValue / 10_000)),
            _closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> WaitForLatestMapAsync()
    {
        await Client.WaitForLatestMapAsync(_closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> RegisterServiceAsync(RegisterService register)
    {
        await Client.RegisterServiceAsync(register.Service, register.Daemon, register.Metadata.ToDictionary(), _closing.Token);
        return new ServerFrame();
    }

    private async Task<ServerFrame> UpdateServiceStatusAsync(UpdateServiceStatus update)
    {
        await Client.UpdateServiceStatusAsync(update.Status.ToDictionary(), _closing.Token);
        return new ServerFrame();
    }

    private static ObjectAddress At(ObjectAddress? target) =>
        target ?? throw new RadosException(Errno.EINVAL, "a request without the object that it is for");

    private static void Demand(bool allowed, int errno, string what)
    {
        if (!allowed)
        {
            throw Refused(errno, what);
        }
    }
}
