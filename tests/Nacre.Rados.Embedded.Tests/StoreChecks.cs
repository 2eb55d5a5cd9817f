using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>Looks into a store's keys.</summary>
internal static class StoreChecks
{
    /// <summary>A family's keys, in hexadecimal.</summary>
    public static IReadOnlyList<string> KeysOf(EmbeddedStore store, Family family)
    {
        var keys = new List<string>();
        using RocksDatabase.Cursor cursor = store.Core.Database.Seek(family, default);
        for (; cursor.IsValid; cursor.Next())
        {
            keys.Add(Convert.ToHexString(cursor.Key));
        }

        return keys;
    }

    /// <summary>Waits until all is trimmed and no key of any object is left.</summary>
    public static async Task UntilEmptyAsync(EmbeddedStore store)
    {
        await UntilAsync(() => store.Pools.TrimQueue().Count == 0, "all snapshots are trimmed");
        Assert.Empty(KeysOf(store, Family.Objects));
        Assert.Empty(KeysOf(store, Family.Omap));
        Assert.Empty(KeysOf(store, Family.Data));
    }

    public static async Task UntilAsync(Func<bool> condition, string what)
    {
        long start = Environment.TickCount64;
        while (!condition())
        {
            Assert.True(Environment.TickCount64 - start < 60_000, $"not within 60 s: {what}");
            await Task.Delay(20, TestContext.Current.CancellationToken);
        }
    }
}
