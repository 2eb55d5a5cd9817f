using Nacre.Cli.Ceph;
using Nacre.Cli.Quickstart;
using Nacre.Cli.Rbd;
using Nacre.Cli.RbdMirror;
using Nacre.Cli.Site;

namespace Nacre.Cli.Applications;

/// <summary>All applets, and what runs the one that is wanted.</summary>
internal static class AppletTable
{
    /// <summary>In the order of <c>nacre help</c>.</summary>
    public static IReadOnlyList<IApplet> All { get; } =
        [new QuickstartApplet(), new RbdApplet(), new CephApplet(), new RbdMirrorApplet(), new SiteApplet()];

    /// <summary>Runs an applet: the first word of the line, or the name that the program was called by.</summary>
    public static async Task<int> RunAsync(
        IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken, string? calledAs = null)
    {
        IApplet? applet = calledAs is null ? null : Find(calledAs);
        if (applet is null && arguments.Count > 0)
        {
            applet = Find(arguments[0]);
            arguments = applet is null ? arguments : [.. arguments.Skip(1)];
        }

        if (applet is null)
        {
            return ShowHelp(arguments, application);
        }

        return await RunAsync(applet, arguments, application, cancellationToken);
    }

    private static async Task<int> RunAsync(
        IApplet applet, IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        try
        {
            int code = await applet.RunAsync(arguments, application, cancellationToken);
            await application.Output.FlushAsync(CancellationToken.None);
            return code;
        }
        catch (Exception exception)
        {
            await TryFlushAsync(application.Output);
            if (ErrorReport.TryDescribe(exception, applet.Name, cancellationToken.IsCancellationRequested, out int code, out IReadOnlyList<string> lines))
            {
                foreach (string line in lines)
                {
                    await application.Error.WriteLineAsync(line);
                }

                return code;
            }

            throw;
        }
    }

    private static async Task TryFlushAsync(TextWriter output)
    {
        try
        {
            await output.FlushAsync(CancellationToken.None);
        }
        catch (IOException)
        {
            // The reader of a pipe has gone; the error being reported matters more.
        }
    }

    private static IApplet? Find(string name) => All.FirstOrDefault(applet => applet.Name == name);

    private static int ShowHelp(IReadOnlyList<string> arguments, ApplicationContext application)
    {
        bool asked = arguments.Count == 0 || arguments[0] is "help" or "-h" or "--help";
        if (arguments.Count > 0 && arguments[0] is "--version" or "-v" or "version")
        {
            application.Output.WriteLine(ProductVersion.Text("nacre"));
            application.Output.Flush();
            return 0;
        }

        TextWriter writer = asked ? application.Output : application.Error;
        if (!asked)
        {
            writer.WriteLine($"nacre: there is no '{arguments[0]}'");
            writer.WriteLine();
        }

        writer.WriteLine("usage: nacre <applet> ...");
        writer.WriteLine();
        foreach (IApplet applet in All)
        {
            writer.WriteLine($"  {applet.Name,-12}{applet.Description}");
        }

        writer.WriteLine();
        writer.WriteLine("'nacre <applet> --help' tells more. Called by a symlink named rbd, ceph or rbd-mirror, it is that applet.");
        writer.Flush();
        return asked ? 0 : 1;
    }
}
