using System.Text;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>What the suites share: a fresh namespace and short ways to act on it.</summary>
public abstract class ConformanceTests
{
    /// <summary>Takes the engine and a fresh namespace of it.</summary>
    protected ConformanceTests(EngineFixture engine)
    {
        Engine = engine;
        Pool = engine.NewNamespace();
    }

    /// <summary>The store under test.</summary>
    protected EngineFixture Engine { get; }

    /// <summary>This test's own namespace.</summary>
    protected IPool Pool { get; }

    /// <summary>The runner's token.</summary>
    protected static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    /// <summary>UTF-8.</summary>
    protected static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);

    /// <summary>From UTF-8.</summary>
    protected static string Text(ReadOnlyMemory<byte> bytes) => Encoding.UTF8.GetString(bytes.Span);

    /// <summary>That many bytes with no period that a shifted copy could hide in.</summary>
    protected static byte[] Pattern(int length, int seed = 1)
    {
        var bytes = new byte[length];
        new Random(seed).NextBytes(bytes);
        return bytes;
    }

    /// <summary>Writes; returns the code.</summary>
    protected async Task<int> WriteAsync(string name, WriteOperation operation, SnapshotContext? context = null)
    {
        using OperationResult result = await Pool.OperateAsync(name, operation, context, Cancellation);
        return result.ReturnCode;
    }

    /// <summary>Writes; fails the test where the write fails.</summary>
    protected async Task MustWriteAsync(string name, WriteOperation operation, SnapshotContext? context = null) =>
        Assert.Equal(0, await WriteAsync(name, operation, context));

    /// <summary>Reads; the result needs disposal.</summary>
    protected ValueTask<OperationResult> ReadAsync(string name, ReadOperation operation, ulong snapshot = SnapshotId.Head) =>
        Pool.OperateAsync(name, operation, snapshot, Cancellation);

    /// <summary>The code of a read.</summary>
    protected async Task<int> CodeOfAsync(string name, ReadOperation operation, ulong snapshot = SnapshotId.Head)
    {
        using OperationResult result = await ReadAsync(name, operation, snapshot);
        return result.ReturnCode;
    }

    /// <summary>All data of an object; null where it is absent.</summary>
    protected async Task<byte[]?> DataAsync(string name, ulong snapshot = SnapshotId.Head) => await Pool.ReadAsync(name, 0, 0, snapshot, Cancellation);
}
