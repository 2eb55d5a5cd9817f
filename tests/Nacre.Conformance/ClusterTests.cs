using System.Text.Json;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>The connection itself, pools, listing, commands, services.</summary>
public abstract class ClusterTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task A_connection_knows_who_it_is()
    {
        ICluster cluster = Engine.Cluster;
        Assert.True(Guid.TryParseExact(cluster.Fsid, "D", out _), cluster.Fsid);
        Assert.Equal(cluster.Fsid.ToLowerInvariant(), cluster.Fsid);
        Assert.Equal("client.admin", cluster.Name.ToString());
        Assert.Matches(@"^[0-9.]+:0/\d+$", cluster.Address);
        Assert.True(cluster.Capabilities.MaximumWriteSize >= 4 << 20);
        await using ICluster other = await Engine.ConnectAsync();
        Assert.Equal(cluster.Fsid, other.Fsid);
        Assert.NotEqual(cluster.InstanceId, other.InstanceId);
        Assert.NotEqual(cluster.Address, other.Address);
    }

    [Fact]
    public async Task Pools_are_created_listed_opened_and_deleted()
    {
        ICluster cluster = Engine.Cluster;
        string name = Engine.UniqueName("made");
        await cluster.CreatePoolAsync(name, Cancellation);
        Assert.Equal(Errno.EEXIST, (await Assert.ThrowsAsync<RadosException>(() => cluster.CreatePoolAsync(name, Cancellation))).Code);
        PoolDescription listed = Assert.Single(await cluster.ListPoolsAsync(Cancellation), pool => pool.Name == name);
        IPool byName = await cluster.OpenPoolAsync(name, Cancellation);
        IPool byId = await cluster.OpenPoolAsync(listed.Id, Cancellation);
        Assert.Equal((listed.Id, name, ""), (byName.Id, byName.Name, byName.Namespace));
        Assert.Equal((listed.Id, name, ""), (byId.Id, byId.Name, byId.Namespace));
        await cluster.DeletePoolAsync(name, Cancellation);
        Assert.DoesNotContain(await cluster.ListPoolsAsync(Cancellation), pool => pool.Name == name);
        Assert.Equal(Errno.ENOENT, (await Assert.ThrowsAsync<RadosException>(() => cluster.OpenPoolAsync(name, Cancellation))).Code);
        Assert.Equal(Errno.ENOENT, (await Assert.ThrowsAsync<RadosException>(() => cluster.OpenPoolAsync(listed.Id, Cancellation))).Code);
        Assert.Equal(Errno.ENOENT, (await Assert.ThrowsAsync<RadosException>(() => cluster.DeletePoolAsync(name, Cancellation))).Code);
    }

    [Fact]
    public async Task A_pool_made_by_another_client_can_be_opened()
    {
        await using ICluster other = await Engine.ConnectAsync();
        string name = Engine.UniqueName("made");
        await other.CreatePoolAsync(name, Cancellation);
        IPool pool = await Engine.Cluster.OpenPoolAsync(name, Cancellation);
        await pool.ExecuteAsync("o", new WriteOperation().WriteFull(Bytes("x")), cancellationToken: Cancellation);
        await other.DeletePoolAsync(name, Cancellation);
    }

    [Fact]
    public async Task Objects_of_a_namespace_are_listed_and_no_others()
    {
        IPool other = Engine.NewNamespace();
        await other.ExecuteAsync("elsewhere", new WriteOperation().Create(exclusive: true), cancellationToken: Cancellation);
        string[] names = [.. Enumerable.Range(0, 300).Select(i => $"object {i} ü")];
        foreach (string[] chunk in names.Chunk(50))
        {
            await Task.WhenAll(chunk.Select(name => MustWriteAsync(name, new WriteOperation().Create(exclusive: true))));
        }

        var listed = new List<string>();
        await foreach (string name in Pool.ListObjectsAsync(Cancellation))
        {
            listed.Add(name);
        }

        Assert.Equal(names.Order(StringComparer.Ordinal), listed.Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task Breaking_off_a_listing_of_objects_is_harmless()
    {
        await MustWriteAsync("a", new WriteOperation().Create(exclusive: true));
        await MustWriteAsync("b", new WriteOperation().Create(exclusive: true));
        await foreach (string name in Pool.ListObjectsAsync(Cancellation))
        {
            Assert.Contains(name, (string[])["a", "b"]);
            break;
        }
    }

    [Fact]
    public async Task An_empty_namespace_lists_nothing()
    {
        await foreach (string name in Pool.ListObjectsAsync(Cancellation))
        {
            Assert.Fail(name);
        }
    }

    [Fact]
    public async Task Monitor_commands_answer_in_JSON()
    {
        CommandResult result = await Engine.Cluster.MonitorCommandAsync("""{"prefix":"osd pool ls","format":"json"}""", default, Cancellation);
        Assert.Equal(0, result.ReturnCode);
        using JsonDocument document = JsonDocument.Parse(result.Output);
        Assert.Contains(document.RootElement.EnumerateArray(), name => name.GetString() == Pool.Name);
    }

    [Fact]
    public async Task A_failed_command_is_a_result()
    {
        CommandResult result = await Engine.Cluster.MonitorCommandAsync("""{"prefix":"no such command"}""", default, Cancellation);
        Assert.Equal(-Errno.EINVAL, result.ReturnCode);
        CommandResult missing = await Engine.Cluster.MonitorCommandAsync(
            """{"prefix":"config-key get","key":"nacre/conformance/none"}""", default, Cancellation);
        Assert.Equal(-Errno.ENOENT, missing.ReturnCode);
    }

    [Fact]
    public async Task Configuration_keys_are_stored_with_the_monitors()
    {
        string key = $"nacre/conformance/{Guid.NewGuid()}";
        Assert.Equal(0, (await Engine.Cluster.MonitorCommandAsync($$"""{"prefix":"config-key set","key":"{{key}}","val":"some value"}""", default, Cancellation)).ReturnCode);
        CommandResult read = await Engine.Cluster.MonitorCommandAsync($$"""{"prefix":"config-key get","key":"{{key}}"}""", default, Cancellation);
        Assert.Equal("some value", Text(read.Output));
        Assert.Equal(0, (await Engine.Cluster.MonitorCommandAsync($$"""{"prefix":"config-key rm","key":"{{key}}"}""", default, Cancellation)).ReturnCode);
    }

    [Fact]
    public async Task A_registered_service_shows_in_the_service_map()
    {
        await using ICluster daemon = await Engine.ConnectAsync();
        string name = daemon.InstanceId.ToString(System.Globalization.CultureInfo.InvariantCulture);
        await daemon.RegisterServiceAsync("nacre-conformance", name, new Dictionary<string, string> { ["pool_name"] = "here", ["id"] = "x" }, Cancellation);
        await daemon.UpdateServiceStatusAsync(new Dictionary<string, string> { ["json"] = "{\"state\":1}" }, Cancellation);
        long start = Environment.TickCount64;
        while (true)
        {
            CommandResult dump = await Engine.Cluster.MonitorCommandAsync("""{"prefix":"service dump","format":"json"}""", default, Cancellation);
            using JsonDocument document = JsonDocument.Parse(dump.Output);
            if (document.RootElement.GetProperty("services").TryGetProperty("nacre-conformance", out JsonElement service)
                && service.GetProperty("daemons").TryGetProperty(name, out JsonElement entry))
            {
                Assert.Equal("here", entry.GetProperty("metadata").GetProperty("pool_name").GetString());
                Assert.Equal(daemon.InstanceId, entry.GetProperty("gid").GetUInt64());
                return;
            }

            Assert.True(Environment.TickCount64 - start < 90_000, Text(dump.Output));
            await Task.Delay(100, Cancellation);
        }
    }

    [Fact]
    public void Options_have_their_effective_value()
    {
        Assert.NotNull(Engine.Cluster.GetOption("rbd_default_features"));
        Assert.Null(Engine.Cluster.GetOption("no_such_option"));
    }

    [Fact]
    public async Task A_cancelled_call_throws()
    {
        using var source = new CancellationTokenSource();
        await source.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await Pool.OperateAsync("o", new ReadOperation().Stat(), SnapshotId.Head, source.Token));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            async () => await Pool.OperateAsync("o", new WriteOperation().Create(true), null, source.Token));
    }

    [Fact]
    public async Task A_disposed_connection_answers_not_connected()
    {
        ICluster other = await Engine.ConnectAsync();
        IPool pool = await EngineFixture.SameAsync(Pool, other);
        await other.DisposeAsync();
        using OperationResult result = await pool.OperateAsync("o", new ReadOperation().Stat(), SnapshotId.Head, Cancellation);
        Assert.Equal(-Errno.ENOTCONN, result.ReturnCode);
        await other.DisposeAsync();
    }

    [Fact]
    public async Task Operations_under_way_end_when_the_connection_does()
    {
        ICluster other = await Engine.ConnectAsync();
        IPool pool = await EngineFixture.SameAsync(Pool, other);
        Task<OperationResult>[] running = [.. Enumerable.Range(0, 200).Select(
            i => pool.OperateAsync($"o{i}", new WriteOperation().WriteFull(Pattern(4096)), null, Cancellation).AsTask())];
        await other.DisposeAsync();
        foreach (OperationResult result in await Task.WhenAll(running).WaitAsync(TimeSpan.FromSeconds(90), Cancellation))
        {
            Assert.True(result.ReturnCode is 0 or -Errno.ENOTCONN, $"{result.ReturnCode}");
        }
    }
}
