namespace Nacre.Cli.Output;

/// <summary>Progress as Ceph's <c>rbd</c> shows it on standard error: <c>\rImporting image: 12% complete...</c>, a line that ends with "done." or "failed.".</summary>
public sealed class ProgressLine(TextWriter error, string what, bool enabled)
{
    private int _last = -1;

    /// <summary>Shows how much is done; prints only when the whole percent changes.</summary>
    public void Report(ulong done, ulong total)
    {
        int percent = total == 0 ? 0 : (int)(done * 100 / total);
        if (enabled && percent != Interlocked.Exchange(ref _last, percent))
        {
            error.Write($"\r{what}: {percent}% complete...");
        }
    }

    /// <summary>Ends the line.</summary>
    public void Finish()
    {
        if (enabled)
        {
            error.WriteLine($"\r{what}: 100% complete...done.");
        }
    }

    /// <summary>Ends the line.</summary>
    public void Fail()
    {
        if (enabled)
        {
            error.WriteLine($"\r{what}: {Math.Max(0, _last)}% complete...failed.");
        }
    }
}
