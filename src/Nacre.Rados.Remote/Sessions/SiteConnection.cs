using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote.Authentication;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Rados.Remote.Sessions;

/// <summary>One TLS connection to a site, through both proofs: what is sent on it afterwards is this session's.</summary>
internal sealed class SiteConnection : IAsyncDisposable
{
    /// <summary>Largest message either way: a 64 MiB payload and what goes around it.</summary>
    public const int MaximumMessageSize = 96 << 20;

    // A silent peer is asked after this and given up after the next: well within 10 s.
    private static readonly TimeSpan _pingDelay = TimeSpan.FromSeconds(2);
    private static readonly TimeSpan _pingTimeout = TimeSpan.FromSeconds(5);

    private readonly GrpcChannel _channel;
    private readonly SiteEndpoint _endpoint;
    private AsyncDuplexStreamingCall<ClientFrame, ServerFrame>? _call;
    private byte[]? _seenFingerprint;
    private bool _wrongCertificate;

    private SiteConnection(SiteEndpoint endpoint)
    {
        _endpoint = endpoint;
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            EnableMultipleHttp2Connections = false,
            KeepAlivePingDelay = _pingDelay,
            KeepAlivePingTimeout = _pingTimeout,
            KeepAlivePingPolicy = HttpKeepAlivePingPolicy.Always,
            PooledConnectionIdleTimeout = Timeout.InfiniteTimeSpan,
            PooledConnectionLifetime = Timeout.InfiniteTimeSpan,
            InitialHttp2StreamWindowSize = 8 << 20,
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = IsPinnedCertificate },
        };
        _channel = GrpcChannel.ForAddress(endpoint.Address, new GrpcChannelOptions
        {
            HttpHandler = handler,
            DisposeHttpClient = true,
            MaxReceiveMessageSize = MaximumMessageSize,
            MaxSendMessageSize = MaximumMessageSize,
            MaxRetryAttempts = 1,
        });
    }

    /// <summary>What the site told of this session.</summary>
    public Welcome Welcome { get; private set; } = new();

    /// <summary>What the site sends.</summary>
    public IAsyncStreamReader<ServerFrame> Frames => _call!.ResponseStream;

    /// <summary>Connects and proves. Failures are <see cref="RadosException"/>.</summary>
    public static async Task<SiteConnection> OpenAsync(
        SiteEndpoint endpoint, EntityName name, byte[] key, ByteString resumeToken, TimeSpan timeout, TimeProvider time, CancellationToken cancellationToken)
    {
        var connection = new SiteConnection(endpoint);
        using var deadline = new CancellationTokenSource(timeout, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            await connection.AuthenticateAsync(name, key, resumeToken, either.Token).ConfigureAwait(false);
            return connection;
        }
        catch (Exception e) when (e is RpcException or OperationCanceledException or IOException or HttpRequestException or ObjectDisposedException)
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            cancellationToken.ThrowIfCancellationRequested();
            throw connection.Explain(e, deadline.IsCancellationRequested);
        }
        catch
        {
            await connection.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    /// <summary>Sends a frame. Its payload has been copied out when the call returns, before the task completes.</summary>
    public Task SendAsync(ClientFrame frame, CancellationToken cancellationToken) => _call!.RequestStream.WriteAsync(frame, cancellationToken);

    /// <summary>Tells the site that nothing more is sent.</summary>
    public Task CompleteAsync() => _call!.RequestStream.CompleteAsync();

    public ValueTask DisposeAsync()
    {
        _call?.Dispose();
        _channel.Dispose();
        return ValueTask.CompletedTask;
    }

    private async Task AuthenticateAsync(EntityName name, byte[] key, ByteString resumeToken, CancellationToken cancellationToken)
    {
        // The call lives as long as the connection, so the handshake's deadline must not be the call's token.
        _call = new Site.SiteClient(_channel).Connect(cancellationToken: CancellationToken.None);
        AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call = _call;
        await using CancellationTokenRegistration abort = cancellationToken.UnsafeRegister(static state => ((IDisposable)state!).Dispose(), call);

        byte[] clientNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);
        string entity = name.ToString();
        await call.RequestStream.WriteAsync(
            new ClientFrame
            {
                Hello = new Hello
                {
                    Version = SiteAuthentication.ProtocolVersion,
                    Entity = entity,
                    ClientNonce = UnsafeByteOperations.UnsafeWrap(clientNonce),
                    ResumeToken = resumeToken,
                    ClientVersion = typeof(SiteConnection).Assembly.GetName().Version?.ToString() ?? "",
                },
            },
            cancellationToken).ConfigureAwait(false);

        ServerFrame answer = await NextAsync(call, cancellationToken).ConfigureAwait(false);
        byte[] serverNonce = Expect(answer, answer.Challenge)!.ServerNonce.ToByteArray();
        byte[] fingerprint = _seenFingerprint ?? throw Unexpected("it showed no certificate");
        byte[] proof = SiteAuthentication.ClientProof(key, entity, clientNonce, serverNonce, fingerprint, resumeToken.Span);
        await call.RequestStream.WriteAsync(
            new ClientFrame { Proof = new Proof { ClientProof = UnsafeByteOperations.UnsafeWrap(proof) } }, cancellationToken).ConfigureAwait(false);

        answer = await NextAsync(call, cancellationToken).ConfigureAwait(false);
        Welcome = Expect(answer, answer.Welcome)!;
        byte[] expected = SiteAuthentication.ServerProof(key, entity, clientNonce, serverNonce, fingerprint, resumeToken.Span);
        if (!SiteAuthentication.Matches(expected, Welcome.ServerProof.Span))
        {
            throw new RadosException(
                Errno.EACCES, $"connecting to {_endpoint}: it does not know the key of {entity}, so it is not the site it should be; check 'mon host'");
        }
    }

    private async Task<ServerFrame> NextAsync(AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call, CancellationToken cancellationToken) =>
        await call.ResponseStream.MoveNext(cancellationToken).ConfigureAwait(false)
            ? call.ResponseStream.Current
            : throw new RadosException(Errno.ENOTCONN, $"connecting to {_endpoint}: it closed the connection");

    private T? Expect<T>(ServerFrame answer, T? body) where T : class
    {
        if (answer.ReturnCode < 0)
        {
            throw new RadosException(answer.ReturnCode, $"connecting to {_endpoint}{(answer.Error.Length > 0 ? ": " + answer.Error : "")}");
        }

        return body ?? throw Unexpected("it does not speak this protocol");
    }

    private RadosException Unexpected(string what) => new(Errno.ENOTCONN, $"connecting to {_endpoint}: {what}");

    private bool IsPinnedCertificate(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (certificate is null)
        {
            return false;
        }

        byte[] seen = SHA256.HashData(certificate.GetRawCertData());
        if (_endpoint.Fingerprint is { } pinned && !CryptographicOperations.FixedTimeEquals(pinned, seen))
        {
            _wrongCertificate = true;
            return false;
        }

        _seenFingerprint = seen;
        return true;
    }

    private RadosException Explain(Exception failure, bool timedOut)
    {
        if (_wrongCertificate)
        {
            return new RadosException(
                Errno.EACCES,
                $"connecting to {_endpoint}: its certificate is not the one that 'nacre certificate sha256' pins; "
                + "if the site was made anew, copy its conf file again",
                failure);
        }

        if (timedOut)
        {
            return new RadosException(Errno.ETIMEDOUT, $"connecting to {_endpoint}: no answer; is the site stopped or frozen?", failure);
        }

        Exception? cause = failure is RpcException rpc ? rpc.Status.DebugException ?? rpc.InnerException ?? failure : failure;
        for (Exception? e = cause; e is not null; e = e.InnerException)
        {
            switch (e)
            {
                case SocketException { SocketErrorCode: SocketError.ConnectionRefused }:
                    return new RadosException(Errno.ECONNREFUSED, $"connecting to {_endpoint}: nothing listens there; is the site started?", failure);
                case SocketException { SocketErrorCode: SocketError.HostNotFound or SocketError.NoData or SocketError.TryAgain }:
                    return new RadosException(Errno.ENOENT, $"connecting to {_endpoint}: no such host", failure);
            }
        }

        string detail = failure is RpcException { Status.Detail: { Length: > 0 } text } ? text : failure.Message;
        return new RadosException(Errno.ENOTCONN, $"connecting to {_endpoint}: {detail}", failure);
    }
}
