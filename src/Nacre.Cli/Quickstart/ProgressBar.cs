namespace Nacre.Cli.Quickstart;

/// <summary>A bar that fills, on a terminal; a line per quarter elsewhere.</summary>
internal sealed class ProgressBar(string label, TextWriter writer, bool terminal)
{
    private const int Width = 40;

    private int _shown = -1;

    /// <summary>Shows how far it is; never goes back.</summary>
    public void Report(int percent, string note = "")
    {
        percent = Math.Clamp(Math.Max(percent, _shown), 0, 100);
        if (terminal)
        {
            int filled = percent * Width / 100;
            writer.Write($"\r  {label} [{new string('#', filled)}{new string('.', Width - filled)}] {percent,3}% {note,-24}");
        }
        else if (percent / 25 > _shown / 25 || _shown < 0)
        {
            writer.WriteLine($"  {label} {percent}% {note}".TrimEnd());
        }

        writer.Flush();
        _shown = percent;
    }

    /// <summary>Ends the line.</summary>
    public void Finish(string note)
    {
        Report(100, note);
        if (terminal)
        {
            writer.WriteLine();
        }
    }
}
