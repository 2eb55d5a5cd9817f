using Nacre.Rados.ClassMethods;

namespace Nacre.ObjectClasses;

/// <summary>The object classes that RBD needs, for an embedded site to register.</summary>
public static class RbdObjectClasses
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<ObjectClass> All { get; } = [Rbd.Server.RbdClass.Class, Lock.LockMethods.Class, Journal.Server.JournalMethods.Class];
}
