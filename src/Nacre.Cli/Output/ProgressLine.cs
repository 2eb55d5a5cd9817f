namespace Nacre.Cli.Output;

/// <summary>rbd's progress on standard error: <c>\rExporting image: 12% complete...</c>. Safe to report from several threads.</summary>
internal sealed class ProgressLine(string operation, TextWriter? writer) : IProgress<(ulong Done, ulong Total)>
{
    private readonly Lock _lock = new();
    private int _percent;

    /// <summary>Shows how far it is, where a further percent was reached.</summary>
    public void Report((ulong Done, ulong Total) value) => Report(value.Done, value.Total);

    /// <summary>Shows how far it is, where a further percent was reached.</summary>
    public void Report(ulong done, ulong total)
    {
        int percent = total == 0 ? 0 : (int)(UInt128.Min(done, total) * 100 / total);
        lock (_lock)
        {
            if (percent > _percent)
            {
                _percent = percent;
                writer?.Write($"\r{operation}: {percent}% complete...");
            }
        }
    }

    /// <summary>It is done.</summary>
    public void Finish() => writer?.Write($"\r{operation}: 100% complete...done.\n");

    /// <summary>It failed.</summary>
    public void Fail() => writer?.Write($"\r{operation}: {_percent}% complete...failed.\n");
}
