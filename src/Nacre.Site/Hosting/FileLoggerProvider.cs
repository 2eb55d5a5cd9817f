using System.Globalization;

namespace Nacre.Site.Hosting;

/// <summary>The site's log: one line per entry. A log that has grown large is moved aside when the site starts.</summary>
internal sealed class FileLoggerProvider : ILoggerProvider
{
    private const long LargeLog = 32 << 20;

    private readonly TimeProvider _time;
    private readonly StreamWriter _writer;
    private readonly Lock _gate = new();

    public FileLoggerProvider(string path, TimeProvider time)
    {
        _time = time;
        if (new FileInfo(path) is { Exists: true, Length: > LargeLog })
        {
            File.Move(path, path + ".1", overwrite: true);
        }

        _writer = new StreamWriter(new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite)) { AutoFlush = true };
    }

    public ILogger CreateLogger(string categoryName) => new FileLogger(this, categoryName[(categoryName.LastIndexOf('.') + 1)..]);

    public void Dispose()
    {
        lock (_gate)
        {
            _writer.Dispose();
        }
    }

    private void Write(LogLevel level, string category, string message, Exception? exception)
    {
        string line = string.Create(
            CultureInfo.InvariantCulture,
            $"{_time.GetUtcNow():yyyy-MM-dd'T'HH:mm:ss.fff'Z'} {level.ToString()[..4].ToUpperInvariant()} {category}: {message.ReplaceLineEndings(" ")}");
        lock (_gate)
        {
            try
            {
                _writer.WriteLine(line);
                if (exception is not null)
                {
                    _writer.WriteLine(exception);
                }
            }
            catch (Exception e) when (e is IOException or ObjectDisposedException)
            {
                // A full disk must not take the site down by way of its log.
            }
        }
    }

    private sealed class FileLogger(FileLoggerProvider provider, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                provider.Write(logLevel, category, formatter(state, exception), exception);
            }
        }
    }
}
