using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;

namespace Nacre.Mirroring.Daemon.Copying;

/// <summary>Copies the objects of an image, many at once but never more than a budget of bytes, and knows below which number all are done.</summary>
internal sealed class ImageCopier
{
    /// <summary>How far beyond the mark an interrupted attempt can have got: no attempt has more objects under way.</summary>
    private const int ResumeWindow = 512;

    private readonly CopyJob _job;
    private readonly ObjectCopier _copier;
    private readonly int _parallel;
    private readonly Action<ulong, ObjectMapState[]> _copied;
    private readonly Lock _lock = new();
    private readonly SortedSet<ulong> _underWay = [];
    private ulong _next;
    private int _checked;

    /// <param name="job">What to copy.</param>
    /// <param name="copier">Copies one object.</param>
    /// <param name="parallel">Objects at once, at most.</param>
    /// <param name="copied">Told of each object that was copied in this attempt, with its states; calls do not overlap.</param>
    public ImageCopier(CopyJob job, ObjectCopier copier, int parallel, Action<ulong, ObjectMapState[]> copied)
    {
        _job = job;
        _copier = copier;
        _parallel = parallel;
        _copied = copied;
        _next = job.FirstObject;
    }

    /// <summary>All objects below are done.</summary>
    public ulong Done
    {
        get
        {
            lock (_lock)
            {
                return _underWay.Count > 0 ? _underWay.Min : _next;
            }
        }
    }

    /// <summary>Copies all. The first failure ends it.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var failed = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var workers = new Task[_parallel];
        for (int i = 0; i < workers.Length; i++)
        {
            workers[i] = WorkAsync(failed);
        }

        try
        {
            await Task.WhenAll(workers);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            // One worker failed and stopped the others: its error is the one to tell.
            throw workers.FirstOrDefault(w => w.IsFaulted)?.Exception?.InnerException ?? new OperationCanceledException();
        }
    }

    /// <summary>Copies all, and has it marked now and then how far it is: one less than is done, since Ceph's daemon goes on one object behind the mark.</summary>
    /// <param name="interval">How often.</param>
    /// <param name="time">The clock.</param>
    /// <param name="mark">Makes a mark. It only saves work, so its failure does not matter.</param>
    /// <param name="progress">Told each time below which object all are done.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public async Task RunMarkedAsync(
        TimeSpan interval, TimeProvider time, Func<ulong, CancellationToken, Task> mark, Action<ulong>? progress, CancellationToken cancellationToken)
    {
        using var marking = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        Task marks = MarkAsync(interval, time, mark, progress, marking.Token);
        try
        {
            await RunAsync(cancellationToken);
        }
        finally
        {
            await marking.CancelAsync();
            await marks;
        }
    }

    private async Task MarkAsync(
        TimeSpan interval, TimeProvider time, Func<ulong, CancellationToken, Task> mark, Action<ulong>? progress, CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(interval, time);
        ulong marked = _job.FirstObject;
        try
        {
            while (await timer.WaitForNextTickAsync(cancellationToken))
            {
                ulong done = Done;
                progress?.Invoke(done);
                if (done > marked + 1)
                {
                    marked = done - 1;
                    await mark(marked, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException)
        {
            // The copy is over.
        }
        catch (RadosException)
        {
            // A real failure the copy meets by itself.
        }
    }

    private async Task WorkAsync(CancellationTokenSource failed)
    {
        var states = new ObjectMapState[_job.Steps.Count];
        try
        {
            while (TryTake(out ulong number, out bool mayBeDone))
            {
                failed.Token.ThrowIfCancellationRequested();
                bool done = mayBeDone && await _copier.IsCopiedAsync(number, failed.Token);
                if (!done)
                {
                    await _copier.CopyAsync(number, states, failed.Token);
                }

                lock (_lock)
                {
                    _underWay.Remove(number);
                    if (!done)
                    {
                        _copied(number, states);
                    }
                }
            }
        }
        catch
        {
            await failed.CancelAsync();
            throw;
        }
    }

    private bool TryTake(out ulong number, out bool mayBeDone)
    {
        lock (_lock)
        {
            while (_next < _job.Plan.ObjectCount && !_job.Plan.MustLook(_next))
            {
                _next++;
            }

            number = _next;
            if (_next >= _job.Plan.ObjectCount)
            {
                mayBeDone = false;
                return false;
            }

            _next++;
            _underWay.Add(number);
            mayBeDone = _job.IsResumed && _checked++ < ResumeWindow;
            return true;
        }
    }
}
