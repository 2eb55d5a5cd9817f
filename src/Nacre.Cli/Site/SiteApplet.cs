using System.Diagnostics;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Runtime.InteropServices;
using Nacre.Cli.Applications;
using Nacre.Rados;

namespace Nacre.Cli.Site;

/// <summary><c>site create|start|stop|status DIR/NAME</c>.</summary>
internal sealed partial class SiteApplet : IApplet
{
    private const string Usage = """
        usage: nacre site create DIR/NAME [--address IP] [--port N] [--host NAME]
                   a new embedded site: DIR/NAME, DIR/NAME.conf, DIR/NAME.client.admin.keyring. It listens at 127.0.0.1 and a free port
                   unless told; --host is what clients are told, where that is not the address
               nacre site start DIR/NAME     starts it in the background and waits until it serves
               nacre site stop DIR/NAME      stops it
               nacre site status DIR/NAME    says whether it runs; exit code 3 where it does not
        """;

    private const int NotRunning = 3; // as systemctl says it
    private static readonly TimeSpan _startTimeout = TimeSpan.FromSeconds(120);
    private static readonly TimeSpan _stopTimeout = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan _poll = TimeSpan.FromMilliseconds(50);

    /// <inheritdoc/>
    public string Name => "site";

    /// <inheritdoc/>
    public string Description => "embedded sites: create, start, stop, status";

    /// <inheritdoc/>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        string[] words = [.. arguments];
        switch (words)
        {
            case ["create", var path, .. var options]:
                return await CreateAsync(SiteFiles.From(path), options, application, cancellationToken);
            case ["start", var path]:
                return await StartAsync(SiteFiles.From(path), application, cancellationToken);
            case ["stop", var path]:
                return await StopAsync(SiteFiles.From(path), application, cancellationToken);
            case ["status", var path]:
                return await StatusAsync(SiteFiles.From(path), application);
            default:
                bool asked = words is ["--help" or "-h" or "help", ..];
                await (asked ? application.Output : application.Error).WriteLineAsync(Usage);
                return asked ? 0 : Errno.EINVAL;
        }
    }

    private static async Task<int> CreateAsync(
        SiteFiles site, IReadOnlyList<string> options, ApplicationContext application, CancellationToken cancellationToken)
    {
        using Process process = SiteProgram.Prepare(application, ["create", site.Data, .. options]);
        process.Start();
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        await process.WaitForExitAsync(cancellationToken);
        await application.Error.WriteAsync(await error);
        if (process.ExitCode == 0)
        {
            await application.Output.WriteLineAsync($"created site {site.Name}: {site.Conf}");
        }

        return process.ExitCode;
    }

    private static async Task<int> StartAsync(SiteFiles site, ApplicationContext application, CancellationToken cancellationToken)
    {
        site.DemandSite();
        if (site.RunningPid() is not null)
        {
            await application.Output.WriteLineAsync($"site {site.Name} is running already");
            return 0;
        }

        (IPEndPoint endPoint, _) = site.ReadSettings();
        using Process process = SiteProgram.Prepare(application, ["run", site.Data, "--detached"]);
        process.Start();
        process.StandardInput.Close();
        Task<string> error = process.StandardError.ReadToEndAsync(cancellationToken);
        long started = application.Time.GetTimestamp();
        while (!await AnswersAsync(endPoint, cancellationToken) || site.RunningPid() is null)
        {
            if (process.HasExited)
            {
                // What it said on standard error is why; its log, where it got that far, says more.
                throw new CommandFailedException(Math.Max(1, process.ExitCode), $"{(await error).TrimEnd()}\n{site.LogTail()}".Trim());
            }

            if (application.Time.GetElapsedTime(started) > _startTimeout)
            {
                throw new CommandFailedException(Errno.ETIMEDOUT, $"nacre site: {site.Name} does not serve yet; see {site.Log}");
            }

            await Task.Delay(_poll, application.Time, cancellationToken);
        }

        await application.Output.WriteLineAsync($"site {site.Name} serves at https://{endPoint} (pid {process.Id})");
        return 0;
    }

    private static async Task<int> StopAsync(SiteFiles site, ApplicationContext application, CancellationToken cancellationToken)
    {
        site.DemandSite();
        if (site.RunningPid() is not { } pid)
        {
            await application.Output.WriteLineAsync($"site {site.Name} is not running");
            return 0;
        }

        if (pid > 0)
        {
            _ = Kill(pid, 15);
        }

        long started = application.Time.GetTimestamp();
        while (site.RunningPid() is not null)
        {
            if (application.Time.GetElapsedTime(started) > _stopTimeout)
            {
                throw new CommandFailedException(Errno.ETIMEDOUT, $"nacre site: {site.Name} (pid {pid}) does not stop; see {site.Log}");
            }

            await Task.Delay(_poll, application.Time, cancellationToken);
        }

        await application.Output.WriteLineAsync($"site {site.Name} stopped");
        return 0;
    }

    private static async Task<int> StatusAsync(SiteFiles site, ApplicationContext application)
    {
        site.DemandSite();
        (IPEndPoint endPoint, string fsid) = site.ReadSettings();
        int? pid = site.RunningPid();
        string state = pid is null ? "stopped" : string.Create(CultureInfo.InvariantCulture, $"running (pid {pid})");
        await application.Output.WriteLineAsync(
            $"site {site.Name}: {state}\n  fsid: {fsid}\n  mon host: https://{endPoint}\n  conf: {site.Conf}\n  data: {site.Data}");
        return pid is null ? NotRunning : 0;
    }

    private static async Task<bool> AnswersAsync(IPEndPoint endPoint, CancellationToken cancellationToken)
    {
        IPEndPoint target = endPoint.Address.Equals(IPAddress.Any) ? new IPEndPoint(IPAddress.Loopback, endPoint.Port)
            : endPoint.Address.Equals(IPAddress.IPv6Any) ? new IPEndPoint(IPAddress.IPv6Loopback, endPoint.Port)
            : endPoint;
        using var socket = new Socket(target.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            await socket.ConnectAsync(target, cancellationToken);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    [LibraryImport("libc", EntryPoint = "kill", SetLastError = true)]
    private static partial int Kill(int pid, int signal);
}
