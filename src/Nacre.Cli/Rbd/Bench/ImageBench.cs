using System.Globalization;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Bench;

/// <summary>Where requests go.</summary>
internal enum BenchPattern
{
    /// <summary>Each thread from a random place onwards.</summary>
    Sequential,
    /// <summary>Anywhere.</summary>
    Random,
    /// <summary>All threads together from the image's start onwards.</summary>
    FullSequential,
}

/// <summary>One run of requests against an image.</summary>
internal sealed class ImageBench(Image image, TextWriter output, TimeProvider time)
{
    private const int Window = 5;

    private readonly Lock _lock = new();
    private readonly Queue<(double Seconds, double Operations, double Bytes)> _window = new();
    private readonly Random _random = new();
    private ulong _issued;
    private long _operations;
    private long _reads;
    private long _shownOperations;
    private TimeSpan _shownAt;
    private ulong _nextInOrder;
    private long _start;
    private RadosException? _failure;
    private bool _failedReading;

    /// <summary>Percent of reads.</summary>
    public required int ReadShare { get; init; }
    /// <summary>read, write or readwrite, for the heading.</summary>
    public required string Type { get; init; }
    /// <summary>Bytes of a request.</summary>
    public required int IoSize { get; init; }
    /// <summary>Requests under way at once.</summary>
    public required int Threads { get; init; }
    /// <summary>Bytes in all.</summary>
    public required ulong TotalBytes { get; init; }
    /// <summary>Where requests go.</summary>
    public required BenchPattern Pattern { get; init; }

    /// <summary>Runs it and prints as it goes.</summary>
    public async Task<int> RunAsync(CancellationToken cancellationToken)
    {
        string pattern = Pattern switch { BenchPattern.Random => "random", BenchPattern.FullSequential => "full sequential", _ => "sequential" };
        string mix = Type == "readwrite" ? $" read:write={ReadShare}:{100 - ReadShare}" : "";
        output.Write($"bench  type {Type}{mix} io_size {IoSize} io_threads {Threads} bytes {TotalBytes} pattern {pattern}\n");
        output.Write("  SEC       OPS   OPS/SEC   BYTES/SEC\n");
        await output.FlushAsync(cancellationToken);
        _start = time.GetTimestamp();
        await Task.WhenAll(Enumerable.Range(0, Threads).Select(_ => WorkAsync(cancellationToken)));
        if (_failure is not null)
        {
            output.Write($"{(_failedReading ? "read" : "write")} error: {Errno.Describe(_failure.Code)}\n");
            return _failure.Code;
        }

        await image.FlushAsync(cancellationToken);
        Summarize(time.GetElapsedTime(_start).TotalSeconds);
        return 0;
    }

    private async Task WorkAsync(CancellationToken cancellationToken)
    {
        await Task.Yield();
        byte[] buffer = new byte[IoSize];
        Array.Fill(buffer, (byte)_random.Next(1, 256));
        ulong blocks = image.Size / (ulong)IoSize;
        ulong position = (ulong)NextRandom((long)blocks) * (ulong)IoSize;
        while (TryBegin())
        {
            position = NextOffset(position, blocks);
            bool read = ReadShare == 100 || (ReadShare > 0 && NextRandom(100) < ReadShare);
            try
            {
                await (read ? image.ReadAsync(position, buffer, cancellationToken) : image.WriteAsync(position, buffer, cancellationToken));
            }
            catch (RadosException exception)
            {
                lock (_lock)
                {
                    (_failure, _failedReading) = (_failure ?? exception, read);
                }

                return;
            }

            Complete(read);
        }
    }

    private long NextRandom(long below)
    {
        lock (_lock)
        {
            return _random.NextInt64(below);
        }
    }

    private bool TryBegin()
    {
        lock (_lock)
        {
            if (_failure is not null || _issued >= TotalBytes)
            {
                return false;
            }

            _issued += (ulong)IoSize;
            return true;
        }
    }

    private ulong NextOffset(ulong position, ulong blocks)
    {
        switch (Pattern)
        {
            case BenchPattern.Random:
                return (ulong)NextRandom((long)blocks) * (ulong)IoSize;
            case BenchPattern.FullSequential:
                lock (_lock)
                {
                    ulong mine = _nextInOrder;
                    _nextInOrder = (_nextInOrder + 1) % blocks;
                    return mine * (ulong)IoSize;
                }

            default:
                position += (ulong)IoSize;
                return position + (ulong)IoSize > image.Size ? 0 : position;
        }
    }

    private void Complete(bool read)
    {
        lock (_lock)
        {
            _operations++;
            _reads += read ? 1 : 0;
            TimeSpan elapsed = time.GetElapsedTime(_start);
            if ((long)elapsed.TotalSeconds == (long)_shownAt.TotalSeconds)
            {
                return;
            }

            long operations = _operations - _shownOperations;
            _window.Enqueue(((elapsed - _shownAt).TotalSeconds, operations, (double)operations * IoSize));
            while (_window.Count > Window)
            {
                _window.Dequeue();
            }

            double seconds = _window.Sum(entry => entry.Seconds);
            string rate = Number(_window.Sum(entry => entry.Operations) / seconds);
            string bytes = ByteSize.Format((ulong)(_window.Sum(entry => entry.Bytes) / seconds));
            output.Write($"{(long)elapsed.TotalSeconds,5}  {_operations,8}  {rate,8}  {bytes,8}/s\n");
            output.Flush();
            (_shownAt, _shownOperations) = (elapsed, _operations);
        }
    }

    private void Summarize(double seconds)
    {
        output.Write(
            $"elapsed: {(long)seconds}   ops: {_operations}   ops/sec: {Number(_operations / seconds)}   bytes/sec: {Rate(_operations, seconds)}/s\n");
        if (Type == "readwrite")
        {
            long writes = _operations - _reads;
            output.Write($"read_ops: {_reads}   read_ops/sec: {Number(_reads / seconds)}   read_bytes/sec: {Rate(_reads, seconds)}/s\n");
            output.Write($"write_ops: {writes}   write_ops/sec: {Number(writes / seconds)}   write_bytes/sec: {Rate(writes, seconds)}/s\n");
        }
    }

    private string Rate(long operations, double seconds) => ByteSize.Format((ulong)(operations * (double)IoSize / seconds));

    private static string Number(double value) => value.ToString("G6", CultureInfo.InvariantCulture);
}
