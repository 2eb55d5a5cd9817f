using Nacre.ObjectClasses.Encoding;

namespace Nacre.ObjectClasses.Tests;

/// <summary>An object's whole state.</summary>
internal sealed class FakeObject
{
    public byte[] Data { get; set; } = [];

    public SortedDictionary<string, byte[]> Omap { get; } = new(CephStringComparer.Instance);

    public SortedDictionary<string, byte[]> Xattrs { get; } = new(CephStringComparer.Instance);

    public FakeObject Clone()
    {
        var copy = new FakeObject { Data = Data };
        foreach ((string key, byte[] value) in Omap)
        {
            copy.Omap[key] = value;
        }

        foreach ((string key, byte[] value) in Xattrs)
        {
            copy.Xattrs[key] = value;
        }

        return copy;
    }
}
