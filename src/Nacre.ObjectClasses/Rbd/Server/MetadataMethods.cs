using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Metadata of images and pools: raw values under <c>metadata_</c>.</summary>
internal static class MetadataMethods
{
    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("metadata_list", List),
        Methods.Write("metadata_set", Set),
        Methods.Write("metadata_remove", Remove),
        Methods.Read("metadata_get", Get),
    ];

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        ulong maximum = arguments.ReadUInt64();
        int code = context.ReadPage(
            HeaderKeys.MetadataPrefix,
            after,
            maximum == 0 ? ClassContextExtensions.PageSize : maximum,
            static (ref CephReader r) => r.Rest.ToArray(),
            out SortedDictionary<string, byte[]> page);
        if (code == 0)
        {
            output.WriteMap(page, static (w, key) => w.Write(key), static (w, value) => w.WriteBytes(value));
        }

        return code;
    }

    private static int Set(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        foreach ((string key, byte[] value) in arguments.ReadMap(static (ref CephReader r) => r.ReadBytes().ToArray()))
        {
            int code = context.OmapSet(HeaderKeys.MetadataPrefix + key, value);
            if (code < 0)
            {
                return code;
            }
        }

        return 0;
    }

    private static int Remove(IClassContext context, ReadOnlySpan<byte> input, CephWriter output) =>
        context.OmapRemove(HeaderKeys.MetadataPrefix + new CephReader(input).ReadString());

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.OmapGet(HeaderKeys.MetadataPrefix + new CephReader(input).ReadString(), out ReadOnlyMemory<byte> value);
        if (code == 0)
        {
            output.WriteBytes(value.Span);
        }

        return code;
    }
}
