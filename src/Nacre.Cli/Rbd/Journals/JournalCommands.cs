using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Journal;
using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>rbd journal: info, status, reset, client disconnect; the others in <see cref="JournalReadCommands"/> and <see cref="JournalImportCommand"/>.</summary>
internal static class JournalCommands
{
    private static readonly CommandOption _verbose = CommandOption.Switch("verbose", "be verbose");
    private static readonly CommandOption _noError = CommandOption.Switch("no-error", "continue after error");

    /// <summary>All of them.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("journal info", "Show information about image journal.")
        {
            Positionals = [JournalSpecs.Spec], Options = [.. JournalSpecs.Options, .. RbdOptions.Format], RunAsync = ShowInfoAsync,
        },
        new("journal status", "Show status of image journal.")
        {
            Positionals = [JournalSpecs.Spec], Options = [.. JournalSpecs.Options, .. RbdOptions.Format], RunAsync = ShowStatusAsync,
        },
        new("journal reset", "Reset image journal.") { Positionals = [JournalSpecs.Spec], Options = JournalSpecs.Options, RunAsync = ResetAsync },
        new("journal client disconnect", "Flag image journal client as disconnected.")
        {
            Positionals = [JournalSpecs.Spec],
            Options = [.. JournalSpecs.Options, new("client-id", "client ID (or leave unspecified to disconnect all)")],
            RunAsync = DisconnectAsync,
        },
        new("journal inspect", "Inspect image journal for structural errors.")
        {
            Positionals = [JournalSpecs.Spec], Options = [.. JournalSpecs.Options, _verbose], RunAsync = JournalReadCommands.InspectAsync,
        },
        new("journal export", "Export image journal.")
        {
            Positionals = [JournalSpecs.SourceSpec, new("path-name", "export file (or '-' for stdout)") { FormattedParameter = "arg" }],
            Options = [.. JournalSpecs.SourceOptions, new("path", "export file (or '-' for stdout)"), _verbose, _noError],
            RunAsync = JournalReadCommands.ExportAsync,
        },
        new("journal import", "Import image journal.")
        {
            Positionals = [new("path-name", "import file (or '-' for stdin)") { FormattedParameter = "arg" }, JournalSpecs.DestinationSpec],
            Options = [new("path", "import file (or '-' for stdin)"), .. JournalSpecs.DestinationOptions, _verbose, _noError],
            RunAsync = JournalImportCommand.RunAsync,
        },
    ];

    private static async Task<int> ShowInfoAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        ImageJournal journal = await AttemptAsync(
            context, "info", "failed to get journal metadata: ", () => ImageJournal.OpenAsync(pool, spec.Image, cancellationToken));
        string objectPool = journal.DataPoolId >= 0 ? journal.DataPool.Name : "";
        if (formatter is not null)
        {
            formatter.OpenObject("journal");
            formatter.Dump("journal_id", journal.Id);
            formatter.Dump("header_oid", journal.HeaderName);
            formatter.Dump("object_oid_prefix", journal.ObjectPrefix);
            formatter.Dump("order", (ulong)journal.Order);
            formatter.Dump("splay_width", (ulong)journal.SplayWidth);
            if (objectPool.Length > 0)
            {
                formatter.Dump("object_pool", objectPool);
            }

            formatter.Close();
            formatter.Flush(context.Output);
            return 0;
        }

        context.Output.Write($"rbd journal '{journal.Id}':\n\theader_oid: {journal.HeaderName}\n\tobject_oid_prefix: {journal.ObjectPrefix}\n");
        context.Output.Write($"\torder: {journal.Order} ({ByteSize.Format(1UL << journal.Order)} objects)\n\tsplay_width: {journal.SplayWidth}\n");
        context.Output.Write(objectPool.Length > 0 ? $"\tobject_pool: {objectPool}\n" : "");
        return 0;
    }

    private static async Task<int> ShowStatusAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        OutputFormatter? formatter = context.CreateFormatter();
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        JournalState state = await ReadStateAsync(context, "status", pool, spec.Image, cancellationToken);
        if (formatter is not null)
        {
            formatter.OpenObject("status");
            formatter.Dump("minimum_set", state.Sets.Minimum);
            formatter.Dump("active_set", state.Sets.Active);
            formatter.OpenArray("registered_clients");
            foreach (JournalClient client in state.Clients)
            {
                Dump(formatter, client);
            }

            formatter.Close();
            formatter.Close();
            formatter.Flush(context.Output);
            return 0;
        }

        context.Output.Write($"minimum_set: {state.Sets.Minimum}\nactive_set: {state.Sets.Active}\nregistered clients: \n");
        foreach (JournalClient client in state.Clients)
        {
            IEnumerable<string> positions = client.CommitPosition.Positions.Select(
                p => $"[object_number={p.ObjectNumber}, tag_tid={p.TagTid}, entry_tid={p.EntryTid}]");
            context.Output.Write(
                $"\t[id={client.Id}, commit_position=[positions=[{string.Join(", ", positions)}]], state={Describe(client.State)}]\n");
        }

        return 0;
    }

    private static void Dump(OutputFormatter formatter, JournalClient client)
    {
        formatter.OpenObject("client");
        formatter.Dump("id", client.Id);
        formatter.Dump("data", HexDump.Format(client.Data.Span));
        formatter.OpenObject("commit_position");
        formatter.OpenArray("object_positions");
        foreach (JournalObjectPosition position in client.CommitPosition.Positions)
        {
            formatter.OpenObject("object_position");
            formatter.Dump("object_number", position.ObjectNumber);
            formatter.Dump("tag_tid", position.TagTid);
            formatter.Dump("entry_tid", position.EntryTid);
            formatter.Close();
        }

        formatter.Close();
        formatter.Close();
        formatter.Dump("state", Describe(client.State));
        formatter.Close();
    }

    private static string Describe(JournalClientState state) => state switch
    {
        JournalClientState.Connected => "connected",
        JournalClientState.Disconnected => "disconnected",
        _ => $"unknown ({(uint)state})",
    };

    // Ceph's way: the feature off and on again, so that mirroring's constraints hold.
    private static async Task<int> ResetAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        string? name = await AttemptAsync(context, "reset", "failed to locate journal's image: ", async () =>
            await pool.CallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryName(spec.Image), cancellationToken));
        await using Image image = await AttemptAsync(
            context, "reset", "failed to open image: ", () => context.Images(pool).OpenAsync(name, cancellationToken: cancellationToken));
        foreach (bool enable in (bool[])[false, true])
        {
            await AttemptAsync(context, "reset", $"failed to {(enable ? "re-enable" : "disable")} image journaling: ", async () =>
            {
                await image.UpdateFeaturesAsync(RbdFeatures.Journaling, enable, cancellationToken);
                return true;
            });
        }

        return 0;
    }

    private static async Task<int> DisconnectAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        RbdImageSpec spec = await JournalSpecs.ReadAsync(context, isDestination: false, cancellationToken);
        string wanted = context.Arguments.Get("client-id") ?? "";
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        string header = ImageJournal.HeaderOf(spec.Image);
        JournalState state = await ReadStateAsync(context, "client disconnect", pool, spec.Image, cancellationToken);
        int count = 0;
        foreach (JournalClient client in state.Clients.Where(c => c.Id.Length > 0 && (wanted.Length == 0 || c.Id == wanted)))
        {
            await AttemptAsync(context, "client disconnect", $"warning: failed to disconnect client {client.Id}: ", async () =>
            {
                await pool.CallAsync(header, JournalCalls.UpdateClientState(client.Id, JournalClientState.Disconnected), cancellationToken);
                return true;
            });
            context.Output.Write($"client {client.Id} disconnected\n");
            count++;
        }

        if (count == 0)
        {
            context.Error.Write(wanted.Length > 0 ? $"warning: client {wanted} is not registered\n" : "no registered clients to disconnect\n");
            throw Failure("client disconnect", Errno.ENOENT);
        }

        await AttemptAsync(context, "client disconnect", "warning: failed to notify state change:: ", () =>
            pool.NotifyAsync(header, ReadOnlyMemory<byte>.Empty, TimeSpan.FromSeconds(5), cancellationToken));
        return 0;
    }

    private static Task<JournalState> ReadStateAsync(
        RbdCommandContext context, string command, IPool pool, string id, CancellationToken cancellationToken) =>
        AttemptAsync(context, command, null, async () =>
        {
            try
            {
                return await (await ImageJournal.OpenAsync(pool, id, cancellationToken)).ReadStateAsync(cancellationToken);
            }
            catch (RadosException)
            {
                context.Error.Write("warning: failed to get journal metadata\n");
                throw;
            }
        });

    /// <summary>The failure that ends a command of this group with <c>rbd: journal COMMAND: (errno) text</c>.</summary>
    public static CommandFailedException Failure(string command, int code, RadosException? cause = null) =>
        new(code, $"rbd: journal {command}: {Errno.Describe(code)}", cause);

    // Says what failed on a line of its own before the command's last one.
    private static async Task<T> AttemptAsync<T>(RbdCommandContext context, string command, string? attempt, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (RadosException exception)
        {
            context.Error.Write(attempt is null ? "" : $"{attempt}{Errno.Describe(exception.Code)}\n");
            throw Failure(command, exception.Code, exception);
        }
    }
}
