using Nacre.Rados.ClassMethods;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>The <c>rbd</c> class.</summary>
internal static class RbdClass
{
    public static ObjectClass Class { get; } = new(RbdCalls.ClassName,
    [
        .. ImageMethods.All,
        .. DirectoryMethods.All,
        .. SnapshotMethods.All,
        .. ParentMethods.All,
        .. ChildMethods.All,
        .. MetadataMethods.All,
        .. ObjectMapMethods.All,
        .. DataMethods.All,
        .. MirrorPeerMethods.All,
        .. MirrorImageMethods.All,
        .. MirrorStatusMethods.All,
    ]);
}
