using System.Runtime.InteropServices;
using Nacre.Cli.Applications;

// argv[0] is not passed on by the dotnet host: ./nacre gives the name of a symlink as the first argument instead.
string? calledAs = Path.GetFileName(Environment.GetCommandLineArgs()[0]) is "rbd" or "ceph" or "rbd-mirror"
    ? Path.GetFileName(Environment.GetCommandLineArgs()[0])
    : null;
using var stop = new CancellationTokenSource();

// The first signal asks to stop; a second one, if that does not help, ends the process as it would any other.
void Stop(PosixSignalContext signal)
{
    if (!stop.IsCancellationRequested)
    {
        signal.Cancel = true;
        stop.Cancel();
    }
}

using PosixSignalRegistration interrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using PosixSignalRegistration terminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);
return await AppletTable.RunAsync(args, ApplicationContext.ForProcess(), stop.Token, calledAs);
