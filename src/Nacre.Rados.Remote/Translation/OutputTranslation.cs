using Nacre.Rados.Objects;
using Nacre.Rados.Remote.Protocol;
using StepOutput = Nacre.Rados.Objects.StepOutput;
using WireOutput = Nacre.Rados.Remote.Protocol.StepOutput;

namespace Nacre.Rados.Remote.Translation;

/// <summary>What operations give back, to and from the wire.</summary>
public static class OutputTranslation
{
    /// <summary>To the wire; payloads are wrapped, so the result must outlive the sending.</summary>
    public static WireOutput ToWire(StepOutput output)
    {
        var wire = new WireOutput
        {
            ReturnCode = output.ReturnCode,
            Data = StepTranslation.Wrap(output.Data),
            More = output.More,
            Size = output.Size,
            ModifiedTicks = output.ModifiedAt == default ? 0 : (output.ModifiedAt - DateTimeOffset.UnixEpoch).Ticks,
        };
        foreach (Extent extent in output.Extents)
        {
            wire.Extents.Add(extent.Offset);
            wire.Extents.Add(extent.Length);
        }

        foreach ((string key, ReadOnlyMemory<byte> value) in output.Values)
        {
            wire.Keys.Add(key);
            wire.Values.Add(StepTranslation.Wrap(value));
        }

        return wire;
    }

    /// <summary>From the wire.</summary>
    public static StepOutput FromWire(WireOutput wire) => new()
    {
        ReturnCode = wire.ReturnCode,
        Data = wire.Data.Memory,
        Extents = wire.Extents.Count == 0 ? [] : Extents(wire.Extents),
        Values = wire.Keys.Count == 0 ? [] : Values(wire),
        More = wire.More,
        Size = wire.Size,
        ModifiedAt = wire.ModifiedTicks == 0 ? default : DateTimeOffset.UnixEpoch.AddTicks(wire.ModifiedTicks),
    };

    /// <summary>An object's preserved states, to the wire.</summary>
    public static ListSnapshotsReply ToWire(ObjectSnapshots snapshots)
    {
        var wire = new ListSnapshotsReply { Sequence = snapshots.Sequence };
        foreach (ObjectClone clone in snapshots.Clones)
        {
            var state = new PreservedState { Id = clone.CloneId, Size = clone.Size };
            state.Snapshots.AddRange(clone.Snapshots);
            foreach (Extent extent in clone.Overlap)
            {
                state.Overlap.Add(extent.Offset);
                state.Overlap.Add(extent.Length);
            }

            wire.Clones.Add(state);
        }

        return wire;
    }

    /// <summary>An object's preserved states, from the wire.</summary>
    public static ObjectSnapshots FromWire(ListSnapshotsReply wire) => new(
        wire.Sequence, [.. wire.Clones.Select(c => new ObjectClone(c.Id, [.. c.Snapshots], Extents(c.Overlap), c.Size))]);

    private static Extent[] Extents(Google.Protobuf.Collections.RepeatedField<ulong> pairs)
    {
        if (pairs.Count % 2 != 0)
        {
            throw new RadosException(Errno.EIO, "a reply of the site holds half an extent");
        }

        var extents = new Extent[pairs.Count / 2];
        for (int i = 0; i < extents.Length; i++)
        {
            extents[i] = new Extent(pairs[2 * i], pairs[(2 * i) + 1]);
        }

        return extents;
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>>[] Values(WireOutput wire)
    {
        if (wire.Values.Count != wire.Keys.Count)
        {
            throw new RadosException(Errno.EIO, $"a reply of the site holds {wire.Keys.Count} keys and {wire.Values.Count} values");
        }

        var values = new KeyValuePair<string, ReadOnlyMemory<byte>>[wire.Keys.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = new(wire.Keys[i], wire.Values[i].Memory);
        }

        return values;
    }
}
