using System.Globalization;
using System.Text.Json;
using Nacre.Rados.Embedded;

namespace Nacre.Site.Commands;

/// <summary>Application metadata of pools, kept under <c>application/POOLID</c>; also what <c>tag</c> caps are matched against.</summary>
internal sealed class PoolApplications(MetadataStore metadata)
{
    private static readonly IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> _none =
        new Dictionary<string, IReadOnlyDictionary<string, string>>();

    private readonly SemaphoreSlim _changing = new(1, 1);

    public IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>> Of(long pool) =>
        Load(pool) is { } stored ? stored.ToDictionary(p => p.Key, p => (IReadOnlyDictionary<string, string>)p.Value) : _none;

    public async Task ChangeAsync(long pool, Action<SortedDictionary<string, SortedDictionary<string, string>>> change, CancellationToken cancellationToken)
    {
        await _changing.WaitAsync(cancellationToken);
        try
        {
            SortedDictionary<string, SortedDictionary<string, string>> applications = Load(pool) ?? [];
            change(applications);
            await metadata.ApplyAsync([new(Key(pool), JsonSerializer.SerializeToUtf8Bytes(applications))], cancellationToken);
        }
        finally
        {
            _changing.Release();
        }
    }

    public Task ForgetAsync(long pool, CancellationToken cancellationToken) => metadata.ApplyAsync([new(Key(pool), null)], cancellationToken);

    private static string Key(long pool) => string.Create(CultureInfo.InvariantCulture, $"application/{pool}");

    private SortedDictionary<string, SortedDictionary<string, string>>? Load(long pool) =>
        metadata.Get(Key(pool)) is { } stored ? JsonSerializer.Deserialize<SortedDictionary<string, SortedDictionary<string, string>>>(stored) : null;
}
