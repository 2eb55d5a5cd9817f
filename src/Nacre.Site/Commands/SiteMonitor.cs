using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Site.Users;

namespace Nacre.Site.Commands;

/// <summary>
/// The site's monitor and manager: commands in Ceph's JSON, caps checked for each, options, and the service map. Further commands are
/// added with <see cref="Add"/>.
/// </summary>
internal sealed class SiteMonitor : ICommandHandler
{
    private readonly Dictionary<(bool Manager, string Prefix), CommandDescription> _commands = [];
    private EmbeddedStore? _store;

    public SiteMonitor(TimeProvider time)
    {
        Time = time;
        Services = new ServiceMap(time);
        Started = time.GetUtcNow();
        StatusCommands.AddTo(this);
        PoolCommands.AddTo(this);
        ApplicationCommands.AddTo(this);
        AuthCommands.AddTo(this);
        AuthChangeCommands.AddTo(this);
        ConfigKeyCommands.AddTo(this);
        ConfigCommands.AddTo(this);
        BlocklistCommands.AddTo(this);
        ServiceCommands.AddTo(this);
    }

    public TimeProvider Time { get; }

    public DateTimeOffset Started { get; }

    public ServiceMap Services { get; }

    public EmbeddedStore Store => _store ?? throw new RadosException(Errno.EAGAIN, "the site is starting");

    public UserDirectory Users { get; private set; } = null!;

    public ConfigStore Config { get; private set; } = null!;

    public PoolApplications Applications { get; private set; } = null!;

    /// <summary>The store that hands its sessions' commands here, once it is open.</summary>
    public void Use(EmbeddedStore store)
    {
        Users = new UserDirectory(store.Metadata);
        Config = new ConfigStore(store.Metadata);
        Applications = new PoolApplications(store.Metadata);
        _store = store;
    }

    public void Add(CommandDescription command) => _commands.Add((command.Manager, command.Prefix), command);

    public Task<CommandResult> MonitorCommandAsync(
        EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        RunAsync(false, session, command, input, cancellationToken);

    public Task<CommandResult> ManagerCommandAsync(
        EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        RunAsync(true, session, command, input, cancellationToken);

    /// <summary>Whether a command only reads, so that it may be given twice.</summary>
    public bool OnlyReads(bool manager, string json)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            return document.RootElement.TryGetProperty("prefix", out JsonElement prefix)
                && (_commands.TryGetValue((manager, prefix.GetString() ?? ""), out CommandDescription? command)
                    || _commands.TryGetValue((true, prefix.GetString() ?? ""), out command))
                && !command.Access.HasFlag(CapsAccess.Write);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            return false;
        }
    }

    public string? GetOption(EmbeddedSession session, string name) =>
        Config.Effective(session.Name, name) ?? OptionDefaults.Get(CephConf.NormalizeName(name));

    public Task RegisterServiceAsync(
        EmbeddedSession session, string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken)
    {
        Services.Register(session, service, daemon, metadata);
        return Task.CompletedTask;
    }

    public Task UpdateServiceStatusAsync(EmbeddedSession session, IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken)
    {
        Services.Update(session, status);
        return Task.CompletedTask;
    }

    public void SessionClosed(EmbeddedSession session) => Services.Remove(session);

    private async Task<CommandResult> RunAsync(
        bool manager, EmbeddedSession session, string json, ReadOnlyMemory<byte> input, CancellationToken cancellationToken)
    {
        try
        {
            using JsonDocument document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object || !document.RootElement.TryGetProperty("prefix", out JsonElement prefix))
            {
                return CommandContext.Fail(Errno.EINVAL, "command not understood");
            }

            string words = prefix.GetString() ?? "";
            // Monitors pass on what is the manager's to answer; its own caps are asked for all the same.
            if (!_commands.TryGetValue((manager, words), out CommandDescription? command)
                && (manager || !_commands.TryGetValue((true, words), out command)))
            {
                return _commands.ContainsKey((false, words))
                    ? CommandContext.Fail(Errno.EOPNOTSUPP, $"'{words}' is a command of the monitors")
                    : CommandContext.Fail(Errno.EINVAL, $"command '{words}' not known");
            }

            if (Users.Find(session.Name) is not { } user)
            {
                return CommandContext.Fail(Errno.EACCES, "access denied");
            }

            var context = new CommandContext(session, user, words, document.RootElement, input);
            return IsAllowed(command, context) ?? await command.Handler(context, cancellationToken);
        }
        catch (JsonException)
        {
            return CommandContext.Fail(Errno.EINVAL, "command not understood: it is no JSON");
        }
        catch (InvalidOperationException)
        {
            return CommandContext.Fail(Errno.EINVAL, "command not understood: an argument is not of its type");
        }
        catch (RadosException e)
        {
            return CommandContext.Fail(e.Code, e.Attempt);
        }
    }

    private static CommandResult? IsAllowed(CommandDescription command, CommandContext context)
    {
        var request = new CommandAccessRequest(command.Service, command.Module, command.Prefix, context.ForCaps(), command.Access);
        if (command.Manager)
        {
            return context.User.Manager.IsCapable(request)
                ? null
                : CommandContext.Fail(
                    Errno.EACCES,
                    "access denied: does your client key have mgr caps? See http://docs.ceph.com/en/latest/mgr/administrator/#client-authentication");
        }

        return context.User.Monitor.IsCapable(request) ? null : CommandContext.Fail(Errno.EACCES, "access denied");
    }
}
