using Nacre.Cli.Application;

namespace Nacre.Cli.Applets;

/// <summary>A program within the program: <c>nacre NAME …</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Summary">What it does, in a line.</param>
/// <param name="RunAsync">Runs it with its arguments and returns the exit code.</param>
public sealed record Applet(string Name, string Summary, Func<ApplicationContext, IReadOnlyList<string>, Task<int>> RunAsync);

/// <summary>The applets, one line each; they live in folders beside this file.</summary>
public static class AppletTable
{
    /// <summary>All applets in the order of the help.</summary>
    public static IReadOnlyList<Applet> All { get; } =
    [
        new("rbd", "manage images and their mirroring (Ceph's rbd)", Rbd.RbdApplet.RunAsync),
    ];

    /// <summary>Runs the applet that the first argument names.</summary>
    public static async Task<int> RunAsync(ApplicationContext context, IReadOnlyList<string> arguments)
    {
        if (arguments.Count > 0 && All.FirstOrDefault(a => a.Name == arguments[0]) is { } applet)
        {
            return await applet.RunAsync(context, arguments.Skip(1).ToList());
        }

        bool asked = arguments.Count == 0 || arguments[0] is "help" or "-h" or "--help";
        TextWriter output = asked ? context.Output : context.Error;
        if (!asked)
        {
            output.WriteLine($"nacre: there is no applet '{arguments[0]}'\n");
        }

        output.WriteLine("usage: nacre <applet> ...\n\nRBD mirroring: keeps images on one site and a copy on another.\n\nApplets:");
        foreach (Applet entry in All)
        {
            output.WriteLine($"  {entry.Name,-14}{entry.Summary}");
        }

        output.WriteLine("\nSee 'nacre <applet> help'. With bin/ first on the PATH, rbd, ceph and rbd-mirror are Nacre's.");
        return asked ? 0 : 1;
    }
}
