using Nacre.ObjectClasses.Calls;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;
using Nacre.Rados.Watching;

namespace Nacre.ObjectClasses.Tests;

/// <summary>Objects in memory, on which class methods run as an engine would run them: a failed one changes nothing.</summary>
internal sealed class FakeStore
{
    public Dictionary<string, FakeObject> Objects { get; } = [];

    public ulong CallerId { get; set; } = 4123;

    public string CallerAddress { get; set; } = "127.0.0.1:0/123456";

    public DateTimeOffset Now { get; set; } = DateTimeOffset.UnixEpoch.AddSeconds(1_700_000_000);

    public ulong SnapshotSequence { get; set; }

    public List<Watcher> Watchers { get; } = [];

    public (int Code, byte[] Output) Exec(string objectName, string className, string methodName, ReadOnlyMemory<byte> input)
    {
        ClassMethodDescription? method = RbdObjectClasses.All.SingleOrDefault(c => c.Name == className)?.Methods.SingleOrDefault(m => m.Name == methodName);
        if (method is null)
        {
            return (-Errno.EOPNOTSUPP, []);
        }

        FakeObject? before = Objects.GetValueOrDefault(objectName);
        bool writes = method.Access.HasFlag(ClassMethodAccess.Write);
        if (before is null && !writes)
        {
            return (-Errno.ENOENT, []);
        }

        var context = new FakeClassContext(this, before);
        var output = new CephWriter();
        int code;
        try
        {
            code = method.Method(context, input.Span, output);
        }
        catch (CephDecodeException)
        {
            code = -Errno.EINVAL;
        }

        if (code >= 0 && writes)
        {
            if (context.Object is null)
            {
                Objects.Remove(objectName);
            }
            else
            {
                Objects[objectName] = context.Object;
            }
        }

        return (code, code < 0 || writes ? [] : output.ToArray());
    }

    public int Call(string objectName, ClassWrite call) => Exec(objectName, call.Class, call.Method, call.Input).Code;

    public T Call<T>(string objectName, ClassRead<T> call)
    {
        (int code, byte[] output) = Exec(objectName, call.Class, call.Method, call.Input);
        return code < 0 ? throw new RadosException(code, call.Method) : call.Decode(output);
    }

    public int Fail<T>(string objectName, ClassRead<T> call) => Exec(objectName, call.Class, call.Method, call.Input).Code;
}
