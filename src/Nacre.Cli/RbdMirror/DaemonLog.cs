using System.Globalization;
using Microsoft.Extensions.Logging;

namespace Nacre.Cli.RbdMirror;

/// <summary>A log of one line per event: time, level, text. Written at once, so that the last line before a death is there.</summary>
internal sealed class DaemonLog(TextWriter writer, LogLevel least, TimeProvider time) : ILogger, IDisposable
{
    private readonly Lock _lock = new();

    /// <summary>To a file, appended; or to standard error.</summary>
    public static DaemonLog Open(string? path, TextWriter standardError, bool verbose, TimeProvider time)
    {
        TextWriter writer = string.IsNullOrEmpty(path)
            ? TextWriter.Synchronized(standardError)
            : new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete)) { AutoFlush = true };
        return new DaemonLog(writer, verbose ? LogLevel.Debug : LogLevel.Information, time);
    }

    /// <inheritdoc/>
    public bool IsEnabled(LogLevel logLevel) => logLevel >= least;

    /// <inheritdoc/>
    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        string level = logLevel switch { LogLevel.Error or LogLevel.Critical => "ERROR", LogLevel.Warning => "WARN", LogLevel.Debug => "DEBUG", _ => "INFO" };
        string text = string.Create(
            CultureInfo.InvariantCulture, $"{time.GetLocalNow():yyyy-MM-ddTHH:mm:ss.fffzzz} {level} {formatter(state, exception)}");
        lock (_lock)
        {
            writer.WriteLine(exception is null ? text : $"{text}\n{exception}");
        }
    }

    /// <inheritdoc/>
    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    /// <inheritdoc/>
    public void Dispose() => writer.Flush();
}
