using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using System.Net;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Remote.Protocol;
using Nacre.Site.Commands;
using Nacre.Site.Users;

namespace Nacre.Site.Sessions;

/// <summary>All sessions of the site's clients.</summary>
internal sealed class SessionManager : IAsyncDisposable
{
    private readonly SiteMonitor _site;
    private readonly AccessCheck _access;
    private readonly byte[] _tokenSecret;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<ulong, ClientSession> _sessions = new();
    private readonly ConcurrentDictionary<ulong, ITimer> _expiries = new();
    private readonly ConcurrentDictionary<Task, bool> _ending = new();
    private readonly Lock _gate = new();
    private volatile bool _stopping;

    public SessionManager(SiteMonitor site, IReadOnlyList<ObjectClass> classes, byte[] tokenSecret, ILogger logger)
    {
        _site = site;
        _access = new AccessCheck(site, classes);
        _tokenSecret = tokenSecret;
        _logger = logger;
        site.Users.Changed += UserChanged;
    }

    /// <summary>
    /// A proven client's session: the one it had, a new one under its old identity where the site restarted meanwhile, or a new one.
    /// Fills in what the client is told of it.
    /// </summary>
    public async Task<ClientSession> OpenAsync(EntityName name, ReadOnlyMemory<byte> resumeToken, IPAddress host, SessionConnection connection, Welcome welcome)
    {
        ClientSession? session = null;
        bool known = ResumeToken.TryRead(_tokenSecret, name, resumeToken.Span, out ulong instanceId, out string address);
        if (known && TryClaim(instanceId, name, out session))
        {
            // The site may not have noticed yet that the old connection is dead. None of its frames may be handled after the new one's.
            if (session.Connection is { } old)
            {
                old.End();
                await old.Finished;
            }

            welcome.Resumed = true;
        }
        else
        {
            EmbeddedSession client = known ? _site.Store.Reconnect(name, instanceId, address) : _site.Store.Connect(name, null, HostText(host));
            session = new ClientSession(_site, _access, client, _logger) { IsClaimed = true };
            session.SaidGoodbye += s => End(s, "goodbye");
            _sessions[client.InstanceId] = session;
        }

        if (_stopping)
        {
            End(session, "the site stops");
            throw new RadosException(Errno.EAGAIN, "the site is stopping");
        }

        EmbeddedSession identity = session.Client;
        welcome.Fsid = _site.Store.Fsid;
        welcome.InstanceId = identity.InstanceId;
        welcome.Address = identity.Address;
        welcome.ResumeToken = Google.Protobuf.ByteString.CopyFrom(ResumeToken.Create(_tokenSecret, name, identity.InstanceId, identity.Address));
        welcome.ServerVersion = identity.Capabilities.Version;
        welcome.MaximumWriteSize = (uint)identity.Capabilities.MaximumWriteSize;
        welcome.WatchTimeoutSeconds = (uint)WatchTimeout().TotalSeconds;
        foreach ((string option, ConfigEntry entry) in _site.Config.EffectiveFor(name))
        {
            welcome.Options[option] = entry.Value;
        }

        connection.Send(new ServerFrame { Welcome = welcome });
        session.Attach(connection, welcome.Resumed);
        string what = welcome.Resumed ? "is back" : known ? "is back after a restart" : "connected";
        _logger.LogInformation("{Name} {Id} at {Address} {What}", name, identity.InstanceId, identity.Address, what);
        return session;
    }

    /// <summary>A connection is gone: its session is kept for a while.</summary>
    public void Disconnected(ClientSession session, SessionConnection connection)
    {
        if (!session.Detach(connection))
        {
            return;
        }

        lock (_gate)
        {
            session.IsClaimed = false;
        }

        ulong id = session.Client.InstanceId;
        _expiries[id] = _site.Time.CreateTimer(_ => Expire(session), null, WatchTimeout(), Timeout.InfiniteTimeSpan);
        if (!_sessions.ContainsKey(id) && _expiries.TryRemove(id, out ITimer? needless))
        {
            needless.Dispose();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _site.Users.Changed -= UserChanged;

        // Clients whose sessions end come back at once, and are let in no more.
        _stopping = true;
        foreach (ClientSession session in _sessions.Values)
        {
            End(session, "the site stops");
        }

        await Task.WhenAll(_ending.Keys);
    }

    private void End(ClientSession session, string why)
    {
        ulong id = session.Client.InstanceId;
        if (!_sessions.TryRemove(KeyValuePair.Create(id, session)))
        {
            return;
        }

        if (_expiries.TryRemove(id, out ITimer? expiry))
        {
            expiry.Dispose();
        }

        _logger.LogInformation("{Name} {Id} ends: {Why}", session.Name, id, why);

        // Not from within one of its own requests, which it waits for.
        Task ending = Task.Run(async () => await session.DisposeAsync());
        _ending[ending] = true;
        ending.ContinueWith(t => _ending.TryRemove(t, out _), TaskScheduler.Default);
    }

    /// <summary>How long a client may be away before its watches are dropped: Ceph's osd_client_watch_timeout.</summary>
    private TimeSpan WatchTimeout()
    {
        string? text = _site.Config.Effective(new EntityName("osd", "0"), "osd_client_watch_timeout");
        return TimeSpan.FromSeconds(int.TryParse(text, System.Globalization.CultureInfo.InvariantCulture, out int seconds) && seconds > 0 ? seconds : 30);
    }

    private bool TryClaim(ulong instanceId, EntityName name, [NotNullWhen(true)] out ClientSession? session)
    {
        lock (_gate)
        {
            if (!_sessions.TryGetValue(instanceId, out session) || session.Name != name)
            {
                session = null;
                return false;
            }

            session.IsClaimed = true;
        }

        if (_expiries.TryRemove(instanceId, out ITimer? expiry))
        {
            expiry.Dispose();
        }

        return true;
    }

    private void Expire(ClientSession session)
    {
        lock (_gate)
        {
            if (session.IsClaimed || !_sessions.ContainsKey(session.Client.InstanceId))
            {
                return;
            }

            End(session, "not back within the watch timeout");
        }
    }

    private static string HostText(IPAddress host)
    {
        IPAddress plain = host.IsIPv4MappedToIPv6 ? host.MapToIPv4() : host;
        return plain.AddressFamily == System.Net.Sockets.AddressFamily.InterNetworkV6 ? $"[{plain}]" : plain.ToString();
    }

    // A changed or removed key ends the sessions that were opened with it.
    private void UserChanged(string name, bool keyChanged)
    {
        if (!keyChanged)
        {
            return;
        }

        foreach (ClientSession session in _sessions.Values.Where(s => s.Name.ToString() == name))
        {
            session.Refuse(Errno.EACCES, $"the key of {name} was changed or removed");
        }
    }
}
