using System.Security.Cryptography;
using Google.Protobuf;
using Grpc.Core;
using Grpc.Net.Client;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Remote;
using Nacre.Rados.Remote.Authentication;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Site.Tests;

/// <summary>Who gets in, and what an eavesdropper or a site in between can do with what it sees.</summary>
public class AuthenticationTests(SiteFixture site)
{
    private const string Admin = "client.admin";

    [Fact]
    public async Task A_wrong_key_is_refused()
    {
        RadosException refused = await Assert.ThrowsAsync<RadosException>(() => site.Site.ConnectAsync(Admin, CephSecret.Generate(TimeProvider.System)));
        Assert.Equal(Errno.EACCES, refused.Code);
        Assert.Contains(Admin, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_user_that_there_is_not_is_refused_in_the_same_words()
    {
        RadosException refused = await Assert.ThrowsAsync<RadosException>(() => site.Site.ConnectAsync("client.nobody", CephSecret.Generate(TimeProvider.System)));
        RadosException wrong = await Assert.ThrowsAsync<RadosException>(() => site.Site.ConnectAsync(Admin, CephSecret.Generate(TimeProvider.System)));
        Assert.Equal(wrong.Message, refused.Message.Replace("client.nobody", Admin, StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_site_with_another_certificate_than_the_pinned_one_is_refused()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        var options = new Dictionary<string, string>(configuration.Options) { ["nacre_certificate_sha256"] = new string('a', 64) };
        RadosException refused = await Assert.ThrowsAsync<RadosException>(
            () => RemoteCluster.ConnectAsync(configuration with { Options = options }, new ClusterOptions()));
        Assert.Equal(Errno.EACCES, refused.Code);
        Assert.Contains("nacre certificate sha256", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_pinned_certificate_the_sites_own_proof_tells_who_it_is()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        var options = new Dictionary<string, string>(configuration.Options);
        options.Remove("nacre_certificate_sha256");
        await using ICluster cluster = await RemoteCluster.ConnectAsync(configuration with { Options = options }, new ClusterOptions());
        Assert.Equal(site.Cluster.Fsid, cluster.Fsid);
    }

    [Fact]
    public async Task Nothing_listening_is_told_at_once()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        RadosException refused = await Assert.ThrowsAsync<RadosException>(
            () => RemoteCluster.ConnectAsync(configuration with { MonitorHost = "https://127.0.0.1:1" }, new ClusterOptions()));
        Assert.Equal(Errno.ECONNREFUSED, refused.Code);
    }

    [Fact]
    public async Task A_conf_without_a_key_says_so()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        RadosException missing = await Assert.ThrowsAsync<RadosException>(
            () => RemoteCluster.ConnectAsync(configuration with { Key = null }, new ClusterOptions()));
        Assert.Equal(Errno.ENOENT, missing.Code);
    }

    [Fact]
    public async Task A_recorded_proof_is_worth_nothing_a_second_time()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        byte[] key = CephSecret.Decode(configuration.Key!);
        byte[] clientNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);
        byte[]? proof = null;
        ServerFrame first = await ShakeHandsAsync(configuration, clientNonce, (serverNonce, fingerprint) =>
            proof = SiteAuthentication.ClientProof(key, Admin, clientNonce, serverNonce, fingerprint, []));
        Assert.NotNull(first.Welcome);

        // The same nonce and the same proof, as one who listened could send them: the site's own nonce is another one now.
        ServerFrame replayed = await ShakeHandsAsync(configuration, clientNonce, (_, _) => proof!);
        Assert.Equal(-Errno.EACCES, replayed.ReturnCode);
        Assert.Null(replayed.Welcome);
    }

    [Fact]
    public async Task A_proof_given_to_another_site_is_worth_nothing_here()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        byte[] key = CephSecret.Decode(configuration.Key!);
        byte[] clientNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);

        // What a client proves to a site in between covers that site's certificate, even though the nonces were passed on.
        ServerFrame relayed = await ShakeHandsAsync(configuration, clientNonce, (serverNonce, _) =>
            SiteAuthentication.ClientProof(key, Admin, clientNonce, serverNonce, RandomNumberGenerator.GetBytes(32), []));
        Assert.Equal(-Errno.EACCES, relayed.ReturnCode);
    }

    [Fact]
    public async Task Nobody_becomes_another_client_by_inventing_its_token()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        byte[] key = CephSecret.Decode(configuration.Key!);
        byte[] clientNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);
        byte[] invented = RandomNumberGenerator.GetBytes(80);
        ServerFrame answer = await ShakeHandsAsync(
            configuration,
            clientNonce,
            (serverNonce, fingerprint) => SiteAuthentication.ClientProof(key, Admin, clientNonce, serverNonce, fingerprint, invented),
            invented);
        Assert.False(answer.Welcome.Resumed);
        Assert.NotEqual(site.Cluster.InstanceId, answer.Welcome.InstanceId);
    }

    [Fact]
    public async Task Who_says_anything_before_hello_is_refused()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        using GrpcChannel channel = Channel(configuration, _ => { });
        using AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call = new Rados.Remote.Protocol.Site.SiteClient(channel).Connect();
        await call.RequestStream.WriteAsync(new ClientFrame { Id = 1, ListPools = new ListPools() });
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        Assert.Equal(-Errno.EINVAL, call.ResponseStream.Current.ReturnCode);
    }

    [Fact]
    public async Task Requests_that_make_no_sense_are_errors_and_the_session_goes_on()
    {
        ClusterConfiguration configuration = await TestSite.ConfigurationAsync(site.Site.Layout);
        byte[] key = CephSecret.Decode(configuration.Key!);
        byte[] clientNonce = RandomNumberGenerator.GetBytes(SiteAuthentication.NonceLength);
        byte[] fingerprint = [];
        using GrpcChannel channel = Channel(configuration, seen => fingerprint = seen);
        using AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call = new Rados.Remote.Protocol.Site.SiteClient(channel).Connect();
        await call.RequestStream.WriteAsync(new ClientFrame
        {
            Hello = new Hello { Version = SiteAuthentication.ProtocolVersion, Entity = Admin, ClientNonce = ByteString.CopyFrom(clientNonce) },
        });
        byte[] serverNonce = (await NextAsync(call)).Challenge.ServerNonce.ToByteArray();
        byte[] proof = SiteAuthentication.ClientProof(key, Admin, clientNonce, serverNonce, fingerprint, []);
        await call.RequestStream.WriteAsync(new ClientFrame { Proof = new Proof { ClientProof = ByteString.CopyFrom(proof) } });
        Assert.NotNull((await NextAsync(call)).Welcome);

        var here = new ObjectAddress { Pool = site.NewNamespace().Id, Object = "o" };
        (ClientFrame Frame, int Errno)[] requests =
        [
            (new ClientFrame(), Errno.EOPNOTSUPP),
            (new ClientFrame { Operate = new Operate() }, Errno.EINVAL),
            (new ClientFrame { Operate = new Operate { Target = new ObjectAddress { Pool = 999 } } }, Errno.ENOENT),
            (new ClientFrame { Operate = new Operate { Target = here, Steps = { new Step { Kind = (StepKind)99 } } } }, Errno.EINVAL),
            (new ClientFrame { Operate = new Operate { Target = here, Steps = { new Step { Kind = StepKind.StepOmapSet, Keys = { "k" } } } } }, Errno.EINVAL),
            (new ClientFrame { Operate = new Operate { Target = here, Steps = { new Step { Kind = StepKind.StepCompareXattr, Number = 77 } } } }, Errno.EINVAL),
            (new ClientFrame { ListSnapshots = new ListSnapshots() }, Errno.EINVAL),
            (new ClientFrame { Watch = new Watch() }, Errno.EINVAL),
            (new ClientFrame { Notify = new Notify() }, Errno.EINVAL),
            (new ClientFrame { ListObjects = new ListObjects { Pool = here.Pool, Cursor = 12345 } }, Errno.ENOTCONN),
            (new ClientFrame { Hello = new Hello() }, Errno.EOPNOTSUPP),
            (new ClientFrame { Resent = true, CreateSnapshotId = new CreateSnapshotId { Pool = here.Pool } }, Errno.ENOTCONN),
            (new ClientFrame { ListPools = new ListPools() }, 0),
        ];
        for (int i = 0; i < requests.Length; i++)
        {
            requests[i].Frame.Id = (ulong)i + 1;
            await call.RequestStream.WriteAsync(requests[i].Frame);
            ServerFrame reply = await NextAsync(call);
            Assert.Equal((requests[i].Frame.Id, -requests[i].Errno), (reply.Id, reply.ReturnCode));
        }
    }

    private static async Task<ServerFrame> NextAsync(AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call)
    {
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return call.ResponseStream.Current;
    }

    [Fact]
    public async Task A_removed_user_is_out_at_once()
    {
        string id = site.UniqueName("leaver");
        await using ICluster leaver = await site.Site.ConnectWithCapsAsync(site.Cluster, id, "mon", "allow r", "osd", "allow rwx");
        await leaver.ListPoolsAsync(TestContext.Current.CancellationToken);
        await site.Cluster.MonitorCommandAsync($$"""{"prefix":"auth rm","entity":"client.{{id}}"}""");
        RadosException refused = await Testing.Eventually.BecomesAsync(
            async () =>
            {
                try
                {
                    await leaver.ListPoolsAsync();
                    return new RadosException(0, "");
                }
                catch (RadosException e)
                {
                    return e;
                }
            },
            e => e.Code != 0,
            "the removed user's refusal");
        Assert.Equal(Errno.EACCES, refused.Code);
    }

    private static async Task<ServerFrame> ShakeHandsAsync(
        ClusterConfiguration configuration, byte[] clientNonce, Func<byte[], byte[], byte[]> prove, byte[]? resumeToken = null)
    {
        byte[] fingerprint = [];
        using GrpcChannel channel = Channel(configuration, seen => fingerprint = seen);
        using AsyncDuplexStreamingCall<ClientFrame, ServerFrame> call = new Rados.Remote.Protocol.Site.SiteClient(channel).Connect();
        var hello = new Hello
        {
            Version = SiteAuthentication.ProtocolVersion,
            Entity = Admin,
            ClientNonce = ByteString.CopyFrom(clientNonce),
            ResumeToken = ByteString.CopyFrom(resumeToken ?? []),
        };
        await call.RequestStream.WriteAsync(new ClientFrame { Hello = hello });
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        byte[] proof = prove(call.ResponseStream.Current.Challenge.ServerNonce.ToByteArray(), fingerprint);
        await call.RequestStream.WriteAsync(new ClientFrame { Proof = new Proof { ClientProof = ByteString.CopyFrom(proof) } });
        Assert.True(await call.ResponseStream.MoveNext(TestContext.Current.CancellationToken));
        return call.ResponseStream.Current;
    }

    private static GrpcChannel Channel(ClusterConfiguration configuration, Action<byte[]> seen)
    {
        var handler = new SocketsHttpHandler();
        handler.SslOptions.RemoteCertificateValidationCallback = (_, certificate, _, _) =>
        {
            seen(SHA256.HashData(certificate!.GetRawCertData()));
            return true;
        };
        return GrpcChannel.ForAddress(configuration.MonitorHost, new GrpcChannelOptions { HttpHandler = handler, DisposeHttpClient = true });
    }
}
