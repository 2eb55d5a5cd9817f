using System.Globalization;
using System.Text;
using Nacre.Cli.Applications;
using Nacre.Cli.Rbd.Transfer;
using Nacre.Journal.Formats;
using Nacre.Journal.Reading;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>rbd journal inspect and export: what is not committed by every client yet, read as a client.</summary>
internal static class JournalReadCommands
{
    /// <summary>Decodes every entry.</summary>
    public static async Task<int> InspectAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        bool isVerbose = context.Arguments.Has("verbose");
        int total = 0;
        int errors = 0;
        int worst = 0;
        var run = new JournalClientRun(context, pool, spec.Image, "INSPECT");
        int code = 0;
        try
        {
            code = await run.PlayAsync(
                (entry, number) =>
                {
                    total++;
                    context.Output.Write(isVerbose ? $"Entry: tag_id={entry.Entry.TagTid}, commit_tid={number}\n" : "");
                    if (TryDecode(context, entry.Entry.Data, isVerbose) is null)
                    {
                        errors++;
                        worst = -Errno.EINVAL;
                    }

                    return Task.FromResult(0);
                },
                cancellationToken);
            code = code < 0 ? code : worst;
            context.Output.Write($"Summary:\n  {total} entries inspected, {errors} errors\n");
        }
        finally
        {
            code = await run.ShutDownAsync(code);
        }

        return code < 0 ? throw JournalCommands.Failure("inspect", -code) : 0;
    }

    /// <summary>Writes every entry to a file: its length, and JSON with its data in base64.</summary>
    public static async Task<int> ExportAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        string path = TransferCommands.ReadPath(context.Arguments);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await using Stream output = Create(context, path);
        await output.WriteAsync(Encoding.UTF8.GetBytes($"# journal_id: {spec.Image}\n"), cancellationToken);
        var exporter = new Exporter(context, output);
        var run = new JournalClientRun(context, pool, spec.Image, "EXPORT");
        int code = 0;
        try
        {
            code = await run.PlayAsync((entry, number) => exporter.WriteAsync(entry, number, cancellationToken), cancellationToken);
            code = code < 0 ? code : exporter.Worst;
            await output.FlushAsync(cancellationToken);
            if (output is FileStream file)
            {
                file.Flush(flushToDisk: true);
            }

            context.Output.Write($"{exporter.Total} entries processed, {exporter.Errors} errors\n");
        }
        finally
        {
            code = await run.ShutDownAsync(code);
        }

        return code < 0 ? throw JournalCommands.Failure("export", -code) : 0;
    }

    /// <summary>Decodes an entry's data and, if asked, prints them; null with a line of why where they are none.</summary>
    public static JournalEvent? TryDecode(RbdCommandContext context, ReadOnlyMemory<byte> data, bool isVerbose)
    {
        try
        {
            JournalEvent decoded = JournalEvent.Decode(data);
            if (isVerbose)
            {
                EventDump.Write(context.Output, decoded, context.Application.Time);
            }

            return decoded;
        }
        catch (CephDecodeException exception)
        {
            context.Error.Write($"failed to decode event entry: {exception.Attempt}\n");
            return null;
        }
    }

    private static Stream Create(RbdCommandContext context, string path)
    {
        if (path == "-")
        {
            return context.Application.OpenOutput();
        }

        try
        {
            return new FileStream(path, FileMode.CreateNew, FileAccess.Write, FileShare.None, 1 << 20, FileOptions.Asynchronous);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            int code = exception is UnauthorizedAccessException ? Errno.EACCES : File.Exists(path) ? Errno.EEXIST : Errno.ENOENT;
            context.Error.Write($"rbd: error creating {path}\n");
            throw JournalCommands.Failure("export", code);
        }
    }

    private sealed class Exporter(RbdCommandContext context, Stream output)
    {
        private readonly bool _isVerbose = context.Arguments.Has("verbose");
        private readonly bool _goesOn = context.Arguments.Has("no-error");

        public int Total { get; private set; }

        public int Errors { get; private set; }

        public int Worst { get; private set; }

        public async Task<int> WriteAsync(PlayedEntry entry, ulong number, CancellationToken cancellationToken)
        {
            Total++;
            JournalEvent? decoded = TryDecode(context, entry.Entry.Data, _isVerbose);
            if (decoded is null)
            {
                Errors++;
                Worst = -Errno.EINVAL;
                return _goesOn ? 0 : Worst;
            }

            // Entries and what is printed may go to the same place.
            await context.Output.FlushAsync(cancellationToken);
            uint type = decoded.Payload is JournalUnknownEvent ? uint.MaxValue : (uint)decoded.Payload.Type;
            string data = Convert.ToBase64String(entry.Entry.Data.Span);
            string text = string.Create(
                CultureInfo.InvariantCulture,
                $"{{\"tag_id\":{entry.Entry.TagTid},\"commit_tid\":{number},\"type\":{(int)type},\"entry\":\"{data}\"}}");
            await output.WriteAsync(Encoding.ASCII.GetBytes($"{text.Length} {text}\n"), cancellationToken);
            return 0;
        }
    }
}
