using Nacre.Rados.Clusters;

namespace Nacre.Rados.Embedded;

/// <summary>
/// What a site puts on top of the store: monitor and manager commands, options and the service map. The store hands such calls of its
/// sessions to it and knows nothing of their contents.
/// </summary>
public interface ICommandHandler
{
    /// <summary>A monitor command of a session (<see cref="ICluster.MonitorCommandAsync"/>).</summary>
    Task<CommandResult> MonitorCommandAsync(EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken);

    /// <summary>A manager command of a session (<see cref="ICluster.ManagerCommandAsync"/>).</summary>
    Task<CommandResult> ManagerCommandAsync(EmbeddedSession session, string command, ReadOnlyMemory<byte> input, CancellationToken cancellationToken);

    /// <summary>An effective option of a session; null where unknown.</summary>
    string? GetOption(EmbeddedSession session, string name);

    /// <summary>The session announces a daemon (<see cref="ICluster.RegisterServiceAsync"/>).</summary>
    Task RegisterServiceAsync(
        EmbeddedSession session, string service, string daemon, IReadOnlyDictionary<string, string> metadata, CancellationToken cancellationToken);

    /// <summary>The session publishes its daemon's status.</summary>
    Task UpdateServiceStatusAsync(EmbeddedSession session, IReadOnlyDictionary<string, string> status, CancellationToken cancellationToken);

    /// <summary>The session is gone, with its services. Must not throw.</summary>
    void SessionClosed(EmbeddedSession session);
}
