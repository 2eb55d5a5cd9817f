using System.Text.Json.Nodes;
using Nacre.Conformance;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Rbd.Tests.Interop;

/// <summary>Ceph's rbd finds what this library made as if it had made it itself.</summary>
public sealed class CephReadsTests(CephFixture engine) : InteropTests(engine)
{
    [Theory]
    [InlineData(RbdFeatures.Default, 0, 0UL, 0UL)]
    [InlineData(RbdFeatures.Layering, 16, 0UL, 0UL)]
    [InlineData(RbdFeatures.Layering | RbdFeatures.ExclusiveLock, 20, 65536UL, 3UL)]
    public async Task A_new_image_has_the_bytes_of_one_of_Cephs(RbdFeatures features, int order, ulong unit, ulong stripes)
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        string id = await images.CreateAsync(
            "ours", 5 * MiB, new ImageCreateOptions { Features = features, Order = order, StripeUnit = unit, StripeCount = stripes }, Token);
        List<string> options = ["create", "theirs", "--size", "5M"];
        options.AddRange(RbdFeatureNames.Of(features & ~RbdFeatures.StripingV2).SelectMany(name => (string[])["--image-feature", name]));
        options.AddRange(order == 0 ? [] : ["--object-size", $"{1 << order}B"]);
        options.AddRange(unit == 0 ? [] : ["--stripe-unit", $"{unit}B", "--stripe-count", $"{stripes}"]);
        await rbd.RunAsync([.. options]);
        Dictionary<string, string> ours = await HeaderAsync(images.Pool, id);
        Dictionary<string, string> theirs = await HeaderAsync(images.Pool, (await images.FindIdAsync("theirs", Token))!);
        Assert.Equal(theirs, ours);
        JsonNode info = await rbd.JsonAsync("info", "ours");
        JsonNode their = await rbd.JsonAsync("info", "theirs");
        foreach (string key in (string[])["size", "objects", "order", "object_size", "format", "features", "op_features", "flags"])
        {
            Assert.Equal(their[key]!.ToJsonString(), info[key]!.ToJsonString());
        }

        await rbd.RunAsync("rm", "ours", "--no-progress");
    }

    [Theory]
    [InlineData(0UL, 0UL)]
    [InlineData(65536UL, 4UL)]
    public async Task What_is_written_and_snapshotted_is_exported_and_compared_by_Ceph(ulong unit, ulong stripes)
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("one", 24 * MiB, new ImageCreateOptions { Order = 20, StripeUnit = unit, StripeCount = stripes }, Token);
        byte[] now = new byte[24 * MiB];
        var random = new Random(5);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            for (int round = 0; round < 3; round++)
            {
                await ScribbleAsync(image, now, random, 15);
                await image.CreateSnapshotAsync($"s{round}", cancellationToken: Token);
            }

            await ScribbleAsync(image, now, random, 15);
        }

        Assert.Equal(now, await rbd.ExportAsync("one"));
        await rbd.CheckMapsAsync("one");
        await using Image reader = await images.OpenAsync("one", ImageOpenOptions.ForReading, Token);
        Assert.Equal(
            reader.Snapshots.Select(s => ((long)s.Id, s.Name, (long)s.Size)),
            (await rbd.JsonAsync("snap", "ls", "one")).AsArray().Select(s => ((long)s!["id"]!, (string)s["name"]!, (long)s["size"]!)));
        foreach (ImageSnapshot snapshot in reader.Snapshots)
        {
            await using Image at = await images.OpenAsync("one", new ImageOpenOptions { SnapshotId = snapshot.Id }, Token);
            Assert.Equal(await ReadAllAsync(at), await rbd.ExportAsync("one", snapshot.Name));
        }

        foreach ((string? from, string? to, bool whole) in (List<(string?, string?, bool)>)
            [(null, null, false), ("s0", null, false), ("s0", "s2", false), ("s1", "s2", true), (null, "s1", true), ("s0", null, true)])
        {
            List<string> arguments = ["diff", to is null ? "one" : $"one@{to}"];
            arguments.AddRange(from is null ? [] : ["--from-snap", from]);
            arguments.AddRange(whole ? ["--whole-object"] : []);
            IEnumerable<DiffExtent> theirs = (await rbd.JsonAsync([.. arguments])).AsArray().Select(
                d => new DiffExtent((ulong)d!["offset"]!, (ulong)d["length"]!, (string)d["exists"]! == "true"));
            List<DiffExtent> ours = [];
            await foreach (DiffExtent extent in reader.DiffAsync(
                from is null ? null : reader.FindSnapshot(from)!.Id, to is null ? SnapshotId.Head : reader.FindSnapshot(to)!.Id, whole, cancellationToken: Token))
            {
                ours.Add(extent);
            }

            Assert.Equal(Normal(theirs), Normal(ours));
        }
    }

    [Fact]
    public async Task Shrinking_rolling_back_and_removing_snapshots_leave_what_Ceph_would()
    {
        (RbdImages images, RbdTool rbd) = await NewAsync();
        await images.CreateAsync("one", 16 * MiB, new ImageCreateOptions { Order = 20 }, Token);
        byte[] now = new byte[16 * MiB];
        var random = new Random(6);
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            for (int round = 0; round < 3; round++)
            {
                await ScribbleAsync(image, now, random, 10);
                await image.CreateSnapshotAsync($"s{round}", cancellationToken: Token);
            }

            await image.RemoveSnapshotAsync("s1", cancellationToken: Token);
            await image.ResizeAsync((5 * MiB) + 4096, allowShrink: true, cancellationToken: Token);
            await image.ResizeAsync(20 * MiB, cancellationToken: Token);
        }

        await rbd.CheckMapsAsync("one");
        byte[] cut = new byte[20 * MiB];
        now.AsSpan(0, (int)(5 * MiB) + 4096).CopyTo(cut);
        Assert.Equal(cut, await rbd.ExportAsync("one"));
        byte[] then = await rbd.ExportAsync("one", "s0");
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            await image.RollBackAsync("s0", cancellationToken: Token);
        }

        Assert.Equal(then, await rbd.ExportAsync("one"));
        await rbd.CheckMapsAsync("one");
        await rbd.RunAsync("snap", "purge", "one", "--no-progress");
        await rbd.CheckMapsAsync("one");
        await rbd.RunAsync("rm", "one", "--no-progress");
        Assert.Empty(await images.ListAsync(Token));
    }

    [Fact]
    public async Task Data_may_lie_in_another_pool()
    {
        string dataPool = Engine.UniqueName("data");
        await Engine.MicroCluster.CreatePoolAsync(dataPool);
        IPool pool = Engine.NewNamespace();
        await using ICluster client = await Engine.ConnectAsync();
        var images = new RbdImages(await EngineFixture.SameAsync(pool, client));
        await images.CreateNamespaceAsync(pool.Namespace, Token);
        await images.CreateAsync("one", 8 * MiB, new ImageCreateOptions { DataPool = dataPool }, Token);
        byte[] now = new byte[8 * MiB];
        await using (Image image = await images.OpenAsync("one", cancellationToken: Token))
        {
            Assert.Equal(dataPool, image.DataPool.Name);
            await ScribbleAsync(image, now, new Random(1), 6);
            await image.CreateSnapshotAsync("s", cancellationToken: Token);
            await image.WriteAsync(0, Bytes(4096, 1), Token);
        }

        var rbd = new RbdTool(Engine, pool);
        Assert.Equal(now, await rbd.ExportAsync("one", "s"));
        Assert.Equal(dataPool, (string)(await rbd.JsonAsync("info", "one"))["data_pool"]!);
        await rbd.CheckMapsAsync("one");
    }

    private static async Task<Dictionary<string, string>> HeaderAsync(IPool pool, string id)
    {
        var values = new Dictionary<string, string>();
        await foreach ((string key, byte[] value) in pool.OmapAsync(RbdObjects.Header(id), "", Token))
        {
            values[key] = key.EndsWith("timestamp", StringComparison.Ordinal) ? "a time"
                : Convert.ToHexString(value).Replace(Convert.ToHexString(System.Text.Encoding.ASCII.GetBytes(id)), "ID", StringComparison.Ordinal);
        }

        // Ids differ in length with the clients' numbers, and with them the prefix's length.
        values["object_prefix"] = values["object_prefix"][8..];
        return values;
    }

    // Neighbouring ranges of one kind are one; Ceph cuts them at objects.
    private static List<DiffExtent> Normal(IEnumerable<DiffExtent> extents)
    {
        List<DiffExtent> merged = [];
        foreach (DiffExtent extent in extents.OrderBy(e => e.Offset))
        {
            if (merged.Count > 0 && merged[^1].Offset + merged[^1].Length == extent.Offset && merged[^1].Exists == extent.Exists)
            {
                merged[^1] = merged[^1] with { Length = merged[^1].Length + extent.Length };
            }
            else
            {
                merged.Add(extent);
            }
        }

        return merged;
    }
}
