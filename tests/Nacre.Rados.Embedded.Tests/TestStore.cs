using Nacre.Rados.ClassMethods;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>A store with one pool, which can be closed and opened again.</summary>
internal sealed class TestStore : IAsyncDisposable
{
    private readonly TemporaryDirectory _directory = new();
    private readonly EmbeddedStoreOptions _options;

    private TestStore(EmbeddedStoreOptions options) => _options = options;

    public string Path => _directory.Path;

    public EmbeddedStore Store { get; private set; } = null!;

    public EmbeddedSession Session { get; private set; } = null!;

    public IPool Pool { get; private set; } = null!;

    public static async Task<TestStore> CreateAsync(TimeProvider? time = null, params IReadOnlyList<ObjectClass> classes)
    {
        var store = new TestStore(new EmbeddedStoreOptions { Time = time ?? TimeProvider.System, Classes = classes });
        store.Store = await EmbeddedStore.OpenAsync(store.Path, store._options);
        await store.Store.Connect(EntityName.Admin).CreatePoolAsync("pool");
        await store.ConnectAsync();
        return store;
    }

    public async Task CloseAsync() => await Store.DisposeAsync();

    public async Task OpenAsync()
    {
        Store = await EmbeddedStore.OpenAsync(Path, _options with { CreateIfMissing = false });
        await ConnectAsync();
    }

    public async Task WriteAsync(string name, WriteOperation operation, SnapshotContext? context = null)
    {
        using OperationResult result = await Pool.OperateAsync(name, operation, context);
        Assert.Equal(0, result.ReturnCode);
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        _directory.Dispose();
    }

    private async Task ConnectAsync()
    {
        Session = Store.Connect(EntityName.Admin);
        Pool = await Session.OpenPoolAsync("pool");
    }
}
