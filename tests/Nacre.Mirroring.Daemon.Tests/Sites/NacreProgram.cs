using System.Reflection;
using Nacre.Testing.Processes;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>The program that users run, as they run it.</summary>
internal static class NacreProgram
{
    private static readonly string _path = Path.Combine(AppContext.BaseDirectory, "nacre.dll");

    private static readonly Dictionary<string, string> _environment = new()
    {
        ["NACRE_SITE_PROGRAM"] = typeof(NacreProgram).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "SiteProgram").Value!,
    };

    /// <summary>Runs a command in a directory, which must succeed, and returns what it printed.</summary>
    public static async Task<string> RunAsync(string directory, params string[] arguments) =>
        (await CommandRunner.RunAsync("dotnet", [_path, .. arguments], directory, environment: _environment)).EnsureSuccess().Output;

    /// <summary>Starts the daemon of a site.</summary>
    public static ChildProcess StartDaemon(string directory, string site) =>
        ChildProcess.Start("nacre rbd-mirror", "dotnet", [_path, "rbd-mirror", "--cluster", site, "-f"], directory);
}
