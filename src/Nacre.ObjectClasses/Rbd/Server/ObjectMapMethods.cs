using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>Object maps: the data of <c>rbd_object_map.</c> objects.</summary>
internal static class ObjectMapMethods
{
    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("object_map_load", Load),
        Methods.Write("object_map_save", Save),
        Methods.Write("object_map_resize", Resize),
        Methods.Write("object_map_update", Update),
        Methods.Write("object_map_snap_add", AddSnapshot),
        Methods.Write("object_map_snap_remove", RemoveSnapshot),
    ];

    private static int ReadMap(IClassContext context, out ObjectMap map)
    {
        map = null!;
        int code = context.Stat(out ulong size, out _);
        if (code < 0)
        {
            return code;
        }

        if (size == 0)
        {
            return -Errno.ENOENT;
        }

        code = context.Read(0, size, out ReadOnlyMemory<byte> data);
        if (code < 0)
        {
            return code;
        }

        // Ceph calls a damaged map invalid, not an I/O error.
        return context.TryDecode("object map", data.Span, ObjectMap.Decode, out map) < 0 ? -Errno.EINVAL : 0;
    }

    private static int WriteMap(IClassContext context, ObjectMap map)
    {
        var writer = new CephWriter(map.Data.Length + 64);
        map.Encode(writer);
        return context.WriteFull(writer.WrittenSpan);
    }

    private static int Load(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadMap(context, out ObjectMap map);
        if (code == 0)
        {
            map.Encode(output, withChecksums: false);
        }

        return code;
    }

    private static int Save(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        return WriteMap(context, ObjectMap.Decode(ref arguments));
    }

    private static int Resize(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong count = arguments.ReadUInt64();
        var state = (ObjectMapState)arguments.ReadByte();
        if (count > ObjectMap.MaximumCount)
        {
            return -Errno.EINVAL;
        }

        int code = ReadMap(context, out ObjectMap map);
        if (code == -Errno.ENOENT)
        {
            map = new ObjectMap(0);
        }
        else if (code < 0)
        {
            return code;
        }

        for (ulong i = count; i < map.Count; i++)
        {
            if (map[i] != state)
            {
                return -Errno.ESTALE;
            }
        }

        map.Resize(count, state);
        return WriteMap(context, map);
    }

    private static int Update(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong start = arguments.ReadUInt64();
        ulong end = arguments.ReadUInt64();
        var state = (ObjectMapState)arguments.ReadByte();
        ObjectMapState? expected = arguments.ReadBool() ? (ObjectMapState)arguments.ReadByte() : null;
        return ObjectMapUpdate.Apply(context, start, end, state, expected);
    }

    private static int AddSnapshot(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadMap(context, out ObjectMap map);
        if (code < 0)
        {
            return code;
        }

        bool updated = false;
        for (ulong i = 0; i < map.Count; i++)
        {
            if (map[i] == ObjectMapState.Exists)
            {
                map[i] = ObjectMapState.ExistsClean;
                updated = true;
            }
        }

        return updated ? WriteMap(context, map) : 0;
    }

    private static int RemoveSnapshot(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ObjectMap removed = ObjectMap.Decode(ref arguments);
        int code = ReadMap(context, out ObjectMap map);
        if (code < 0)
        {
            return code;
        }

        bool updated = false;
        for (ulong i = 0; i < map.Count; i++)
        {
            if (map[i] == ObjectMapState.ExistsClean && (i >= removed.Count || removed[i] == ObjectMapState.Exists))
            {
                map[i] = ObjectMapState.Exists;
                updated = true;
            }
        }

        return updated ? WriteMap(context, map) : 0;
    }
}
