using System.Diagnostics;
using Nacre.Cli.Applications;
using Nacre.Rados;

namespace Nacre.Cli.Site;

/// <summary>The server's executable, which lies beside this one: the command line itself has no store in it.</summary>
internal static class SiteProgram
{
    private const string Variable = "NACRE_SITE_PROGRAM";

    /// <summary>A process that will run it.</summary>
    public static Process Prepare(ApplicationContext application, IEnumerable<string> arguments)
    {
        string program = Find(application);
        bool needsHost = program.EndsWith(".dll", StringComparison.Ordinal);
        var start = new ProcessStartInfo(needsHost ? "dotnet" : program)
        {
            UseShellExecute = false,
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        if (needsHost)
        {
            start.ArgumentList.Add(program);
        }

        foreach (string argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        return new Process { StartInfo = start };
    }

    private static string Find(ApplicationContext application)
    {
        if (application.Environment(Variable) is { Length: > 0 } given)
        {
            return given;
        }

        string own = AppContext.BaseDirectory;
        string configuration = Path.GetFileName(own.TrimEnd('/'));
        string[] candidates =
        [
            Path.Combine(own, "Nacre.Site"),
            Path.Combine(own, "Nacre.Site.dll"),
            Path.Combine(own, "..", "..", "Nacre.Site", configuration, "Nacre.Site.dll"), // as built, not as published
        ];
        return candidates.FirstOrDefault(File.Exists)
            ?? throw new CommandFailedException(Errno.ENOENT, $"nacre site: the server program Nacre.Site is not beside {own}; set {Variable} to where it is");
    }
}
