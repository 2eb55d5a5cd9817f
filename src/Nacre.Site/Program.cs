using System.Runtime.InteropServices;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Site.Hosting;

// nacre-site create DIR/NAME [--address IP] [--port N] [--host NAME]
// nacre-site run DIR/NAME [--detached]
try
{
    switch (args)
    {
        case ["create", var path, .. var options]:
            await SiteCreation.CreateAsync(
                SiteLayout.From(path), Option(options, "--address") ?? "127.0.0.1", Port(Option(options, "--port")), TimeProvider.System,
                CancellationToken.None, Option(options, "--host"));
            return 0;
        case ["run", var path, .. var options]:
            await RunAsync(SiteLayout.From(path), options.Contains("--detached"));
            return 0;
        default:
            Console.Error.WriteLine("usage: nacre-site create DIR/NAME [--address IP] [--port N] [--host NAME]\n       nacre-site run DIR/NAME [--detached]");
            return Errno.EINVAL;
    }
}
catch (RadosException e)
{
    Console.Error.WriteLine($"nacre site: {e.Message}");
    return e.Code;
}
catch (Exception e) when (e is IOException or UnauthorizedAccessException)
{
    Console.Error.WriteLine($"nacre site: {e.Message}");
    return Errno.EIO;
}

static async Task RunAsync(SiteLayout layout, bool detached)
{
    if (detached)
    {
        _ = Native.SetSession(); // no terminal's hang-up concerns it
    }

    if (!Directory.Exists(layout.Data))
    {
        throw new RadosException(Errno.ENOENT, $"there is no site at {layout.Data}; make one with 'nacre site create {layout.Data}'");
    }

    using var log = new FileLoggerProvider(layout.Log, TimeProvider.System);
    IReadOnlyList<ObjectClass> classes = Nacre.ObjectClasses.RbdObjectClasses.All;
    await using SiteServer server = await SiteServer.StartAsync(layout, classes, TimeProvider.System, log, CancellationToken.None);

    // Not the host's own way of waiting: that waits for clients to go, who do not while their sessions live.
    var stopping = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
    await using CancellationTokenRegistration registration = server.Application.Lifetime.ApplicationStopping.Register(stopping.SetResult);
    await stopping.Task;
}

static string? Option(string[] options, string name)
{
    int at = Array.IndexOf(options, name);
    return at < 0 ? null
        : at + 1 < options.Length ? options[at + 1]
        : throw new RadosException(Errno.EINVAL, $"{name} needs a value");
}

static int? Port(string? text) => text is null ? null
    : int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int port) && port is > 0 and < 65536 ? port
    : throw new RadosException(Errno.EINVAL, $"'{text}' is no port");

internal static partial class Native
{
    [LibraryImport("libc", EntryPoint = "setsid", SetLastError = true)]
    public static partial int SetSession();
}
