using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Images;

/// <summary>
/// Hands out snapshot ids of a pool and keeps one in reserve: a monitor takes up to a second to make one, which would be most of the delay of a small
/// delta. Ids come out in ascending order. A killed daemon leaves its reserve behind, an id without a snapshot, which costs nothing.
/// </summary>
internal sealed class SnapshotIdReserve(IPool pool) : IAsyncDisposable
{
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly CancellationTokenSource _closed = new();
    private ulong? _spare;
    private Task _refill = Task.CompletedTask;

    /// <summary>An id above <paramref name="above"/>.</summary>
    public async Task<ulong> TakeAsync(ulong above, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            ulong? spare = _spare;
            _spare = null;
            if (spare is null || spare <= above)
            {
                // An id that is too old for this image goes to waste; it names nothing.
                spare = await pool.CreateSnapshotIdAsync(cancellationToken);
            }

            return spare.Value;
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Makes sure that the next one is at hand; in the background.</summary>
    public void Refill()
    {
        if (_refill.IsCompleted && _spare is null && !_closed.IsCancellationRequested)
        {
            _refill = RefillAsync(_closed.Token);
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _closed.CancelAsync();
        await _refill;
        if (_spare is { } spare)
        {
            _spare = null;
            try
            {
                using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(2));
                await pool.RemoveSnapshotIdAsync(spare, patience.Token);
            }
            catch (Exception lost) when (lost is RadosException or OperationCanceledException)
            {
                // Then it stays behind.
            }
        }
    }

    private async Task RefillAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _turn.WaitAsync(cancellationToken);
            try
            {
                _spare ??= await pool.CreateSnapshotIdAsync(cancellationToken);
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception failed) when (failed is RadosException or OperationCanceledException)
        {
            // The next one is then made when it is needed, and tells the failure.
        }
    }
}
