namespace Nacre.Rbd;

/// <summary>Owns work that nobody awaits at once, so that closing waits for it and failures are told.</summary>
internal sealed class BackgroundTasks(Action<string> log)
{
    private readonly Lock _sync = new();
    private readonly HashSet<Task> _running = [];
    private readonly CancellationTokenSource _stopping = new();

    /// <summary>Cancelled when closing begins.</summary>
    public CancellationToken Stopping => _stopping.Token;

    /// <summary>Starts work; does nothing once stopping.</summary>
    public void Start(string what, Func<CancellationToken, Task> work)
    {
        lock (_sync)
        {
            if (_stopping.IsCancellationRequested)
            {
                return;
            }

            Task task = Task.Run(() => RunAsync(what, work), CancellationToken.None);
            _running.Add(task);
            task.ContinueWith(
                ended =>
                {
                    lock (_sync)
                    {
                        _running.Remove(ended);
                    }
                },
                CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
    }

    /// <summary>Cancels all and waits for their ends.</summary>
    public async Task StopAsync()
    {
        await _stopping.CancelAsync();
        Task[] left;
        lock (_sync)
        {
            left = [.. _running];
        }

        await Task.WhenAll(left);
    }

    private async Task RunAsync(string what, Func<CancellationToken, Task> work)
    {
        try
        {
            await work(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // Closing.
        }
        catch (Exception exception)
        {
            log($"{what} failed: {exception.Message}");
        }
    }
}
