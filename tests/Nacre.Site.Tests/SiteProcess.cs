using System.Net.Sockets;
using Nacre.Site.Hosting;
using Nacre.Testing;
using Nacre.Testing.Processes;

namespace Nacre.Site.Tests;

/// <summary>A site served by a process of its own, which tests may kill or freeze.</summary>
internal sealed class SiteProcess : IAsyncDisposable
{
    private readonly ChildProcess _process;

    private SiteProcess(ChildProcess process) => _process = process;

    public static async Task<SiteProcess> StartAsync(SiteLayout layout)
    {
        string program = Path.Combine(AppContext.BaseDirectory, "Nacre.Site.dll");
        ChildProcess process = ChildProcess.Start("site", "dotnet", [program, "run", layout.Data], layout.Data);
        SiteSettings settings = await SiteSettings.LoadAsync(layout, CancellationToken.None);
        await Eventually.BecomesAsync(
            async () =>
            {
                using var socket = new Socket(SocketType.Stream, ProtocolType.Tcp);
                try
                {
                    await socket.ConnectAsync(settings.EndPoint);
                    return "up";
                }
                catch (SocketException e)
                {
                    return e.Message + process.OutputTail;
                }
            },
            state => state == "up",
            "the site's start");
        return new SiteProcess(process);
    }

    public Task SignalAsync(string signal) => _process.SignalAsync(signal);

    /// <summary>Asks it to stop, as an operator does, and returns its exit code.</summary>
    public Task<int> StopAsync(TimeSpan bound) => _process.TerminateAsync(bound);

    public async Task KillAsync() => await _process.DisposeAsync();

    public ValueTask DisposeAsync() => _process.DisposeAsync();
}
