using Nacre.ObjectClasses.Encoding;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Server;

/// <summary>Encoded omap values of the object that a method works on. Return codes are negated errnos.</summary>
internal static class ClassContextExtensions
{
    /// <summary>RBD_MAX_KEYS_READ: keys per read.</summary>
    public const uint PageSize = 64;

    /// <summary>Reads a value; -ENOENT where it is missing, -EIO where it is damaged.</summary>
    public static int ReadKey<T>(this IClassContext context, string key, ElementReader<T> decoder, out T value)
    {
        value = default!;
        int code = context.OmapGet(key, out ReadOnlyMemory<byte> bytes);
        return code < 0 ? code : context.TryDecode(key, bytes.Span, decoder, out value);
    }

    /// <summary>Reads a value of a type that encodes itself.</summary>
    public static int ReadKey<T>(this IClassContext context, string key, out T value) where T : ICephEncodable<T> =>
        context.ReadKey(key, T.Decode, out value);

    /// <summary>Reads a u64.</summary>
    public static int ReadUInt64(this IClassContext context, string key, out ulong value) =>
        context.ReadKey(key, static (ref CephReader r) => r.ReadUInt64(), out value);

    /// <summary>Reads a string.</summary>
    public static int ReadString(this IClassContext context, string key, out string value) =>
        context.ReadKey(key, static (ref CephReader r) => r.ReadString(), out value);

    /// <summary>Reads a byte.</summary>
    public static int ReadByte(this IClassContext context, string key, out byte value) =>
        context.ReadKey(key, static (ref CephReader r) => r.ReadByte(), out value);

    /// <summary>Decodes what was stored: damage is -EIO, and a line in the log.</summary>
    public static int TryDecode<T>(this IClassContext context, string what, ReadOnlySpan<byte> bytes, ElementReader<T> decoder, out T value)
    {
        try
        {
            var reader = new CephReader(bytes);
            value = decoder(ref reader);
            return 0;
        }
        catch (CephDecodeException damaged)
        {
            context.Log($"error decoding {what}: {damaged.Message}");
            value = default!;
            return -Errno.EIO;
        }
    }

    /// <summary>Writes a value.</summary>
    public static int WriteKey(this IClassContext context, string key, Action<CephWriter> encode)
    {
        var writer = new CephWriter();
        encode(writer);
        return context.OmapSet(key, writer.WrittenSpan);
    }

    /// <summary>Writes a value of a type that encodes itself.</summary>
    public static int WriteKey<T>(this IClassContext context, string key, T value) where T : ICephEncodable<T> =>
        context.WriteKey(key, value.Encode);

    /// <summary>Writes a u64.</summary>
    public static int WriteUInt64(this IClassContext context, string key, ulong value) => context.WriteKey(key, w => w.Write(value));

    /// <summary>Writes a string.</summary>
    public static int WriteString(this IClassContext context, string key, string value) => context.WriteKey(key, w => w.Write(value));

    /// <summary>Removes a value; absent is no error.</summary>
    public static int RemoveKey(this IClassContext context, string key)
    {
        int code = context.OmapRemove(key);
        return code == -Errno.ENOENT ? 0 : code;
    }

    /// <summary>-ENOENT where the object is absent.</summary>
    public static int CheckExists(this IClassContext context) => context.Stat(out _, out _);

    /// <summary>The store's now, as it is stored.</summary>
    public static CephTimestamp Timestamp(this IClassContext context) => CephTimestamp.FromDateTime(context.Now);

    /// <summary>
    /// Visits the values of keys with a prefix that come after a key, page by page, until the visitor gives an error or says it is enough (1).
    /// </summary>
    public static int Visit(this IClassContext context, string prefix, string after, Func<string, ReadOnlyMemory<byte>, int> visitor)
    {
        bool more = true;
        while (more)
        {
            int code = context.OmapGetValues(after, prefix, PageSize, out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values, out more);
            if (code < 0)
            {
                return code;
            }

            foreach ((string key, ReadOnlyMemory<byte> value) in values)
            {
                code = visitor(key, value);
                if (code != 0)
                {
                    return Math.Min(code, 0);
                }
            }

            if (values.Count == 0)
            {
                break;
            }

            after = values[^1].Key;
        }

        return 0;
    }

    /// <summary>A page of decoded values under a prefix, after a name, as most listing methods return it.</summary>
    public static int ReadPage<T>(
        this IClassContext context, string prefix, string after, ulong maximum, ElementReader<T> decoder, out SortedDictionary<string, T> page)
    {
        var found = new SortedDictionary<string, T>(CephStringComparer.Instance);
        page = found;
        if (maximum == 0)
        {
            return 0;
        }

        return context.Visit(prefix, prefix + after, (key, bytes) =>
        {
            int code = context.TryDecode(key, bytes.Span, decoder, out T value);
            if (code < 0)
            {
                return code;
            }

            found[key[prefix.Length..]] = value;
            return (ulong)found.Count >= maximum ? 1 : 0;
        });
    }
}
