using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal.Server;

/// <summary>Methods of the <c>journal</c> class (src/cls/journal/cls_journal.cc).</summary>
internal static class JournalMethods
{
    internal const string NextTagTid = "next_tag_tid";
    internal const string NextTagClass = "next_tag_class";
    private const string Order = "order";
    private const string SplayWidth = "splay_width";
    private const string PoolId = "pool_id";
    private const string MinimumSet = "minimum_set";
    private const string ActiveSet = "active_set";

    public static ObjectClass Class { get; } = new(JournalCalls.ClassName,
    [
        Methods.Write("create", Create),
        Methods.Read("get_order", (c, _, output) => Copy(c, Order, output)),
        Methods.Read("get_splay_width", (c, _, output) => Copy(c, SplayWidth, output)),
        Methods.Read("get_pool_id", (c, _, output) => Copy(c, PoolId, output)),
        Methods.Read("get_minimum_set", (c, _, output) => Copy(c, MinimumSet, output)),
        Methods.Write("set_minimum_set", SetMinimumSet),
        Methods.Read("get_active_set", (c, _, output) => Copy(c, ActiveSet, output)),
        Methods.Write("set_active_set", SetActiveSet),
        .. JournalClientMethods.All,
        Methods.Read("get_next_tag_tid", (c, _, output) => Copy(c, NextTagTid, output)),
        .. JournalTagMethods.All,
        Methods.Write("guard_append", GuardAppend),
        Methods.Write("append", Append),
    ]);

    /// <summary>Reads a value; here damage is -EINVAL.</summary>
    internal static int Read<T>(IClassContext context, string key, ElementReader<T> decoder, out T value)
    {
        int code = context.ReadKey(key, decoder, out value);
        return code == -Errno.EIO ? -Errno.EINVAL : code;
    }

    internal static int ReadUInt64(IClassContext context, string key, out ulong value) =>
        Read(context, key, static (ref CephReader r) => r.ReadUInt64(), out value);

    internal static int ReadSplayWidth(IClassContext context, out byte width) =>
        Read(context, SplayWidth, static (ref CephReader r) => r.ReadByte(), out width);

    internal static int CheckCreated(IClassContext context) => Read(context, Order, static (ref CephReader r) => r.ReadByte(), out _);

    private static int Copy(IClassContext context, string key, CephWriter output)
    {
        int code = context.OmapGet(key, out ReadOnlyMemory<byte> value);
        if (code == 0)
        {
            output.WriteRaw(value.Span);
        }

        return code;
    }

    private static int Create(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        byte order = arguments.ReadByte();
        byte splayWidth = arguments.ReadByte();
        long poolId = arguments.ReadInt64();
        int code = context.OmapGet(Order, out _);
        if (code != -Errno.ENOENT)
        {
            return code < 0 ? code : -Errno.EEXIST;
        }

        code = context.WriteKey(Order, w => w.Write(order));
        code = code < 0 ? code : context.WriteKey(SplayWidth, w => w.Write(splayWidth));
        code = code < 0 ? code : context.WriteKey(PoolId, w => w.Write(poolId));
        foreach (string counter in new[] { ActiveSet, MinimumSet, NextTagTid, NextTagClass })
        {
            code = code < 0 ? code : context.WriteUInt64(counter, 0);
        }

        return code;
    }

    private static int SetMinimumSet(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong set = new CephReader(input).ReadUInt64();
        int code = ReadUInt64(context, ActiveSet, out ulong active);
        if (code < 0)
        {
            return code;
        }

        return active < set ? -Errno.EINVAL : Advance(context, MinimumSet, set);
    }

    private static int SetActiveSet(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        ulong set = new CephReader(input).ReadUInt64();
        int code = ReadUInt64(context, MinimumSet, out ulong minimum);
        if (code < 0)
        {
            return code;
        }

        return minimum > set ? -Errno.EINVAL : Advance(context, ActiveSet, set);
    }

    private static int Advance(IClassContext context, string key, ulong set)
    {
        int code = ReadUInt64(context, key, out ulong current);
        if (code < 0 || set == current)
        {
            return code;
        }

        return set < current ? -Errno.ESTALE : context.WriteUInt64(key, set);
    }

    private static int GuardAppend(IClassContext context, ReadOnlySpan<byte> input, CephWriter output) =>
        CheckRoom(context, new CephReader(input).ReadUInt64(), out _);

    private static int Append(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong maximum = arguments.ReadUInt64();
        ReadOnlySpan<byte> data = arguments.ReadBytes();
        int code = CheckRoom(context, maximum, out ulong size);
        return code < 0 ? code : context.Write(size, data);
    }

    private static int CheckRoom(IClassContext context, ulong maximum, out ulong size)
    {
        int code = context.Stat(out size, out _);
        if (code == -Errno.ENOENT)
        {
            size = 0;
            return 0;
        }

        return code < 0 ? code : size >= maximum ? -Errno.EOVERFLOW : 0;
    }
}
