using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

public static partial class RbdCalls
{
    /// <summary>Id of the image of that name. ENOENT where there is none.</summary>
    public static ClassRead<string> GetDirectoryId(string imageName) => Read("dir_get_id", DecodeString, w => w.Write(imageName));

    /// <summary>Name of the image of that id. ENOENT where there is none.</summary>
    public static ClassRead<string> GetDirectoryName(string imageId) => Read("dir_get_name", DecodeString, w => w.Write(imageId));

    /// <summary>A page of names, each with its id, after a name.</summary>
    public static ClassRead<IReadOnlyDictionary<string, string>> ListDirectory(string after, ulong maximum = 1024) =>
        Read("dir_list", DecodeStringMap, w =>
        {
            w.Write(after);
            w.Write(maximum);
        });

    /// <summary>Adds an image. EEXIST where the name, EBADF where the id is there.</summary>
    public static ClassWrite AddToDirectory(string imageName, string imageId) => Write("dir_add_image", w =>
    {
        w.Write(imageName);
        w.Write(imageId);
    });

    /// <summary>Removes an image. ESTALE where name and id do not belong together.</summary>
    public static ClassWrite RemoveFromDirectory(string imageName, string imageId) => Write("dir_remove_image", w =>
    {
        w.Write(imageName);
        w.Write(imageId);
    });

    /// <summary>Renames an image. ESTALE where the old name does not belong to the id, EEXIST where the new one is taken.</summary>
    public static ClassWrite RenameInDirectory(string oldName, string newName, string imageId) => Write("dir_rename_image", w =>
    {
        w.Write(oldName);
        w.Write(newName);
        w.Write(imageId);
    });

    /// <summary>Asserts a directory's state (ENOENT otherwise, or where none was ever set).</summary>
    public static ClassWrite AssertDirectoryState(DirectoryState state) => Write("dir_state_assert", w => w.Write((byte)state));

    /// <summary>Sets a directory's state. EBUSY where it is to be closed and holds images.</summary>
    public static ClassWrite SetDirectoryState(DirectoryState state) => Write("dir_state_set", w => w.Write((byte)state));

    /// <summary>Puts an image into the trash. EEXIST where it is there.</summary>
    public static ClassWrite AddToTrash(string imageId, TrashImageSpec image) => Write("trash_add", w =>
    {
        w.Write(imageId);
        image.Encode(w);
    });

    /// <summary>Takes an image out of the trash. ENOENT where it is not there.</summary>
    public static ClassWrite RemoveFromTrash(string imageId) => Write("trash_remove", w => w.Write(imageId));

    /// <summary>One image of the trash. ENOENT where it is not there.</summary>
    public static ClassRead<TrashImageSpec> GetTrash(string imageId) => Read("trash_get", TrashImageSpec.Decode, w => w.Write(imageId));

    /// <summary>A page of the trash by id, after an id.</summary>
    public static ClassRead<IReadOnlyDictionary<string, TrashImageSpec>> ListTrash(string after, ulong maximum = 1024) =>
        Read<IReadOnlyDictionary<string, TrashImageSpec>>("trash_list", static (ref CephReader r) => r.ReadMap(TrashImageSpec.Decode), w =>
        {
            w.Write(after);
            w.Write(maximum);
        });

    /// <summary>Changes an image's state in the trash. ESTALE where it is neither the expected nor the new one.</summary>
    public static ClassWrite SetTrashState(string imageId, TrashImageState state, TrashImageState expected) => Write("trash_state_set", w =>
    {
        w.Write(imageId);
        w.Write((byte)state);
        w.Write((byte)expected);
    });

    /// <summary>Adds a namespace. EEXIST where it is there.</summary>
    public static ClassWrite AddNamespace(string name) => Write("namespace_add", w => w.Write(name));

    /// <summary>Removes a namespace. ENOENT where it is not there.</summary>
    public static ClassWrite RemoveNamespace(string name) => Write("namespace_remove", w => w.Write(name));

    /// <summary>A page of namespaces after a name.</summary>
    public static ClassRead<IReadOnlyList<string>> ListNamespaces(string after, ulong maximum = 1024) =>
        Read<IReadOnlyList<string>>("namespace_list", static (ref CephReader r) => r.ReadStrings(), w =>
        {
            w.Write(after);
            w.Write(maximum);
        });
}
