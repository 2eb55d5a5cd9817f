using System.Buffers.Binary;

namespace Nacre.Rados.Embedded.Worker;

/// <summary>
/// What the worker does to an object, as a function of the seed, the object and the operation's number: so that the test knows what each
/// state must hold from its number alone.
/// </summary>
public static class History
{
    /// <summary>Objects that are written side by side.</summary>
    public const int ObjectCount = 8;

    /// <summary>Bytes of an object at most.</summary>
    public const int MaximumSize = 256 << 10;

    /// <summary>An object's name.</summary>
    public static string NameOf(int index) => $"object-{index}";

    /// <summary>Operation number <paramref name="sequence"/> of an object: where it writes, what it cuts off, whether it starts over.</summary>
    public static Change ChangeOf(int seed, int index, long sequence)
    {
        var random = new Random(HashCode(seed, index, sequence));
        if (sequence % 23 == 0)
        {
            return new Change { Kind = ChangeKind.Replace, Data = Bytes(random, random.Next(1, 64 << 10)) };
        }

        if (sequence % 11 == 0)
        {
            return new Change { Kind = ChangeKind.Truncate, Offset = random.Next(MaximumSize) };
        }

        int length = random.Next(2) == 0 ? 4096 : random.Next(1, 40_000);
        int offset = random.Next(MaximumSize - length);
        return new Change
        {
            Kind = ChangeKind.Write,
            Offset = length == 4096 ? offset / 4096 * 4096 : offset,
            Data = Bytes(random, length),
        };
    }

    /// <summary>An object's bytes after a number of operations.</summary>
    public static byte[] StateAfter(int seed, int index, long sequence)
    {
        byte[] bytes = [];
        for (long i = Math.Max(1, sequence / 23 * 23); i <= sequence; i++)
        {
            bytes = ChangeOf(seed, index, i).ApplyTo(bytes);
        }

        return bytes;
    }

    /// <summary>A number as the worker stores it.</summary>
    public static byte[] Number(long value)
    {
        byte[] bytes = new byte[8];
        BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
        return bytes;
    }

    /// <summary>A number as the worker stored it.</summary>
    public static long Number(ReadOnlySpan<byte> bytes) => BinaryPrimitives.ReadInt64LittleEndian(bytes);

    // System.HashCode differs between processes.
    private static int HashCode(int seed, int index, long sequence) => unchecked((int)((((seed * 31L) + index) * 1_000_003L) + sequence));

    private static byte[] Bytes(Random random, int length)
    {
        byte[] bytes = new byte[length];
        random.NextBytes(bytes);
        return bytes;
    }
}
