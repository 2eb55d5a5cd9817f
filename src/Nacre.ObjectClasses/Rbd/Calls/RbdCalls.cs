using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Rbd;

/// <summary>
/// Calls of the <c>rbd</c> class (src/cls/rbd/cls_rbd_client.cc): each is a value to carry out alone (<c>pool.CallAsync(objectName, call)</c>) or
/// to append to a compound operation (<c>operation.Call(call)</c>). Errors named are the class's.
/// </summary>
public static partial class RbdCalls
{
    /// <summary>The class.</summary>
    public const string ClassName = "rbd";

    private static ClassWrite Write(string method, Action<CephWriter>? arguments = null)
    {
        var writer = new CephWriter();
        arguments?.Invoke(writer);
        return new ClassWrite(ClassName, method, writer.ToArray());
    }

    private static ClassRead<T> Read<T>(string method, ElementReader<T> decoder, Action<CephWriter>? arguments = null)
    {
        var writer = new CephWriter();
        arguments?.Invoke(writer);
        return new ClassRead<T>(ClassName, method, writer.ToArray(), decoder);
    }

    private static string DecodeString(ref CephReader reader) => reader.ReadString();

    private static ulong DecodeUInt64(ref CephReader reader) => reader.ReadUInt64();

    private static IReadOnlyDictionary<string, string> DecodeStringMap(ref CephReader reader) => reader.ReadMap(DecodeString);
}
