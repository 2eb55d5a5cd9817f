using System.Buffers;
using Nacre.Rados.Embedded.Objects;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Tests;

/// <summary>The store's own records and sets.</summary>
public sealed class RecordTests
{
    [Fact]
    public void Range_sets_agree_with_sets_of_numbers()
    {
        var random = new Random(3);
        for (int i = 0; i < 500; i++)
        {
            (IntervalSet a, HashSet<ulong> plainA) = RandomSet(random);
            (IntervalSet b, HashSet<ulong> plainB) = RandomSet(random);
            Assert.Equal(plainA.Union(plainB).Order(), Numbers(a.Union(b)));
            Assert.Equal(plainA.Intersect(plainB).Order(), Numbers(a.Intersect(b)));
            Assert.Equal(plainA.Except(plainB).Order(), Numbers(a.Subtract(b)));
        }
    }

    [Fact]
    public void A_record_comes_back_as_it_was_and_damage_is_EIO()
    {
        BlockMap blocks = BlockMap.Empty.Copy(0);
        for (uint block = 0; block < 3000; block += block % 7 + 1)
        {
            blocks.Set(block, block % 3 + 1);
        }

        var record = new ObjectRecord
        {
            Number = 77,
            Epoch = 3,
            SnapshotSequence = 12,
            Clones = [new CloneRecord(12, 5000, [12, 10], IntervalSet.Of(0, 100).Union(IntervalSet.Of(200, 5)))],
            Head = ObjectState.New with { Size = 12_000_000, Version = 9, Blocks = blocks.AllShared(), OmapNumber = 5 },
        };
        var writer = new ArrayBufferWriter<byte>();
        record.Encode(writer);
        byte[] bytes = writer.WrittenSpan.ToArray();
        ObjectRecord decoded = ObjectRecord.Decode(bytes);
        var again = new ArrayBufferWriter<byte>();
        decoded.Encode(again);
        Assert.Equal(bytes, again.WrittenSpan.ToArray());
        Assert.True(decoded.Head.Blocks.IsShared(0));
        Assert.Equal([12ul, 10ul], decoded.Clones[0].Snapshots);
        for (int i = 0; i < bytes.Length; i++)
        {
            byte[] damaged = (byte[])bytes.Clone();
            damaged[i] ^= 0x10;
            Assert.Equal(Errno.EIO, Assert.Throws<RadosException>(() => ObjectRecord.Decode(damaged)).Code);
        }
    }

    [Fact]
    public void Garbage_under_a_right_checksum_is_EIO_too()
    {
        var random = new Random(4);
        for (int i = 0; i < 2000; i++)
        {
            var writer = new ArrayBufferWriter<byte>();
            byte[] garbage = new byte[random.Next(60)];
            random.NextBytes(garbage);
            garbage.AsSpan(0, Math.Min(1, garbage.Length)).Fill(1);
            writer.Write(garbage);
            ObjectRecord.Seal(writer);
            try
            {
                ObjectRecord.Decode(writer.WrittenSpan);
            }
            catch (RadosException exception)
            {
                Assert.Equal(Errno.EIO, exception.Code);
            }
        }
    }

    private static (IntervalSet Set, HashSet<ulong> Plain) RandomSet(Random random)
    {
        IntervalSet set = IntervalSet.Empty;
        var plain = new HashSet<ulong>();
        for (int i = random.Next(6); i > 0; i--)
        {
            ulong offset = (ulong)random.Next(40);
            ulong length = (ulong)random.Next(8);
            set = set.Union(IntervalSet.Of(offset, length));
            for (ulong value = offset; value < offset + length; value++)
            {
                plain.Add(value);
            }
        }

        return (set, plain);
    }

    private static IEnumerable<ulong> Numbers(IntervalSet set)
    {
        Assert.All(set.Extents.Zip(set.Extents.Skip(1)), pair => Assert.True(pair.First.End < pair.Second.Offset, "ranges are apart"));
        foreach (Extent extent in set.Extents)
        {
            for (ulong value = extent.Offset; value < extent.End; value++)
            {
                yield return value;
            }
        }
    }
}
