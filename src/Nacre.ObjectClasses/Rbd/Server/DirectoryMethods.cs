using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary><c>rbd_directory</c>, <c>rbd_trash</c> and <c>rbd_namespace</c>.</summary>
internal static class DirectoryMethods
{
    private const string NamePrefix = "name_";
    private const string IdPrefix = "id_";
    private const string StateKey = "state";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("dir_get_id", (c, input, output) => CopyString(c, NamePrefix + new CephReader(input).ReadString(), output)),
        Methods.Read("dir_get_name", (c, input, output) => CopyString(c, IdPrefix + new CephReader(input).ReadString(), output)),
        Methods.Read("dir_list", ListImages),
        Methods.Write("dir_add_image", AddImage),
        Methods.Write("dir_remove_image", RemoveImage),
        Methods.Write("dir_rename_image", RenameImage),
        Methods.Read("dir_state_assert", AssertState),
        Methods.Write("dir_state_set", SetState),
        Methods.Write("trash_add", AddTrash),
        Methods.Write("trash_remove", RemoveTrash),
        Methods.Read("trash_list", ListTrash),
        Methods.Read("trash_get", GetTrash),
        Methods.Write("trash_state_set", SetTrashState),
        Methods.Write("namespace_add", AddNamespace),
        Methods.Write("namespace_remove", RemoveNamespace),
        Methods.Read("namespace_list", ListNamespaces),
    ];

    private static int CopyString(IClassContext context, string key, CephWriter output)
    {
        int code = context.ReadString(key, out string value);
        if (code == 0)
        {
            output.Write(value);
        }

        return code;
    }

    private static int ListImages(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(
            NamePrefix, after, arguments.ReadUInt64(), static (ref CephReader r) => r.ReadString(), out SortedDictionary<string, string> page);
        if (code == 0)
        {
            output.WriteMap(page, static (w, key) => w.Write(key), static (w, value) => w.Write(value));
        }

        return code;
    }

    private static int AddImage(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.Create(exclusive: false);
        if (code < 0)
        {
            return code;
        }

        var arguments = new CephReader(input);
        string name = arguments.ReadString();
        return Add(context, name, arguments.ReadString(), uniqueId: true);
    }

    private static int RemoveImage(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string name = arguments.ReadString();
        return Remove(context, name, arguments.ReadString());
    }

    private static int RenameImage(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string source = arguments.ReadString();
        string destination = arguments.ReadString();
        string id = arguments.ReadString();

        // In Ceph a method does not see its own removals, so renaming to the same name finds it taken; keep to that.
        if (source == destination && context.OmapGet(NamePrefix + source, out _) == 0)
        {
            int stale = CheckPair(context, source, id);
            return stale < 0 ? stale : -Errno.EEXIST;
        }

        int code = Remove(context, source, id);
        return code < 0 ? code : Add(context, destination, id, uniqueId: false);
    }

    private static int Add(IClassContext context, string name, string id, bool uniqueId)
    {
        if (name.Length == 0 || !HeaderKeys.IsValidId(id))
        {
            return -Errno.EINVAL;
        }

        if (context.OmapGet(NamePrefix + name, out _) != -Errno.ENOENT)
        {
            return -Errno.EEXIST;
        }

        if (uniqueId && context.OmapGet(IdPrefix + id, out _) != -Errno.ENOENT)
        {
            return -Errno.EBADF;
        }

        int code = context.WriteString(NamePrefix + name, id);
        return code < 0 ? code : context.WriteString(IdPrefix + id, name);
    }

    private static int Remove(IClassContext context, string name, string id)
    {
        int code = CheckPair(context, name, id);
        code = code < 0 ? code : context.RemoveKey(NamePrefix + name);
        return code < 0 ? code : context.RemoveKey(IdPrefix + id);
    }

    // -ESTALE: a rename came first.
    private static int CheckPair(IClassContext context, string name, string id)
    {
        int code = context.ReadString(NamePrefix + name, out string storedId);
        if (code < 0)
        {
            return code;
        }

        code = context.ReadString(IdPrefix + id, out string storedName);
        return code < 0 ? code : storedName == name && storedId == id ? 0 : -Errno.ESTALE;
    }

    private static int AssertState(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        byte state = new CephReader(input).ReadByte();
        int code = context.ReadByte(StateKey, out byte stored);
        return code < 0 ? code : state == stored ? 0 : -Errno.ENOENT;
    }

    private static int SetState(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var state = (DirectoryState)new CephReader(input).ReadByte();
        int exists = context.CheckExists();
        if (exists < 0 && exists != -Errno.ENOENT)
        {
            return exists;
        }

        switch (state)
        {
            case DirectoryState.Ready:
                break;
            case DirectoryState.AddDisabled when exists < 0:
                return exists;
            case DirectoryState.AddDisabled:
                int code = context.OmapGetValues(NamePrefix, NamePrefix, 1, out IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> images, out _);
                if (code < 0)
                {
                    return code;
                }

                if (images.Count > 0)
                {
                    return -Errno.EBUSY;
                }

                break;
            default:
                return -Errno.EINVAL;
        }

        return context.WriteKey(StateKey, w => w.Write((byte)state));
    }

    private static int AddTrash(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.Create(exclusive: false);
        if (code < 0)
        {
            return code;
        }

        var arguments = new CephReader(input);
        string id = arguments.ReadString();
        var image = TrashImageSpec.Decode(ref arguments);
        if (!HeaderKeys.IsValidId(id))
        {
            return -Errno.EINVAL;
        }

        code = context.ReadKey(IdPrefix + id, out TrashImageSpec _);
        return code switch
        {
            -Errno.ENOENT => context.WriteKey(IdPrefix + id, image),
            0 => -Errno.EEXIST,
            _ => code,
        };
    }

    private static int RemoveTrash(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string key = IdPrefix + new CephReader(input).ReadString();
        int code = context.OmapGet(key, out _);
        return code < 0 ? code : context.RemoveKey(key);
    }

    private static int ListTrash(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(IdPrefix, after, arguments.ReadUInt64(), TrashImageSpec.Decode, out SortedDictionary<string, TrashImageSpec> page);
        if (code == 0)
        {
            output.WriteMap(page, static (w, key) => w.Write(key), static (w, value) => value.Encode(w));
        }

        return code;
    }

    private static int GetTrash(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = context.OmapGet(IdPrefix + new CephReader(input).ReadString(), out ReadOnlyMemory<byte> value);
        if (code == 0)
        {
            output.WriteRaw(value.Span);
        }

        return code;
    }

    private static int SetTrashState(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string key = IdPrefix + arguments.ReadString();
        var state = (TrashImageState)arguments.ReadByte();
        var expected = (TrashImageState)arguments.ReadByte();
        int code = context.ReadKey(key, out TrashImageSpec image);
        if (code < 0)
        {
            return code;
        }

        if (image.State == expected)
        {
            return context.WriteKey(key, image with { State = state });
        }

        return image.State == state ? 0 : -Errno.ESTALE;
    }

    private static int AddNamespace(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string key = NamePrefix + new CephReader(input).ReadString();
        int code = context.OmapGet(key, out _);
        return code switch
        {
            -Errno.ENOENT => context.OmapSet(key, []),
            0 => -Errno.EEXIST,
            _ => code,
        };
    }

    private static int RemoveNamespace(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string key = NamePrefix + new CephReader(input).ReadString();
        int code = context.OmapGet(key, out _);
        return code < 0 ? code : context.RemoveKey(key);
    }

    private static int ListNamespaces(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(NamePrefix, after, arguments.ReadUInt64(), static (ref CephReader _) => true, out SortedDictionary<string, bool> page);
        if (code == 0)
        {
            output.WriteList(page.Keys, static (w, name) => w.Write(name));
        }

        return code;
    }
}
