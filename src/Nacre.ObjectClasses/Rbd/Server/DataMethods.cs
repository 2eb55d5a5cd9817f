using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Methods on data objects.</summary>
internal static class DataMethods
{
    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Write("copyup", CopyUp),
        Methods.Write("sparse_copyup", SparseCopyUp),
        Methods.Write("assert_snapc_seq", AssertSnapshotSequenceIs),
        Methods.Write("sparsify", Sparsify),
    ];

    private static int CopyUp(IClassContext context, ReadOnlySpan<byte> input, CephWriter output) =>
        context.CheckExists() == 0 ? 0 : context.Write(0, input);

    private static int SparseCopyUp(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        SortedDictionary<ulong, ulong> extents = arguments.ReadUInt64Map();
        ReadOnlySpan<byte> data = arguments.ReadBytes();
        if (context.CheckExists() == 0)
        {
            return 0;
        }

        if (extents.Count == 0)
        {
            return context.Create(exclusive: true);
        }

        foreach ((ulong offset, ulong length) in extents)
        {
            if (length > (ulong)data.Length)
            {
                return -Errno.EINVAL;
            }

            int code = context.Write(offset, data[..(int)length]);
            if (code < 0)
            {
                return code;
            }

            data = data[(int)length..];
        }

        return 0;
    }

    private static int AssertSnapshotSequenceIs(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong sequence = arguments.ReadUInt64();
        var state = (AssertSnapshotSequence)arguments.ReadByte();
        bool greater = context.CheckExists() < 0 || sequence > context.SnapshotSequence;
        return state switch
        {
            AssertSnapshotSequence.GreaterThanObject => greater ? 0 : -Errno.ERANGE,
            AssertSnapshotSequence.AtMostObject => greater ? -Errno.ERANGE : 0,
            _ => -Errno.EOPNOTSUPP,
        };
    }

    private static int Sparsify(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong sparseSize = arguments.ReadUInt64();
        bool removeEmpty = arguments.ReadBool();
        int code = context.CheckExists();
        if (code < 0)
        {
            return code;
        }

        code = context.Read(0, 0, out ReadOnlyMemory<byte> memory);
        if (code < 0)
        {
            return code;
        }

        ReadOnlySpan<byte> data = memory.Span;
        if (data.IndexOfAnyExcept((byte)0) < 0)
        {
            return removeEmpty ? context.Remove() : data.Length > 0 ? context.Truncate(0) : 0;
        }

        if (sparseSize == 0)
        {
            return -Errno.EINVAL;
        }

        return Rewrite(context, memory.ToArray(), (int)Math.Min(sparseSize, (ulong)data.Length));
    }

    // Writes the runs of blocks that are not zero over an emptied object.
    private static int Rewrite(IClassContext context, byte[] data, int block)
    {
        int runStart = -1;
        bool emptied = false;
        for (int at = 0; at < data.Length; at += block)
        {
            int end = Math.Min(at + block, data.Length);
            bool zero = data.AsSpan(at, end - at).IndexOfAnyExcept((byte)0) < 0;
            if (!zero && runStart < 0)
            {
                runStart = at;
            }

            if (runStart < 0 || (!zero && end < data.Length))
            {
                continue;
            }

            int runEnd = zero ? at : end;
            if (runStart == 0 && runEnd == data.Length)
            {
                return 0;
            }

            int code = emptied ? 0 : context.Truncate(0);
            emptied = true;
            code = code < 0 ? code : context.Write((ulong)runStart, data.AsSpan(runStart, runEnd - runStart));
            if (code < 0)
            {
                return code;
            }

            runStart = -1;
        }

        return 0;
    }
}
