using Nacre.Rados.ClassMethods;

namespace Nacre.ObjectClasses.Server;

/// <summary>Makes the tables of methods short.</summary>
internal static class Methods
{
    /// <summary>A method that reads (CLS_METHOD_RD).</summary>
    public static ClassMethodDescription Read(string name, ClassMethod method) => new(name, ClassMethodAccess.Read, method);

    /// <summary>A method that reads and writes (CLS_METHOD_RD | CLS_METHOD_WR).</summary>
    public static ClassMethodDescription Write(string name, ClassMethod method) => new(name, ClassMethodAccess.Read | ClassMethodAccess.Write, method);
}
