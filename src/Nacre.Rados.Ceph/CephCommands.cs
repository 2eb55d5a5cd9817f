using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Clusters;

namespace Nacre.Rados.Ceph;

/// <summary>Commands for monitors and manager. librados' calls block, so each has a thread.</summary>
internal sealed class CephCommands(CephConnection connection) : IAsyncDisposable
{
    private readonly SemaphoreSlim _managerGate = new(MaximumManagerCommands, MaximumManagerCommands);
    private readonly Lock _gate = new();
    private Task<CephConnection>? _manager;

    /// <summary>A manager that hangs holds no more threads than this.</summary>
    private const int MaximumManagerCommands = 4;

    private unsafe delegate int NativeCommand(
        nint cluster, byte** command, nuint count, byte* input, nuint inputLength,
        out byte* output, out nuint outputLength, out byte* status, out nuint statusLength);

    /// <summary>A command for the monitors.</summary>
    public unsafe Task<CommandResult> MonitorAsync(string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        connection.RunBlockingAsync("a monitor command", cluster => Run(Librados.MonitorCommand, cluster, command, input), cancellationToken);

    /// <summary>A command for the manager, through a client of its own: see <see cref="CephConnection.ConnectAsync"/>.</summary>
    public async Task<CommandResult> ManagerAsync(string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        if (!await _managerGate.WaitAsync(connection.Options.OperationTimeout, cancellationToken))
        {
            throw new RadosException(Errno.ETIMEDOUT, "a manager command: earlier ones are still unanswered; is a ceph-mgr active?");
        }

        try
        {
            CephConnection manager = await ManagerConnectionAsync().WaitAsync(cancellationToken);
            return await RunOnManagerAsync(manager, command, input, cancellationToken);
        }
        finally
        {
            _managerGate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Task<CephConnection>? manager;
        lock (_gate)
        {
            manager = _manager;
        }

        if (manager is { IsCompletedSuccessfully: true })
        {
            await (await manager).DisposeAsync();
        }
        else if (manager is { IsCompleted: false })
        {
            // Still connecting, to a site that does not answer: it is ended when that is over, without anybody waiting for it.
            _ = manager.ContinueWith(
                static connected => connected.Result.DisposeAsync().AsTask(),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion,
                TaskScheduler.Default);
        }
    }

    private static unsafe Task<CommandResult> RunOnManagerAsync(
        CephConnection manager, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        manager.RunBlockingAsync("a manager command", cluster => Run(Librados.ManagerCommand, cluster, command, input), cancellationToken);

    private Task<CephConnection> ManagerConnectionAsync()
    {
        lock (_gate)
        {
            return _manager is { IsFaulted: false, IsCanceled: false }
                ? _manager
                : _manager = CephConnection.ConnectAsync(connection.Configuration, connection.Options, boundCommands: false, CancellationToken.None);
        }
    }

    private static unsafe CommandResult Run(NativeCommand native, nint cluster, string command, ReadOnlyMemory<byte> input)
    {
        byte[] text = System.Text.Encoding.UTF8.GetBytes(command + '\0');
        fixed (byte* commandStart = text, inputStart = input.Span)
        {
            byte* argument = commandStart;
            int code = native(
                cluster, &argument, 1, inputStart, (nuint)input.Length,
                out byte* output, out nuint outputLength, out byte* status, out nuint statusLength);
            var result = new CommandResult(
                code,
                new ReadOnlySpan<byte>(output, checked((int)outputLength)).ToArray(),
                System.Text.Encoding.UTF8.GetString(new ReadOnlySpan<byte>(status, checked((int)statusLength))));
            Free(output);
            Free(status);
            return result;
        }
    }

    private static unsafe void Free(byte* buffer)
    {
        if (buffer is not null)
        {
            Librados.BufferFree(buffer);
        }
    }
}
