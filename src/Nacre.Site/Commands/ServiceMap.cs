using Nacre.Rados.Embedded;

namespace Nacre.Site.Commands;

/// <summary>A registered daemon.</summary>
internal sealed record ServiceDaemon(
    string Service, string Daemon, EmbeddedSession Session, int StartEpoch, DateTimeOffset Started, IReadOnlyDictionary<string, string> Metadata)
{
    public IReadOnlyDictionary<string, string> Status { get; init; } = new Dictionary<string, string>();

    public DateTimeOffset StatusAt { get; init; }
}

/// <summary>Which daemons serve this site: as long as their session lives, and no longer.</summary>
internal sealed class ServiceMap(TimeProvider time)
{
    private readonly Lock _gate = new();
    private readonly SortedDictionary<(string Service, string Daemon), ServiceDaemon> _daemons = [];

    public int Epoch { get; private set; } = 1;

    public DateTimeOffset Modified { get; private set; } = time.GetUtcNow();

    public IReadOnlyList<ServiceDaemon> Daemons
    {
        get
        {
            lock (_gate)
            {
                return [.. _daemons.Values];
            }
        }
    }

    public void Register(EmbeddedSession session, string service, string daemon, IReadOnlyDictionary<string, string> metadata)
    {
        lock (_gate)
        {
            Changed();
            _daemons[(service, daemon)] = new ServiceDaemon(service, daemon, session, Epoch, Modified, new Dictionary<string, string>(metadata));
        }
    }

    public void Update(EmbeddedSession session, IReadOnlyDictionary<string, string> status)
    {
        lock (_gate)
        {
            foreach (ServiceDaemon daemon in _daemons.Values.Where(d => ReferenceEquals(d.Session, session)).ToArray())
            {
                _daemons[(daemon.Service, daemon.Daemon)] = daemon with { Status = new Dictionary<string, string>(status), StatusAt = time.GetUtcNow() };
            }
        }
    }

    public void Remove(EmbeddedSession session)
    {
        lock (_gate)
        {
            foreach (ServiceDaemon daemon in _daemons.Values.Where(d => ReferenceEquals(d.Session, session)).ToArray())
            {
                _daemons.Remove((daemon.Service, daemon.Daemon));
                Changed();
            }
        }
    }

    private void Changed()
    {
        Epoch++;
        Modified = time.GetUtcNow();
    }
}
