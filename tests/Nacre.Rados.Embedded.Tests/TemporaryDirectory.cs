namespace Nacre.Rados.Embedded.Tests;

/// <summary>A directory under the system's temporary one that is gone afterwards.</summary>
internal sealed class TemporaryDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("nacre-store-").FullName;

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
