using System.Text;
using Microsoft.Extensions.Logging;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>Keeps what a daemon logs, for assertions and for failures.</summary>
internal sealed class TestLog : ILogger
{
    private readonly StringBuilder _text = new();

    public string Text
    {
        get
        {
            lock (_text)
            {
                return _text.ToString();
            }
        }
    }

    public IDisposable? BeginScope<TState>(TState state) where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Information;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (IsEnabled(logLevel))
        {
            lock (_text)
            {
                _text.Append(logLevel).Append(' ').AppendLine(formatter(state, exception));
                if (exception is not null)
                {
                    _text.AppendLine(exception.ToString());
                }
            }
        }
    }
}
