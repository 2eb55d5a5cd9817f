using Nacre.ObjectClasses.Rbd;

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
