namespace Nacre.Mirroring.Daemon.Status;

/// <summary>How fast an image's source was read lately: over the last thirty seconds, and over the last ten snapshots.</summary>
internal sealed class ReplayRates(TimeProvider time)
{
    private const int Seconds = 30;
    private const int Snapshots = 10;

    private readonly Lock _lock = new();
    private readonly long[] _bytes = new long[Seconds];
    private readonly Queue<ulong> _snapshotBytes = new();
    private readonly long _begun = time.GetTimestamp();
    private long _second;
    private ulong _current;

    /// <summary>Bytes of the snapshot that is being copied.</summary>
    public ulong CurrentBytes
    {
        get
        {
            lock (_lock)
            {
                return _current;
            }
        }
    }

    /// <summary>Bytes and seconds of the last copy.</summary>
    public (ulong Bytes, ulong Seconds) Last { get; private set; }

    /// <summary>Bytes were read from the source.</summary>
    public void Read(ulong bytes)
    {
        lock (_lock)
        {
            Advance();
            _bytes[_second % Seconds] += (long)bytes;
            _current += bytes;
        }
    }

    /// <summary>A copy begins.</summary>
    public void Begin()
    {
        lock (_lock)
        {
            _current = 0;
        }
    }

    /// <summary>A copy is complete.</summary>
    public void Complete(TimeSpan duration)
    {
        lock (_lock)
        {
            _snapshotBytes.Enqueue(_current);
            if (_snapshotBytes.Count > Snapshots)
            {
                _snapshotBytes.Dequeue();
            }

            Last = (_current, (ulong)Math.Max(0, duration.TotalSeconds));
        }
    }

    /// <summary>Bytes per second.</summary>
    public double BytesPerSecond
    {
        get
        {
            lock (_lock)
            {
                Advance();
                return _bytes.Sum() / (double)Math.Clamp(_second + 1, 1, Seconds);
            }
        }
    }

    /// <summary>Bytes per snapshot.</summary>
    public double BytesPerSnapshot
    {
        get
        {
            lock (_lock)
            {
                return _snapshotBytes.Count == 0 ? 0 : _snapshotBytes.Average(b => (double)b);
            }
        }
    }

    private void Advance()
    {
        long now = (long)time.GetElapsedTime(_begun).TotalSeconds;
        for (long second = Math.Max(_second + 1, now - Seconds + 1); second <= now; second++)
        {
            _bytes[second % Seconds] = 0;
        }

        _second = now;
    }
}
