using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Conformance;

/// <summary>Object classes inside compound operations, shown with the <c>rbd</c> class that every engine has.</summary>
public abstract class ClassCallTests(EngineFixture engine) : ConformanceTests(engine)
{
    [Fact]
    public async Task A_method_writes_and_another_reads()
    {
        await Pool.ExecWriteAsync("rbd_directory", "rbd", "dir_add_image", Strings("disk", "abc123"), Cancellation);
        byte[] id = await Pool.ExecReadAsync("rbd_directory", "rbd", "dir_get_id", Strings("disk"), Cancellation);
        Assert.Equal("abc123", new CephReader(id).ReadString());
        Assert.Null(await Pool.TryExecReadAsync("rbd_directory", "rbd", "dir_get_id", Strings("other"), Cancellation));
        Assert.Null(await Pool.TryExecReadAsync("absent", "rbd", "dir_get_id", Strings("other"), Cancellation));
    }

    [Fact]
    public async Task A_failing_method_undoes_the_operation()
    {
        await Pool.ExecWriteAsync("d", "rbd", "dir_add_image", Strings("disk", "abc123"), Cancellation);
        int code = await WriteAsync("d", new WriteOperation()
            .SetXattr("mark", Bytes("1"))
            .Exec("rbd", "dir_add_image", Strings("second", "def456"))
            .Exec("rbd", "dir_add_image", Strings("disk", "other")));
        Assert.Equal(-Errno.EEXIST, code);
        Assert.Null(await Pool.TryExecReadAsync("d", "rbd", "dir_get_id", Strings("second"), Cancellation));
        Assert.Equal(-Errno.ENODATA, await CodeOfAsync("d", new ReadOperation().GetXattr("mark")));
    }

    [Fact]
    public async Task Several_methods_run_in_one_operation()
    {
        // What one writes another does not see on Ceph until the operation is done, so nothing may depend on either.
        await MustWriteAsync("d", new WriteOperation()
            .Create(exclusive: true)
            .Exec("rbd", "dir_add_image", Strings("disk", "abc123"))
            .Exec("rbd", "dir_add_image", Strings("second", "def456"))
            .SetXattr("mark", Bytes("1")));
        using OperationResult result = await ReadAsync("d", new ReadOperation()
            .GetXattr("mark")
            .Exec("rbd", "dir_get_id", Strings("disk"))
            .Exec("rbd", "dir_get_name", Strings("def456")));
        Assert.Equal(0, result.ReturnCode);
        Assert.Equal("abc123", new CephReader(result.Outputs[1].Data.Span).ReadString());
        Assert.Equal("second", new CephReader(result.Outputs[2].Data.Span).ReadString());
    }

    [Fact]
    public async Task What_is_no_class_or_method_or_argument_is_an_error()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        Assert.Equal(-Errno.EOPNOTSUPP, await CodeOfAsync("o", new ReadOperation().Exec("no_such_class", "x", default)));
        Assert.Equal(-Errno.EOPNOTSUPP, await CodeOfAsync("o", new ReadOperation().Exec("rbd", "no_such_method", default)));
        Assert.Equal(-Errno.EINVAL, await CodeOfAsync("o", new ReadOperation().Exec("rbd", "dir_get_id", Bytes("xx"))));
        Assert.Equal(-Errno.EINVAL, await WriteAsync("o", new WriteOperation().Exec("rbd", "dir_add_image", Bytes("xx"))));
    }

    [Fact]
    public async Task The_lock_class_admits_one_owner()
    {
        await MustWriteAsync("o", new WriteOperation().Create(exclusive: true));
        await MustWriteAsync("o", new WriteOperation().Exec("lock", "lock", Lock("cookie1")));
        Assert.Equal(-Errno.EEXIST, await WriteAsync("o", new WriteOperation().Exec("lock", "lock", Lock("cookie1"))));
        Assert.Equal(-Errno.EBUSY, await WriteAsync("o", new WriteOperation().Exec("lock", "lock", Lock("cookie2"))));
    }

    private static byte[] Strings(params string[] values)
    {
        var writer = new CephWriter();
        foreach (string value in values)
        {
            writer.Write(value);
        }

        return writer.ToArray();
    }

    // cls_lock_lock_op (src/cls/lock/cls_lock_ops.h): name, type (1 exclusive), cookie, tag, description, duration, flags.
    private static byte[] Lock(string cookie)
    {
        var writer = new CephWriter();
        using (writer.Versioned(1, 1))
        {
            writer.Write("name");
            writer.Write((byte)1);
            writer.Write(cookie);
            writer.Write("tag");
            writer.Write("description");
            writer.Write(0ul);
            writer.Write((byte)0);
        }

        return writer.ToArray();
    }
}
