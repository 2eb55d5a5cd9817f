using System.Globalization;
using System.Text.Json;
using Nacre.Cli.Rbd.Transfer;
using Nacre.Journal.Recording;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>rbd journal import: appends exported entries, under their tags, in the file's order.</summary>
internal static class JournalImportCommand
{
    // What is under way is kept in memory.
    private const int MaximumUnderWay = 256;

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        string path = TransferCommands.ReadPath(context.Arguments);
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: true, cancellationToken);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        await using Stream input = Open(context, path);
        var importer = new Importer(context, new ExportedEntryReader(input));
        var run = new JournalClientRun(context, pool, spec.Image, "IMPORT");
        int code = 0;
        try
        {
            code = await run.AsClientAsync(
                async (journal, _) =>
                {
                    await using JournalRecorder recorder = await JournalRecorder.OpenAsync(journal, cancellationToken: cancellationToken);
                    return await importer.ImportAsync(recorder, cancellationToken);
                },
                cancellationToken);
        }
        finally
        {
            code = await run.ShutDownAsync(code);
        }

        return code < 0 ? throw JournalCommands.Failure("import", -code) : 0;
    }

    private static Stream Open(RbdCommandContext context, string path)
    {
        if (path == "-")
        {
            return context.Application.OpenInput();
        }

        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1 << 20, FileOptions.Asynchronous | FileOptions.SequentialScan);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            context.Error.Write($"rbd: error opening {path}\n");
            throw JournalCommands.Failure("import", exception is UnauthorizedAccessException ? Errno.EACCES : Errno.ENOENT);
        }
    }

    private sealed class Importer(RbdCommandContext context, ExportedEntryReader reader)
    {
        private readonly bool _isVerbose = context.Arguments.Has("verbose");
        private readonly bool _goesOn = context.Arguments.Has("no-error");
        private int _total;
        private int _errors;
        private int _code;

        public async Task<int> ImportAsync(JournalRecorder recorder, CancellationToken cancellationToken)
        {
            var appends = new Queue<Task<JournalObjectPosition>>();
            int appended = 0;
            try
            {
                while (await ReadAsync(cancellationToken) is { } text)
                {
                    _total++;
                    if (Decode(text) is { } entry)
                    {
                        appends.Enqueue(recorder.AppendAsync(entry.Tag, entry.Data));
                    }
                    else if (!_goesOn)
                    {
                        break;
                    }

                    while (appends.Count > MaximumUnderWay)
                    {
                        await appends.Dequeue();
                    }
                }

                context.Output.Write($"{_total} entries processed, {_errors} errors\nWaiting for journal append to complete...\n");
                while (appends.TryDequeue(out Task<JournalObjectPosition>? append))
                {
                    await append;
                }
            }
            catch (RadosException exception)
            {
                context.Error.Write($"failed to append journal: {Errno.Describe(exception.Code)}\n");
                appended = -exception.Code;
            }

            return appended < 0 ? appended : _code;
        }

        private async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
        {
            try
            {
                return await reader.ReadAsync(cancellationToken);
            }
            catch (InvalidDataException exception)
            {
                context.Error.Write($"rbd: {exception.Message}\n");
                _code = -Errno.EINVAL;
                return null;
            }
        }

        private (ulong Tag, byte[] Data)? Decode(byte[] text)
        {
            try
            {
                using JsonDocument document = JsonDocument.Parse(text);
                JsonElement root = document.RootElement;
                ulong tag = root.GetProperty("tag_id").GetUInt64();
                byte[] data = root.GetProperty("entry").GetBytesFromBase64();
                if (JournalReadCommands.TryDecode(context, data, _isVerbose) is not null)
                {
                    return (tag, data);
                }

                string commit = root.TryGetProperty("commit_tid", out JsonElement value) ? value.ToString() : "0";
                context.Error.Write(string.Create(CultureInfo.InvariantCulture, $"rbd: corrupted entry {_total}: tag_tid={tag}, commit_tid={commit}\n"));
            }
            catch (JsonException)
            {
                context.Error.Write($"rbd: error parsing input (entry {_total})\n");
            }
            catch (Exception exception) when (exception is KeyNotFoundException or FormatException or InvalidOperationException)
            {
                context.Error.Write($"rbd: error json decoding import data (entry {_total}):{exception.Message}\n");
            }

            _errors++;
            _code = -Errno.EINVAL;
            return null;
        }
    }
}
