using System.Globalization;
using System.Text;
using Nacre.Rados.Ceph;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Objects;
using Nacre.Testing.Ceph;

namespace Nacre.ObjectClasses.Tests;

/// <summary>
/// The same seeded calls on a real cluster, on the embedded engine and on the object in memory: each answers the same, and all that the objects
/// hold in the end is the same, but for clocks and random names.
/// </summary>
public class EquivalenceTests
{
    private const int Calls = 2000;

    [Theory]
    [InlineData(21)]
    public async Task The_embedded_engine_answers_and_stores_as_the_memory_does(int seed)
    {
        DirectoryInfo directory = Directory.CreateTempSubdirectory("nacre-classes-");
        try
        {
            await using EmbeddedStore store = await EmbeddedStore.OpenAsync(
                directory.FullName, new EmbeddedStoreOptions { Classes = RbdObjectClasses.All }, TestContext.Current.CancellationToken);
            await using EmbeddedSession session = store.Connect(EntityName.Admin);
            await CompareAsync(session, seed);
        }
        finally
        {
            directory.Delete(recursive: true);
        }
    }

    [Fact]
    public async Task A_real_cluster_answers_and_stores_as_the_memory_does()
    {
        await using CephMicroCluster micro = await CephMicroCluster.StartAsync("classes", cancellationToken: TestContext.Current.CancellationToken);
        await using ICluster cluster = await new CephClusterConnector().ConnectAsync(
            micro.Configuration, new ClusterOptions(), TestContext.Current.CancellationToken);
        await CompareAsync(cluster, 21);
    }

    private static async Task CompareAsync(ICluster cluster, int seed)
    {
        CancellationToken cancellation = TestContext.Current.CancellationToken;
        string name = string.Create(CultureInfo.InvariantCulture, $"classes{seed}");
        await cluster.CreatePoolAsync(name, cancellation);
        IPool pool = await cluster.OpenPoolAsync(name, cancellation);
        var memory = new FakeStore { CallerId = cluster.InstanceId, CallerAddress = cluster.Address };
        var differences = new List<string>();
        foreach (SequenceStep step in new CallSequence(seed, cluster.InstanceId).Take(Calls))
        {
            (int code, byte[] output) = await ExecAsync(pool, step, cancellation);
            (int expectedCode, byte[] expectedOutput) = memory.Exec(step.Object, step.Class, step.Method, step.Input);
            string found = Hex(Normalizer.Output(step.Method, output));
            string expected = Hex(Normalizer.Output(step.Method, expectedOutput));
            if (Math.Min(code, 0) != Math.Min(expectedCode, 0) || found != expected)
            {
                differences.Add($"{step.Object} {step.Method} {Hex(step.Input.ToArray())}: memory {expectedCode} {expected}, store {code} {found}");
            }
        }

        var stored = new SortedSet<string>(StringComparer.Ordinal);
        await foreach (string objectName in pool.ListObjectsAsync(cancellation))
        {
            await DescribeAsync(pool, objectName, stored, cancellation);
        }

        var inMemory = new SortedSet<string>(memory.Objects.SelectMany(pair => Describe(pair.Key, pair.Value)), StringComparer.Ordinal);
        differences.AddRange(stored.Except(inMemory).Select(line => $"only in the store:  {line}"));
        differences.AddRange(inMemory.Except(stored).Select(line => $"only in the memory: {line}"));
        Assert.True(differences.Count == 0, $"seed {seed}: {differences.Count} differences\n{string.Join('\n', differences.Take(40))}");
    }

    private static async Task<(int Code, byte[] Output)> ExecAsync(IPool pool, SequenceStep step, CancellationToken cancellation)
    {
        bool writes = RbdObjectClasses.All.Single(c => c.Name == step.Class).Methods.Single(m => m.Name == step.Method).Access
            .HasFlag(ClassMethodAccess.Write);
        using OperationResult result = writes
            ? await pool.OperateAsync(step.Object, new WriteOperation().Exec(step.Class, step.Method, step.Input), null, cancellation)
            : await pool.OperateAsync(step.Object, new ReadOperation().Exec(step.Class, step.Method, step.Input), SnapshotId.Head, cancellation);
        return (result.ReturnCode, writes || result.ReturnCode < 0 ? [] : result.Outputs[0].Data.ToArray());
    }

    private static async Task DescribeAsync(IPool pool, string name, SortedSet<string> lines, CancellationToken cancellation)
    {
        using OperationResult result = await pool.OperateAsync(
            name, new ReadOperation().Read(0, 0).GetXattrs(), SnapshotId.Head, cancellation);
        lines.Add($"DATA {name} {Hex(result.Outputs[0].Data.ToArray())}");
        foreach ((string key, ReadOnlyMemory<byte> value) in result.Outputs[1].Values)
        {
            lines.Add($"XATTR {name} {key} {Hex(value.ToArray())}");
        }

        await foreach ((string key, byte[] value) in pool.OmapAsync(name, cancellationToken: cancellation))
        {
            lines.Add($"OMAP {name} {Key(key)} {Hex(Normalizer.Omap(key, value))}");
        }
    }

    private static IEnumerable<string> Describe(string name, FakeObject value) =>
    [
        $"DATA {name} {Hex(value.Data)}",
        .. value.Xattrs.Select(pair => $"XATTR {name} {pair.Key} {Hex(pair.Value)}"),
        .. value.Omap.Select(pair => $"OMAP {name} {Key(pair.Key)} {Hex(Normalizer.Omap(pair.Key, pair.Value))}"),
    ];

    private static string Key(string key) => Hex(new UTF8Encoding(false).GetBytes(key));

    private static string Hex(byte[] bytes) => bytes.Length == 0 ? "-" : Convert.ToHexStringLower(bytes);
}
