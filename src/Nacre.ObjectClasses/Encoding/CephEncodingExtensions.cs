using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Encoding;

/// <summary>Reads an element of a container.</summary>
/// <typeparam name="T">The element.</typeparam>
public delegate T ElementReader<out T>(ref CephReader reader);

/// <summary>Containers and optionals of src/include/encoding.h over <see cref="CephWriter"/> and <see cref="CephReader"/>.</summary>
public static class CephEncodingExtensions
{
    /// <summary>The value's bytes.</summary>
    public static byte[] ToBytes<T>(this T value) where T : ICephEncodable<T>
    {
        var writer = new CephWriter();
        value.Encode(writer);
        return writer.ToArray();
    }

    /// <summary>Decodes a value that stands alone; bytes behind it are left, as Ceph leaves them.</summary>
    public static T Decode<T>(ReadOnlySpan<byte> bytes) where T : ICephEncodable<T>
    {
        var reader = new CephReader(bytes);
        return T.Decode(ref reader);
    }

    /// <summary>Decodes a value at the reader's place.</summary>
    public static T Read<T>(ref this CephReader reader) where T : ICephEncodable<T> => T.Decode(ref reader);

    /// <summary>utime_t.</summary>
    public static CephTimestamp ReadTimestamp(ref this CephReader reader) => CephTimestamp.Decode(ref reader);

    /// <summary>std::vector or std::list: count, then elements.</summary>
    public static void WriteList<T>(this CephWriter writer, IReadOnlyCollection<T> values, Action<CephWriter, T> write)
    {
        writer.WriteCount(values.Count);
        foreach (T value in values)
        {
            write(writer, value);
        }
    }

    /// <summary>std::vector of encodable values.</summary>
    public static void WriteList<T>(this CephWriter writer, IReadOnlyCollection<T> values) where T : ICephEncodable<T> =>
        writer.WriteList(values, static (w, v) => v.Encode(w));

    /// <summary>A container's elements.</summary>
    public static List<T> ReadList<T>(ref this CephReader reader, ElementReader<T> read, int minimumElementSize = 1)
    {
        int count = reader.ReadCount(minimumElementSize);
        var values = new List<T>(Math.Min(count, 1024));
        for (int i = 0; i < count; i++)
        {
            values.Add(read(ref reader));
        }

        return values;
    }

    /// <summary>A container's encodable elements.</summary>
    public static List<T> ReadList<T>(ref this CephReader reader) where T : ICephEncodable<T> => reader.ReadList(T.Decode);

    /// <summary>std::vector of strings.</summary>
    public static List<string> ReadStrings(ref this CephReader reader) => reader.ReadList(static (ref CephReader r) => r.ReadString(), 4);

    /// <summary>std::map: count, then keys and values; the caller's collection gives the order, which must be the keys' order.</summary>
    public static void WriteMap<TKey, TValue>(
        this CephWriter writer, IReadOnlyCollection<KeyValuePair<TKey, TValue>> values, Action<CephWriter, TKey> writeKey, Action<CephWriter, TValue> writeValue)
    {
        writer.WriteCount(values.Count);
        foreach ((TKey key, TValue value) in values)
        {
            writeKey(writer, key);
            writeValue(writer, value);
        }
    }

    /// <summary>A map with string keys, in key order.</summary>
    public static SortedDictionary<string, T> ReadMap<T>(ref this CephReader reader, ElementReader<T> read)
    {
        int count = reader.ReadCount(4);
        var values = new SortedDictionary<string, T>(CephStringComparer.Instance);
        for (int i = 0; i < count; i++)
        {
            string key = reader.ReadString();
            values[key] = read(ref reader);
        }

        return values;
    }

    /// <summary>A map from u64 to u64, in key order.</summary>
    public static SortedDictionary<ulong, ulong> ReadUInt64Map(ref this CephReader reader)
    {
        int count = reader.ReadCount(16);
        var values = new SortedDictionary<ulong, ulong>();
        for (int i = 0; i < count; i++)
        {
            ulong key = reader.ReadUInt64();
            values[key] = reader.ReadUInt64();
        }

        return values;
    }

    /// <summary>A map from u64 to u64.</summary>
    public static void WriteUInt64Map(this CephWriter writer, IReadOnlyDictionary<ulong, ulong> values)
    {
        writer.WriteCount(values.Count);
        foreach ((ulong key, ulong value) in values.OrderBy(pair => pair.Key))
        {
            writer.Write(key);
            writer.Write(value);
        }
    }

    /// <summary>std::optional of u64: a presence byte, then the value.</summary>
    public static void WriteOptional(this CephWriter writer, ulong? value)
    {
        writer.Write(value.HasValue);
        if (value is { } present)
        {
            writer.Write(present);
        }
    }

    /// <summary>std::optional of u64.</summary>
    public static ulong? ReadOptionalUInt64(ref this CephReader reader) => reader.ReadBool() ? reader.ReadUInt64() : null;
}
