using System.Buffers;
using System.Collections.Immutable;
using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>What an object is at one time: the head now, or a clone. Immutable; its blocks and omap lie under their own keys.</summary>
internal sealed record ObjectState
{
    private const byte Format = 1;
    private static readonly ImmutableSortedDictionary<string, byte[]> _noXattrs =
        ImmutableSortedDictionary.Create<string, byte[]>(StringComparer.Ordinal);

    /// <summary>Of an object that was just made.</summary>
    public static readonly ObjectState New = new();

    /// <summary>Bytes.</summary>
    public ulong Size { get; init; }

    /// <summary>Last modification, UTC ticks.</summary>
    public long ModifiedTicks { get; init; }

    /// <summary>User version.</summary>
    public ulong Version { get; init; }

    /// <summary>Where the data are.</summary>
    public BlockMap Blocks { get; init; } = BlockMap.Empty;

    /// <summary>Xattrs by name.</summary>
    public ImmutableSortedDictionary<string, byte[]> Xattrs { get; init; } = _noXattrs;

    /// <summary>Number that the omap's keys lie under; 0 where there is no omap.</summary>
    public ulong OmapNumber { get; init; }

    /// <summary>True where a clone has the same omap, so that it must be copied before it changes.</summary>
    public bool OmapIsShared { get; init; }

    public void Encode(IBufferWriter<byte> writer)
    {
        Varint.Write(writer, Format);
        Varint.Write(writer, Size);
        Varint.Write(writer, (ulong)ModifiedTicks);
        Varint.Write(writer, Version);
        Varint.Write(writer, OmapNumber);
        Varint.Write(writer, OmapIsShared ? 1u : 0u);
        Blocks.Encode(writer);
        Varint.Write(writer, (ulong)Xattrs.Count);
        foreach ((string name, byte[] value) in Xattrs)
        {
            Varint.WriteBytes(writer, System.Text.Encoding.UTF8.GetBytes(name));
            Varint.WriteBytes(writer, value);
        }
    }

    public static ObjectState Decode(ref ReadOnlySpan<byte> data)
    {
        if (Varint.Read(ref data) != Format)
        {
            throw new RadosException(Errno.EIO, "an object's record is damaged: unknown format");
        }

        var state = new ObjectState
        {
            Size = Varint.Read(ref data),
            ModifiedTicks = (long)Varint.Read(ref data),
            Version = Varint.Read(ref data),
            OmapNumber = Varint.Read(ref data),
            OmapIsShared = Varint.Read(ref data) != 0,
            Blocks = BlockMap.Decode(ref data),
        };
        int count = Varint.ReadCount(ref data);
        if (count == 0)
        {
            return state;
        }

        ImmutableSortedDictionary<string, byte[]>.Builder xattrs = state.Xattrs.ToBuilder();
        for (int i = 0; i < count; i++)
        {
            string name = System.Text.Encoding.UTF8.GetString(Varint.ReadBytes(ref data));
            xattrs[name] = Varint.ReadBytes(ref data).ToArray();
        }

        return state with { Xattrs = xattrs.ToImmutable() };
    }
}
