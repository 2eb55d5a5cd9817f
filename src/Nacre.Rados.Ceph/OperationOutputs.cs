using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Ceph;

/// <summary>Takes a completed read's outputs out of the shim.</summary>
internal static unsafe class OperationOutputs
{
    /// <summary>
    /// Results of this many bytes stay where librados put them until they are disposed. Smaller ones are copied, so that forgetting to
    /// dispose them costs nothing.
    /// </summary>
    private const int InPlaceFrom = 32 * 1024;

    /// <summary>One output per step that ran.</summary>
    /// <param name="operation">The completed operation.</param>
    /// <param name="steps">Its steps; null where its outputs are bytes alone.</param>
    /// <param name="code">How it ended.</param>
    /// <param name="inPlace">True where outputs refer to the operation's memory, which must then live on.</param>
    public static StepOutput[] Take(NativeOperation operation, IReadOnlyList<OperationStep>? steps, int code, out bool inPlace)
    {
        int count = (int)Shim.OutputCount(operation.Pointer);
        var outputs = new StepOutput[count];
        ulong total = 0;
        for (int i = 0; i < count; i++)
        {
            Shim.GetOutput(operation.Pointer, (uint)i, out Shim.Output native);
            total += native.Length;
        }

        inPlace = total >= InPlaceFrom;
        for (int i = 0; i < count; i++)
        {
            Shim.GetOutput(operation.Pointer, (uint)i, out Shim.Output native);
            outputs[i] = Take(operation, (uint)i, steps?[i], native, inPlace);
            if (code < 0 && native.Code < 0 && (steps is null || (steps[i].Flags & StepFlags.FailOk) == 0))
            {
                // Steps behind the one that failed have not run.
                return outputs[..(i + 1)];
            }
        }

        // Failed before any step ran, or in an assertion, which has no code of its own.
        return code < 0 ? [] : outputs;
    }

    private static StepOutput Take(NativeOperation operation, uint index, OperationStep? step, Shim.Output native, bool inPlace)
    {
        if (native.Code < 0)
        {
            return new StepOutput { ReturnCode = native.Code };
        }

        if (step is GetXattrsStep or OmapGetKeysStep or OmapGetValuesStep or OmapGetValuesByKeysStep)
        {
            return new StepOutput { ReturnCode = native.Code, Values = Values(native), More = native.More != 0 };
        }

        if (step is StatStep)
        {
            return new StepOutput
            {
                ReturnCode = native.Code,
                Size = native.Size,
                ModifiedAt = DateTimeOffset.UnixEpoch.AddSeconds(native.Seconds).AddTicks(native.Nanoseconds / 100),
            };
        }

        return new StepOutput
        {
            ReturnCode = native.Code,
            Data = Data(operation, index, native, inPlace),
            Extents = step is SparseReadStep ? Extents(native) : [],
        };
    }

    private static ReadOnlyMemory<byte> Data(NativeOperation operation, uint index, Shim.Output native, bool inPlace)
    {
        if (native.Length == 0)
        {
            return default;
        }

        return inPlace
            ? new ReadBuffer(operation, index, native.Data, checked((int)native.Length)).Memory
            : new ReadOnlySpan<byte>(native.Data, (int)native.Length).ToArray();
    }

    private static Extent[] Extents(Shim.Output native)
    {
        var extents = new Extent[native.ExtentCount];
        for (int i = 0; i < extents.Length; i++)
        {
            extents[i] = new Extent(native.Extents[2 * i], native.Extents[(2 * i) + 1]);
        }

        return extents;
    }

    private static KeyValuePair<string, ReadOnlyMemory<byte>>[] Values(Shim.Output native)
    {
        if (native.Length == 0)
        {
            return [];
        }

        var reader = new CephReader(new ReadOnlySpan<byte>(native.Data, checked((int)native.Length)));
        var values = new KeyValuePair<string, ReadOnlyMemory<byte>>[reader.ReadCount(8)];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = new(reader.ReadString(), reader.ReadBytes().ToArray());
        }

        return values;
    }
}
