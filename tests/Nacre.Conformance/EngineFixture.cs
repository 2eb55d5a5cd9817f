using System.Globalization;
using Nacre.Rados.Clusters;

namespace Nacre.Conformance;

/// <summary>
/// One running store, shared by all tests of an assembly (<c>[assembly: AssemblyFixture(typeof(…))]</c>). An engine's test assembly
/// derives from this and from each abstract suite here; see <c>Nacre.Rados.Ceph.Tests</c> for the pattern.
/// </summary>
public abstract class EngineFixture : IAsyncLifetime
{
    private ICluster? _cluster;
    private IPool? _pool;
    private int _counter;

    /// <summary>A connection that all tests share.</summary>
    public ICluster Cluster => _cluster ?? throw new InvalidOperationException("the store has not been started");

    /// <summary>Connects a new client to the store, for tests that need a second one or end it.</summary>
    public abstract Task<ICluster> ConnectAsync(ClusterOptions? options = null);

    /// <summary>A name that nothing else in this store has.</summary>
    public string UniqueName(string prefix) => string.Create(CultureInfo.InvariantCulture, $"{prefix}{Interlocked.Increment(ref _counter)}");

    /// <summary>A fresh namespace of a pool that all tests share: what most tests need.</summary>
    public IPool NewNamespace() => (_pool ?? throw new InvalidOperationException("the store has not been started")).WithNamespace(UniqueName("ns"));

    /// <summary>The same place as another client sees it.</summary>
    public static async Task<IPool> SameAsync(IPool place, ICluster client) => (await client.OpenPoolAsync(place.Id)).WithNamespace(place.Namespace);

    /// <inheritdoc/>
    public async ValueTask InitializeAsync()
    {
        await StartAsync();
        _cluster = await ConnectAsync();
        string name = UniqueName("conformance");
        await _cluster.CreatePoolAsync(name);
        _pool = await _cluster.OpenPoolAsync(name);
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }

        await StopAsync();
        GC.SuppressFinalize(this);
    }

    /// <summary>Starts the store.</summary>
    protected abstract Task StartAsync();

    /// <summary>Stops the store and removes what it left.</summary>
    protected abstract Task StopAsync();
}
