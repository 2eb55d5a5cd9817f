using Google.Protobuf;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rados.Remote.Protocol;
using Nacre.Rados.Remote.Translation;
using Nacre.Site.Users;
using WireOutput = Nacre.Rados.Remote.Protocol.StepOutput;

namespace Nacre.Site.Sessions;

/// <content>Requests: which are done once only, and the data path.</content>
internal sealed partial class ClientSession
{
    /// <summary>Takes a frame. Operations are begun here, one after the other, so that a client's writes keep their order; they end when they end.</summary>
    public async ValueTask AcceptAsync(ClientFrame frame, CancellationToken cancellationToken)
    {
        _replies.Forget(frame.ReceivedBelow);
        if (frame.BodyCase == ClientFrame.BodyOneofCase.Ping)
        {
            Send(new ServerFrame());
        }

        if (frame.Id == 0)
        {
            return;
        }

        if (frame.BodyCase == ClientFrame.BodyOneofCase.Operate)
        {
            await AcceptOperationAsync(frame, cancellationToken);
        }
        else
        {
            Begin(frame, Changes(frame), () => HandleAsync(frame));
        }
    }

    private async ValueTask AcceptOperationAsync(ClientFrame frame, CancellationToken cancellationToken)
    {
        Operate operate = frame.Operate;
        var steps = new OperationStep[operate.Steps.Count];
        IPool pool;
        try
        {
            for (int i = 0; i < steps.Length; i++)
            {
                steps[i] = StepTranslation.FromWire(operate.Steps[i]);
            }

            ObjectAddress target = At(operate.Target);
            pool = await PoolAsync(target.Pool, target.Namespace);
        }
        catch (RadosException e)
        {
            Send(new ServerFrame { Id = frame.Id, ReturnCode = -e.Code, Error = e.Attempt });
            return;
        }

        bool changes = operate.Write || _access.Changes(steps);
        long bytes = frame.CalculateSize();
        await _limit.EnterAsync(bytes, cancellationToken);
        if (changes && !BeginOnce(frame))
        {
            _limit.Leave(bytes);
            return;
        }

        if (!Enter())
        {
            _limit.Leave(bytes);
            return;
        }

        if (changes)
        {
            Own(OperateAsync(frame, pool, steps, true, bytes));
        }
        else
        {
            // Reads have no order among each other: they must not hold up the connection.
            Own(Task.Run(() => OperateAsync(frame, pool, steps, false, bytes), CancellationToken.None));
        }
    }

    private async Task OperateAsync(ClientFrame frame, IPool pool, OperationStep[] steps, bool changes, long bytes)
    {
        OperationResult? result = null;
        var reply = new ServerFrame { Id = frame.Id };
        try
        {
            Operate operate = frame.Operate;
            string name = operate.Target.Object;
            if (_site.Users.Find(Name) is not { } user || !_access.MayOperate(user, pool, name, steps))
            {
                reply.ReturnCode = -Errno.EPERM;
            }
            else
            {
                result = operate.Write
                    ? await pool.OperateAsync(name, AddAll(new WriteOperation(), steps), Context(operate), _closing.Token)
                    : await pool.OperateAsync(name, AddAll(new ReadOperation(), steps), operate.SnapshotId, _closing.Token);
                reply.ReturnCode = result.ReturnCode;
                reply.Operate = Reply(result, copy: changes);
            }
        }
        catch (Exception e)
        {
            Failed(reply, e);
        }

        if (changes)
        {
            result?.Dispose();
            _replies.Complete(frame.Id, reply);
            Send(reply);
            _limit.Leave(bytes);
        }
        else
        {
            // Its data may lie in the store's buffers: they are given back when the bytes are out.
            Send(reply, () =>
            {
                result?.Dispose();
                _limit.Leave(bytes);
            });
        }
    }

    /// <summary>Carries out a request that is no operation, once.</summary>
    private void Begin(ClientFrame frame, bool changes, Func<Task<ServerFrame>> handle)
    {
        if ((changes && !BeginOnce(frame)) || !Enter())
        {
            return;
        }

        Own(Task.Run(RunAsync, CancellationToken.None));

        async Task RunAsync()
        {
            ServerFrame reply;
            try
            {
                reply = await handle();
            }
            catch (Exception e)
            {
                reply = new ServerFrame();
                Failed(reply, e);
            }

            reply.Id = frame.Id;
            if (changes)
            {
                _replies.Complete(frame.Id, reply);
            }

            bool leaves = frame.BodyCase == ClientFrame.BodyOneofCase.Goodbye;
            Send(reply, leaves ? () => SaidGoodbye?.Invoke(this) : null);
            if (frame.BodyCase == ClientFrame.BodyOneofCase.Watch && reply.ReturnCode >= 0 && _watches.TryGetValue(reply.Watch.Cookie, out ServerWatch? watch))
            {
                watch.Announced();
            }
        }
    }

    /// <summary>False where the request was seen before, or may have been carried out by a site that has since restarted.</summary>
    private bool BeginOnce(ClientFrame frame)
    {
        if (!_replies.Begin(frame.Id, out ServerFrame? reply))
        {
            if (reply is not null)
            {
                Send(reply);
            }

            return false;
        }

        if (frame.Resent)
        {
            var unknown = new ServerFrame
            {
                Id = frame.Id,
                ReturnCode = -Errno.ENOTCONN,
                Error = "the site restarted meanwhile: whether this was carried out is not known",
            };
            _replies.Complete(frame.Id, unknown);
            Send(unknown);
            return false;
        }

        return true;
    }

    private async void Own(Task task)
    {
        // async void is the owner: it cannot throw, and closing the session waits for it.
        await task.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        Leave();
    }

    private void Failed(ServerFrame reply, Exception failure)
    {
        switch (failure)
        {
            case RadosException e:
                reply.ReturnCode = -e.Code;
                reply.Error = e.Attempt;
                break;
            case OperationCanceledException:
                reply.ReturnCode = -Errno.ECANCELED;
                break;
            default:
                _logger.LogError(failure, "a request of {Client} failed unexpectedly", Name);
                reply.ReturnCode = -Errno.EIO;
                reply.Error = "the site failed unexpectedly; its log has more";
                break;
        }
    }

    private static T AddAll<T>(T operation, OperationStep[] steps) where T : ObjectOperation<T>
    {
        foreach (OperationStep step in steps)
        {
            operation.Add(step);
        }

        return operation;
    }

    private static Rados.Objects.SnapshotContext? Context(Operate operate) =>
        operate.SnapshotContext is { } context ? new Rados.Objects.SnapshotContext(context.Sequence, [.. context.Snapshots]) : null;

    private static OperateReply Reply(OperationResult result, bool copy)
    {
        var reply = new OperateReply { Version = result.Version };
        foreach (Rados.Objects.StepOutput output in result.Outputs)
        {
            WireOutput wire = OutputTranslation.ToWire(output);
            if (copy)
            {
                wire.Data = ByteString.CopyFrom(wire.Data.Span);
                for (int i = 0; i < wire.Values.Count; i++)
                {
                    wire.Values[i] = ByteString.CopyFrom(wire.Values[i].Span);
                }
            }

            reply.Outputs.Add(wire);
        }

        return reply;
    }

    private SiteUser User() => _site.Users.Find(Name) ?? throw new RadosException(Errno.EACCES, $"{Name} is no user of this site any more");
}
