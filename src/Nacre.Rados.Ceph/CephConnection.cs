using System.Runtime.InteropServices;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Ceph;

/// <summary>
/// Owns a librados client: who is inside it, what it has under way, and its end. No caller ever waits for librados longer than a deadline,
/// and librados is shut down only when no thread is inside it any more.
/// </summary>
internal sealed class CephConnection : IAsyncDisposable
{
    private static readonly TimeSpan _sweepPeriod = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan _disposeBound = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan _drainBound = TimeSpan.FromSeconds(3);

    private readonly nint _cluster;
    private readonly ITimer _sweeper;
    private readonly List<nint> _contexts = [];
    private readonly Lock _gate = new();
    private readonly TaskCompletionSource _usersGone = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly ManualResetEventSlim _callsGone = new();

    private int _users = 1;
    private int _calls = 1;
    private bool _closing;
    private Task? _shutdown;

    private CephConnection(nint cluster, ClusterConfiguration configuration, ClusterOptions options)
    {
        _cluster = cluster;
        Configuration = configuration;
        Options = options;
        _sweeper = options.Time.CreateTimer(_ => NativeCall.ExpireOverdue(this), null, _sweepPeriod, _sweepPeriod);
    }

    /// <summary>Where this leads.</summary>
    public ClusterConfiguration Configuration { get; }

    /// <summary>Deadlines and clock.</summary>
    public ClusterOptions Options { get; }

    /// <summary>Connects.</summary>
    /// <param name="configuration">Where to.</param>
    /// <param name="options">Deadlines and clock.</param>
    /// <param name="boundCommands">
    /// Whether librados itself gives up on monitor commands. It must not for manager commands: after its timeout it writes an answer that
    /// comes late to a dead stack frame (RadosClient::mgr_command).
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<CephConnection> ConnectAsync(
        ClusterConfiguration configuration, ClusterOptions options, bool boundCommands, CancellationToken cancellationToken)
    {
        NativeLibraries.EnsureAvailable();
        nint cluster = LibradosConfiguration.Create(configuration, options, boundCommands);
        Task<int> connecting = Task.Factory.StartNew(
            () => Librados.Connect(cluster), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
        int code;
        try
        {
            code = await connecting.WaitAsync(options.ConnectTimeout, options.Time, cancellationToken);
        }
        catch (Exception exception) when (exception is TimeoutException or OperationCanceledException)
        {
            // The thread is still inside; when it comes out, whatever it made is ended.
            _ = connecting.ContinueWith(
                _ => Librados.Shutdown(cluster), CancellationToken.None, TaskContinuationOptions.LongRunning, TaskScheduler.Default);
            cancellationToken.ThrowIfCancellationRequested();
            code = -Errno.ETIMEDOUT;
            throw LibradosConfiguration.ConnectError(code, configuration, options);
        }

        if (code < 0)
        {
            Librados.Shutdown(cluster);
            throw LibradosConfiguration.ConnectError(code, configuration, options);
        }

        return new CephConnection(cluster, configuration, options);
    }

    /// <summary>Comes in, to call librados; false once the connection is ending. Balance with <see cref="Exit"/>.</summary>
    public bool TryEnter()
    {
        Interlocked.Increment(ref _users);
        if (!Volatile.Read(ref _closing))
        {
            return true;
        }

        Exit();
        return false;
    }

    /// <summary>Is out of librados again.</summary>
    public void Exit()
    {
        if (Interlocked.Decrement(ref _users) == 0)
        {
            _usersGone.TrySetResult();
        }
    }

    /// <summary>A native call begins; librados will say when it is done with it.</summary>
    public void CallBegun() => Interlocked.Increment(ref _calls);

    /// <summary>librados is done with a call.</summary>
    public void CallEnded()
    {
        if (Interlocked.Decrement(ref _calls) == 0)
        {
            _callsGone.Set();
        }
    }

    /// <summary>Runs a call that blocks on a thread of its own and waits for it no longer than the operation deadline.</summary>
    public async Task<T> RunBlockingAsync<T>(string what, Func<nint, T> call, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await WithinDeadlineAsync(what, StartBlocking(what, call), cancellationToken);
    }

    /// <summary>Starts a call that blocks on a thread of its own; it ends when librados lets go of it, which may be never.</summary>
    public Task<T> StartBlocking<T>(string what, Func<nint, T> call)
    {
        if (!TryEnter())
        {
            throw new RadosException(Errno.ENOTCONN, $"{what} on a closed connection to cluster '{Configuration.ClusterName}'");
        }

        return Task.Factory.StartNew(
            () =>
            {
                try
                {
                    return call(_cluster);
                }
                finally
                {
                    Exit();
                }
            },
            CancellationToken.None,
            TaskCreationOptions.LongRunning,
            TaskScheduler.Default);
    }

    /// <summary>Waits for a blocking call no longer than the operation deadline.</summary>
    public async Task<T> WithinDeadlineAsync<T>(string what, Task<T> task, CancellationToken cancellationToken)
    {
        try
        {
            return await task.WaitAsync(Options.OperationTimeout, Options.Time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new RadosException(
                Errno.ETIMEDOUT,
                $"{what}: cluster '{Configuration.ClusterName}' ({Configuration.MonitorHost}) did not answer in {Options.OperationTimeout.TotalSeconds} s");
        }
    }

    /// <summary>Runs a call that does not block; <paramref name="closed"/> once the connection is ending.</summary>
    public T Run<T>(Func<nint, T> call, T closed)
    {
        if (!TryEnter())
        {
            return closed;
        }

        try
        {
            return call(_cluster);
        }
        finally
        {
            Exit();
        }
    }

    /// <summary>Makes an I/O context, which lives as long as the connection.</summary>
    public nint CreateContext(long poolId, string poolNamespace)
    {
        int code = -Errno.ENOTCONN;
        nint context = Run(
            cluster =>
            {
                code = Librados.IoContextCreate(cluster, poolId, out nint made);
                if (code < 0)
                {
                    return 0;
                }

                Librados.IoContextSetNamespace(made, poolNamespace);
                lock (_gate)
                {
                    _contexts.Add(made);
                }

                return made;
            },
            0);
        return context != 0 ? context : throw new RadosException(code, $"opening pool {poolId}");
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task shutdown;
        lock (_gate)
        {
            shutdown = _shutdown ??= Task.Factory.StartNew(
                ShutDownAsync, CancellationToken.None, TaskCreationOptions.DenyChildAttach, TaskScheduler.Default).Unwrap();
        }

        try
        {
            await shutdown.WaitAsync(_disposeBound, Options.Time);
        }
        catch (TimeoutException)
        {
            // A dead cluster holds a thread inside librados. The shutdown goes on in the background and owns all that is left.
        }
    }

    private async Task ShutDownAsync()
    {
        Volatile.Write(ref _closing, true);
        await _sweeper.DisposeAsync();
        NativeCall.AbandonAll(this, cancelNatively: false);
        Exit();
        await _usersGone.Task;
        NativeCall.AbandonAll(this, cancelNatively: true);
        await Task.Factory.StartNew(ShutDownNatively, CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void ShutDownNatively()
    {
        CallEnded();
        _callsGone.Wait(_drainBound);
        foreach (nint context in _contexts)
        {
            Librados.IoContextDestroy(context);
        }

        Librados.Shutdown(_cluster);
        NativeCall.ReleaseAll(this);
        CephWatch.ForgetAll(this);
    }

    /// <summary>The text of a C string.</summary>
    internal static unsafe string TextAt(byte* text) =>
        text is null ? "" : System.Text.Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));
}
