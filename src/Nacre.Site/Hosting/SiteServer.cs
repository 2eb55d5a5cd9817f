using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Embedded;
using Nacre.Site.Commands;
using Nacre.Site.Scheduling;
using Nacre.Site.Sessions;

namespace Nacre.Site.Hosting;

/// <summary>A running site: store, monitor, and the server in front of them.</summary>
internal sealed class SiteServer : IAsyncDisposable
{
    /// <summary>Largest message either way: a 64 MiB payload and what goes around it.</summary>
    private const int MaximumMessageSize = 96 << 20;

    private readonly SiteLock _lock;
    private readonly EmbeddedStore _store;
    private readonly SnapshotScheduler _scheduler;
    private readonly SessionManager _sessions;
    private readonly X509Certificate2 _certificate;

    private SiteServer(
        SiteLock held, EmbeddedStore store, SnapshotScheduler scheduler, SessionManager sessions, X509Certificate2 certificate, WebApplication application)
    {
        _lock = held;
        _store = store;
        _scheduler = scheduler;
        _sessions = sessions;
        _certificate = certificate;
        Application = application;
    }

    public WebApplication Application { get; }

    /// <summary>Opens the store and listens. EBUSY where the site is running already, EADDRINUSE's like as EINVAL.</summary>
    public static async Task<SiteServer> StartAsync(
        SiteLayout layout, IReadOnlyList<ObjectClass> classes, TimeProvider time, ILoggerProvider log, CancellationToken cancellationToken)
    {
        SiteSettings settings = await SiteSettings.LoadAsync(layout, cancellationToken);
        SiteLock held = SiteLock.Take(layout);
        EmbeddedStore? store = null;
        SnapshotScheduler? scheduler = null;
        try
        {
            var monitor = new SiteMonitor(time);
            store = await EmbeddedStore.OpenAsync(
                layout.Store,
                new EmbeddedStoreOptions
                {
                    CreateIfMissing = false,
                    Classes = classes,
                    Commands = monitor,
                    Time = time,
                    Logger = log.CreateLogger("Nacre.Store"),
                },
                cancellationToken);
            monitor.Use(store);
            scheduler = new SnapshotScheduler(monitor, log.CreateLogger("Nacre.Scheduler"));
            ScheduleCommands.AddTo(monitor, scheduler);
            var sessions = new SessionManager(monitor, classes, settings.TokenSecret, log.CreateLogger("Nacre.Sessions"));
            X509Certificate2 certificate = SiteCertificate.Load(layout);
            WebApplication application = Build(settings, certificate, monitor, sessions, log);
            await application.StartAsync(cancellationToken);
            log.CreateLogger("Nacre.Site").LogInformation("serving {Site} at {EndPoint}, fsid {Fsid}", layout.Data, settings.EndPoint, store.Fsid);
            scheduler.Start();
            return new SiteServer(held, store, scheduler, sessions, certificate, application);
        }
        catch (Exception e)
        {
            if (scheduler is not null)
            {
                await scheduler.DisposeAsync();
            }

            if (store is not null)
            {
                await store.DisposeAsync();
            }

            held.Dispose();
            throw e is IOException
                ? new RadosException(Errno.EBUSY, $"cannot listen at {settings.EndPoint}: is the port taken by another program? ({e.Message})", e)
                : e;
        }
    }

    /// <summary>Ends sessions, waits for what is under way, and closes the store.</summary>
    public async ValueTask DisposeAsync()
    {
        await _scheduler.DisposeAsync();
        await _sessions.DisposeAsync();
        await Application.StopAsync();
        await Application.DisposeAsync();
        await _store.DisposeAsync();
        _certificate.Dispose();
        _lock.Dispose();
    }

    private static WebApplication Build(
        SiteSettings settings, X509Certificate2 certificate, SiteMonitor monitor, SessionManager sessions, ILoggerProvider log)
    {
        WebApplicationBuilder builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.Logging.AddProvider(log);
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning);
        builder.Logging.AddFilter("Grpc", LogLevel.Warning);
        builder.Services.AddSystemd();
        builder.Services.AddGrpc(options =>
        {
            options.MaxReceiveMessageSize = MaximumMessageSize;
            options.MaxSendMessageSize = MaximumMessageSize;
            options.IgnoreUnknownServices = false;
        });
        builder.Services.AddSingleton(monitor);
        builder.Services.AddSingleton(sessions);
        builder.Services.AddSingleton(new SiteIdentity(SiteCertificate.Fingerprint(certificate)));
        builder.Services.Configure<HostOptions>(options => options.ShutdownTimeout = TimeSpan.FromSeconds(30));
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(options =>
        {
            options.AddServerHeader = false;
            options.Limits.MaxRequestBodySize = null;
            options.Limits.MinRequestBodyDataRate = null; // sessions are open, and silent, for days
            options.Limits.MinResponseDataRate = null;
            options.Limits.Http2.InitialConnectionWindowSize = 16 << 20;
            options.Limits.Http2.InitialStreamWindowSize = 8 << 20;
            options.Limits.Http2.MaxStreamsPerConnection = 8;
            options.Limits.Http2.KeepAlivePingDelay = TimeSpan.FromSeconds(10);
            options.Limits.Http2.KeepAlivePingTimeout = TimeSpan.FromSeconds(20);
            options.Listen(settings.EndPoint, listen =>
            {
                listen.Protocols = HttpProtocols.Http2;
                listen.UseHttps(certificate);
            });
        });
        WebApplication application = builder.Build();
        application.MapGrpcService<SiteService>();
        return application;
    }
}
