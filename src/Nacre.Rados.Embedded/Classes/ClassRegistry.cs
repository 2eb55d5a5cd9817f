using Nacre.Rados.ClassMethods;

namespace Nacre.Rados.Embedded.Classes;

/// <summary>The object classes that the host registered.</summary>
internal sealed class ClassRegistry
{
    private readonly Dictionary<(string Class, string Method), ClassMethodDescription> _methods = [];

    public ClassRegistry(IReadOnlyList<ObjectClass> classes)
    {
        foreach (ObjectClass objectClass in classes)
        {
            foreach (ClassMethodDescription method in objectClass.Methods)
            {
                _methods.Add((objectClass.Name, method.Name), method);
            }
        }
    }

    /// <summary>A method; null where no such class or method is registered.</summary>
    public ClassMethodDescription? Find(string className, string method) => _methods.GetValueOrDefault((className, method));
}
