namespace Nacre.Rbd;

/// <summary>Many requests, a bounded number of them under way at once.</summary>
internal static class BoundedWork
{
    /// <summary>Does all; after a failure no more are begun, and the first one is thrown when those under way have ended.</summary>
    public static async Task ForEachAsync<T>(IEnumerable<T> items, int limit, Func<T, CancellationToken, ValueTask> work, CancellationToken cancellationToken)
    {
        using IEnumerator<T> source = items.GetEnumerator();
        var sync = new Lock();
        Exception? failure = null;

        async Task RunAsync()
        {
            while (true)
            {
                T item;
                lock (sync)
                {
                    if (failure is not null || cancellationToken.IsCancellationRequested || !source.MoveNext())
                    {
                        return;
                    }

                    item = source.Current;
                }

                try
                {
                    await work(item, cancellationToken);
                }
                catch (Exception exception)
                {
                    lock (sync)
                    {
                        failure ??= exception;
                    }
                }
            }
        }

        var workers = new Task[limit];
        for (int i = 0; i < limit; i++)
        {
            workers[i] = RunAsync();
        }

        await Task.WhenAll(workers);
        if (failure is not null)
        {
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Throw(failure);
        }

        cancellationToken.ThrowIfCancellationRequested();
    }

    /// <summary>Tells progress after each of a known number of items.</summary>
    public static async Task ForEachAsync(
        ulong first, ulong end, int limit, IProgress<OperationProgress>? progress, Func<ulong, CancellationToken, ValueTask> work,
        CancellationToken cancellationToken)
    {
        ulong done = 0;
        await ForEachAsync(
            Numbers(first, end), limit,
            async (number, token) =>
            {
                await work(number, token);
                progress?.Report(new OperationProgress(Interlocked.Increment(ref done), end - first));
            },
            cancellationToken);
    }

    private static IEnumerable<ulong> Numbers(ulong first, ulong end)
    {
        for (ulong number = first; number < end; number++)
        {
            yield return number;
        }
    }
}
