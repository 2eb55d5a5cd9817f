using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Nacre.Rados;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote.Authentication;
using Nacre.Rados.Remote.Protocol;
using Nacre.Site.Commands;
using Nacre.Site.Hosting;
using Nacre.Site.Users;

namespace Nacre.Site.Sessions;

/// <summary>The gRPC end of the site: proves a client, then pumps its frames.</summary>
internal sealed class SiteService(SiteMonitor site, SessionManager sessions, SiteIdentity identity, ILogger<SiteService> logger)
    : Rados.Remote.Protocol.Site.SiteBase
{
    private static readonly TimeSpan _handshakeTimeout = TimeSpan.FromSeconds(10);

    public override async Task Connect(IAsyncStreamReader<ClientFrame> requestStream, IServerStreamWriter<ServerFrame> responseStream, ServerCallContext context)
    {
        HttpContext http = context.GetHttpContext();
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(context.CancellationToken);
        var connection = new SessionConnection(responseStream, ended);
        ClientSession? session = null;
        Task writing = Task.CompletedTask;
        try
        {
            (EntityName name, ByteString token, Welcome welcome) = await ProveAsync(requestStream, responseStream, connection.Ended);
            session = await sessions.OpenAsync(
                name, token.Memory, http.Connection.RemoteIpAddress ?? System.Net.IPAddress.Loopback, connection, welcome);
            writing = connection.WriteAsync();
            Task reading = ReadAsync(session, requestStream, connection.Ended);
            if (await Task.WhenAny(reading, writing) == reading && reading.Exception?.InnerException is { } why
                && why is not (OperationCanceledException or IOException))
            {
                logger.LogWarning("{Peer}: {Message}", context.Peer, why.Message);
            }
        }
        catch (RadosException e)
        {
            logger.LogWarning("{Peer}: {Message}", context.Peer, e.Message);
            await responseStream.WriteAsync(new ServerFrame { ReturnCode = -e.Code, Error = e.Attempt });
        }
        catch (Exception e) when (e is OperationCanceledException or IOException or InvalidOperationException)
        {
            // The client went away in the middle of the handshake.
        }
        finally
        {
            await ended.CancelAsync();
            await writing.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            connection.Finish();
            if (session is not null)
            {
                sessions.Disconnected(session, connection);
            }
        }
    }

    private async Task<(EntityName Name, ByteString ResumeToken, Welcome Welcome)> ProveAsync(
        IAsyncStreamReader<ClientFrame> requests, IServerStreamWriter<ServerFrame> responses, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(_handshakeTimeout, site.Time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        Hello hello = (await NextAsync(requests, either.Token)).Hello ?? throw new RadosException(Errno.EINVAL, "a client must say hello first");
        if (hello.Version != SiteAuthentication.ProtocolVersion)
        {
            throw new RadosException(
                Errno.EOPNOTSUPP, $"the client speaks protocol {hello.Version}, this site {SiteAuthentication.ProtocolVersion}");
        }

        if (hello.ClientNonce.Length != SiteAuthentication.NonceLength)
        {
            throw new RadosException(Errno.EINVAL, "a client nonce of a wrong length");
        }

        byte[] serverNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);
        await responses.WriteAsync(new ServerFrame { Challenge = new Challenge { ServerNonce = ByteString.CopyFrom(serverNonce) } }, either.Token);
        Proof proof = (await NextAsync(requests, either.Token)).Proof ?? throw new RadosException(Errno.EINVAL, "a client must prove its key");

        EntityName? name = EntityName.TryParse(hello.Entity);
        SiteUser? user = name is { } known ? site.Users.Find(known) : null;

        // Who is not known is refused in the same way, and after the same work, as who has a wrong key.
        byte[] key = user is null ? RandomNumberGenerator.GetBytes(16) : CephSecret.Decode(user.Key);
        byte[] expected = SiteAuthentication.ClientProof(
            key, hello.Entity, hello.ClientNonce.Span, serverNonce, identity.CertificateFingerprint, hello.ResumeToken.Span);
        if (!SiteAuthentication.Matches(expected, proof.ClientProof.Span) || user is null)
        {
            throw new RadosException(Errno.EACCES, $"the site does not accept the key of {hello.Entity}");
        }

        byte[] own = SiteAuthentication.ServerProof(
            key, hello.Entity, hello.ClientNonce.Span, serverNonce, identity.CertificateFingerprint, hello.ResumeToken.Span);
        return (user.Name, hello.ResumeToken, new Welcome { ServerProof = ByteString.CopyFrom(own) });
    }

    private static async Task<ClientFrame> NextAsync(IAsyncStreamReader<ClientFrame> requests, CancellationToken cancellationToken) =>
        await requests.MoveNext(cancellationToken) ? requests.Current : throw new RadosException(Errno.ENOTCONN, "the client went away");

    private static async Task ReadAsync(ClientSession session, IAsyncStreamReader<ClientFrame> requests, CancellationToken cancellationToken)
    {
        while (await requests.MoveNext(cancellationToken))
        {
            await session.AcceptAsync(requests.Current, cancellationToken);
        }
    }
}
