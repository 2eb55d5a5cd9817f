namespace Nacre.Rados.Embedded;

/// <summary>Something under way that closing the store waits for.</summary>
internal readonly struct Activity(StoreCore core) : IDisposable
{
    public void Dispose() => core.EndActivity();
}
