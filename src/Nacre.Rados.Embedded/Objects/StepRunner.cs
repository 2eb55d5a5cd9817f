using System.Buffers;
using System.Buffers.Binary;
using System.IO.Hashing;
using Microsoft.Extensions.Logging;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Embedded.Classes;
using Nacre.Rados.Embedded.Storage;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>Carries out the steps of a compound operation in a transaction, with Ceph's return codes (PrimaryLogPG::do_osd_ops).</summary>
internal sealed class StepRunner(StoreCore core, ObjectTransaction transaction, EmbeddedSession caller, Func<ulong, bool> isSnapshotRemoved)
{
    private static readonly Comparer<byte[]> _byteOrder = Comparer<byte[]>.Create((a, b) => a.AsSpan().SequenceCompareTo(b));
    private PooledBuffers? _buffers;

    /// <summary>What owns the outputs' memory.</summary>
    public IDisposable? Buffers => _buffers;

    /// <summary>Runs steps until one fails. Returns the last one's code.</summary>
    public int Run(IReadOnlyList<OperationStep> steps, List<StepOutput>? outputs)
    {
        int result = 0;
        for (int i = 0; i < steps.Count; i++)
        {
            StepOutput output = RunStep(steps[i]);
            outputs?.Add(output);
            result = output.ReturnCode;
            if (result < 0 && steps[i].Flags.HasFlag(StepFlags.FailOk) && result != -Errno.EAGAIN)
            {
                result = 0;
            }

            if (result < 0)
            {
                break;
            }
        }

        return result;
    }

    private static StepOutput Code(int result) => new() { ReturnCode = result };

    private StepOutput RunStep(OperationStep step) => step switch
    {
        ReadStep read => Read(read.Offset, read.Length),
        SparseReadStep read => SparseRead(read.Offset, read.Length),
        StatStep => transaction.Exists
            ? new StepOutput { Size = transaction.Size, ModifiedAt = transaction.ModifiedAt }
            : Code(-Errno.ENOENT),
        GetXattrStep get => GetXattr(get.Name),
        GetXattrsStep => new StepOutput { Values = transaction.GetXattrs() },
        OmapGetKeysStep keys => OmapPage(keys.After, "", keys.Maximum, withValues: false),
        OmapGetValuesStep values => OmapPage(values.After, values.Prefix, values.Maximum, withValues: true),
        OmapGetValuesByKeysStep byKeys => OmapByKeys(byKeys.Keys),
        ChecksumStep checksum => Checksum(checksum),
        ExecStep exec => Exec(exec),
        AllocationHintStep => Code(transaction.Create(exclusive: false)),
        _ => Code(RunCheck(step) ?? RunWrite(step)),
    };

    private int? RunCheck(OperationStep step) => step switch
    {
        AssertExistsStep => transaction.Exists ? 0 : -Errno.ENOENT,
        AssertVersionStep assert => AssertVersion(assert.Version),
        CompareXattrStep compare => CompareXattr(compare),
        CompareOmapStep compare => CompareOmap(compare),
        CompareExtentStep compare => CompareExtent(compare),
        _ => null,
    };

    private int RunWrite(OperationStep step) => step switch
    {
        CreateStep => transaction.Create(step.Flags.HasFlag(StepFlags.Exclusive)),
        WriteStep write => transaction.Write(write.Offset, write.Data.Span),
        WriteFullStep write => transaction.WriteFull(write.Data.Span),
        AppendStep append => transaction.Write(transaction.Size, append.Data.Span),
        ZeroStep zero => transaction.Zero(zero.Offset, zero.Length),
        TruncateStep truncate => transaction.Truncate(truncate.Size),
        WriteSameStep same => WriteSame(same),
        RemoveStep => transaction.Remove(),
        SetXattrStep set => transaction.SetXattr(set.Name, set.Value.Span),
        RemoveXattrStep remove => transaction.RemoveXattr(remove.Name),
        OmapSetStep set => OmapSet(set.Values),
        OmapRemoveKeysStep remove => OmapRemove(remove.Keys),
        OmapClearStep => transaction.OmapClear(),
        RollbackStep rollback => transaction.Rollback(rollback.SnapshotId, isSnapshotRemoved(rollback.SnapshotId)),
        _ => -Errno.EOPNOTSUPP,
    };

    private StepOutput Read(ulong offset, ulong length)
    {
        int count = transaction.ReadableLength(offset, length);
        if (count == 0)
        {
            return new StepOutput();
        }

        Memory<byte> data = Rent(count);
        transaction.Read(offset, data.Span);
        return new StepOutput { Data = data };
    }

    private StepOutput SparseRead(ulong offset, ulong length)
    {
        List<Extent> extents = transaction.DataExtents(offset, length);
        int total = (int)extents.Sum(extent => (long)extent.Length);
        if (total == 0)
        {
            return new StepOutput();
        }

        Memory<byte> data = Rent(total);
        int at = 0;
        foreach (Extent extent in extents)
        {
            transaction.Read(extent.Offset, data.Span.Slice(at, (int)extent.Length));
            at += (int)extent.Length;
        }

        return new StepOutput { Data = data, Extents = extents };
    }

    private StepOutput GetXattr(string name) => !transaction.Exists
        ? Code(-Errno.ENOENT)
        : transaction.GetXattr(name) is { } value ? new StepOutput { Data = value } : Code(-Errno.ENODATA);

    private StepOutput OmapPage(string after, string prefix, uint maximum, bool withValues)
    {
        List<KeyValuePair<string, ReadOnlyMemory<byte>>> page = transaction.OmapPage(
            after, prefix, Math.Min(maximum, Limits.MaximumOmapEntries), withValues, out bool more);
        return new StepOutput { Values = page, More = more };
    }

    private StepOutput OmapByKeys(IReadOnlyList<string> keys)
    {
        var found = new List<KeyValuePair<string, ReadOnlyMemory<byte>>>();
        foreach (string key in keys.Distinct().OrderBy(System.Text.Encoding.UTF8.GetBytes, _byteOrder))
        {
            if (transaction.OmapGet(key) is { } value)
            {
                found.Add(new(key, value));
            }
        }

        return new StepOutput { Values = found };
    }

    private StepOutput Checksum(ChecksumStep step)
    {
        if (step.ChunkSize > 0 && (step.Length == 0 || step.Length % step.ChunkSize != 0))
        {
            return Code(-Errno.EINVAL);
        }

        ulong length = step.Length;
        if (step.Offset == 0 && length == 0)
        {
            length = transaction.Size;
        }
        else if (step.Offset >= transaction.Size)
        {
            return new StepOutput();
        }
        else if (length == 0 || step.Offset + length > transaction.Size)
        {
            length = length == 0 ? 0 : transaction.Size - step.Offset;
        }

        if (step.ChunkSize > 0 && length % step.ChunkSize != 0)
        {
            return Code(-Errno.EINVAL);
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)length);
        try
        {
            Span<byte> data = rented.AsSpan(0, (int)length);
            transaction.Read(step.Offset, data);
            return ChecksumOf(step, data);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private static StepOutput ChecksumOf(ChecksumStep step, ReadOnlySpan<byte> data)
    {
        int chunk = step.ChunkSize == 0 ? data.Length : (int)step.ChunkSize;
        int count = chunk == 0 ? 0 : data.Length / chunk;
        var writer = new CephWriter(4 + (count * 8));
        writer.Write((uint)count);
        for (int i = 0; i < count; i++)
        {
            ReadOnlySpan<byte> part = data.Slice(i * chunk, chunk);
            switch (step.Type)
            {
                case ChecksumType.XxHash32:
                    writer.Write(XxHash32.HashToUInt32(part, (int)(uint)step.Seed));
                    break;
                case ChecksumType.XxHash64:
                    writer.Write(XxHash64.HashToUInt64(part, (long)step.Seed));
                    break;
                case ChecksumType.Crc32C:
                    writer.Write(Crc32C.Append((uint)step.Seed, part));
                    break;
                default:
                    return Code(-Errno.EINVAL);
            }
        }

        return new StepOutput { Data = writer.WrittenMemory };
    }

    private StepOutput Exec(ExecStep step)
    {
        if (core.Classes.Find(step.Class, step.Method) is not { } method)
        {
            return Code(-Errno.EOPNOTSUPP);
        }

        var context = new ClassContext(core, transaction, caller, method.Access);
        var output = new CephWriter();
        int result;
        try
        {
            result = method.Method(context, step.Input.Span, output);
        }
        catch (CephDecodeException)
        {
            result = -Errno.EINVAL;
        }
        catch (Exception exception) when (exception is not RadosException)
        {
            core.Logger.LogError(exception, "class method {Class}.{Method} failed on object {Object}", step.Class, step.Method, transaction.Key);
            result = -Errno.EIO;
        }

        return context.OverstepsAccess ? Code(-Errno.EIO) : new StepOutput { ReturnCode = result, Data = output.WrittenMemory };
    }

    private int AssertVersion(ulong version) => version == 0 ? -Errno.EINVAL
        : version < transaction.Version ? -Errno.ERANGE
        : version > transaction.Version ? -Errno.EOVERFLOW : 0;

    private int CompareXattr(CompareXattrStep step)
    {
        if (!transaction.Exists)
        {
            return -Errno.ENOENT;
        }

        ReadOnlyMemory<byte> stored = transaction.GetXattr(step.Name) ?? default;
        int order = step.Value.Span.SequenceCompareTo(stored.Span);
        return step.Comparison switch
        {
            Comparison.Equal => order == 0,
            Comparison.NotEqual => order != 0,
            Comparison.Greater => order > 0,
            Comparison.GreaterOrEqual => order >= 0,
            Comparison.Less => order < 0,
            Comparison.LessOrEqual => order <= 0,
            _ => (bool?)null,
        } switch
        {
            true => 0,
            false => -Errno.ECANCELED,
            null => -Errno.EINVAL,
        };
    }

    private int CompareOmap(CompareOmapStep step)
    {
        if (!transaction.Exists)
        {
            return -Errno.ENOENT;
        }

        // Unlike with xattrs, Ceph has the stored value on the left here.
        int order = (transaction.OmapGet(step.Key) ?? []).AsSpan().SequenceCompareTo(step.Value.Span);
        return step.Comparison switch
        {
            Comparison.Equal => order == 0 ? 0 : -Errno.ECANCELED,
            Comparison.Less => order < 0 ? 0 : -Errno.ECANCELED,
            Comparison.Greater => order > 0 ? 0 : -Errno.ECANCELED,
            _ => -Errno.EINVAL,
        };
    }

    private int CompareExtent(CompareExtentStep step)
    {
        int length = transaction.Exists ? transaction.ReadableLength(step.Offset, (ulong)step.Data.Length) : 0;
        length = step.Data.Length == 0 ? 0 : length;
        byte[] rented = ArrayPool<byte>.Shared.Rent(step.Data.Length);
        try
        {
            Span<byte> stored = rented.AsSpan(0, step.Data.Length);
            transaction.Read(step.Offset, stored[..length]);
            stored[length..].Clear();
            int same = stored.CommonPrefixLength(step.Data.Span);
            return same == step.Data.Length ? 0 : -Errno.MaxErrno - same;
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private int WriteSame(WriteSameStep step)
    {
        if (step.Length == 0)
        {
            return 0;
        }

        if (step.Pattern.Length == 0 || step.Length % (ulong)step.Pattern.Length != 0)
        {
            return -Errno.EINVAL;
        }

        if (step.Length > Limits.MaximumObjectSize)
        {
            return -Errno.EFBIG;
        }

        byte[] rented = ArrayPool<byte>.Shared.Rent((int)step.Length);
        try
        {
            Span<byte> data = rented.AsSpan(0, (int)step.Length);
            for (int at = 0; at < data.Length; at += step.Pattern.Length)
            {
                step.Pattern.Span.CopyTo(data[at..]);
            }

            return transaction.Write(step.Offset, data);
        }
        finally
        {
            ArrayPool<byte>.Shared.Return(rented);
        }
    }

    private int OmapSet(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        int result = transaction.OmapTouch();
        for (int i = 0; i < values.Count && result == 0; i++)
        {
            result = transaction.OmapSet(values[i].Key, values[i].Value.Span);
        }

        return result;
    }

    private int OmapRemove(IReadOnlyList<string> keys)
    {
        int result = transaction.OmapRemoveBegin();
        for (int i = 0; i < keys.Count && result == 0; i++)
        {
            result = transaction.OmapRemove(keys[i]);
        }

        return result;
    }

    private Memory<byte> Rent(int length) => (_buffers ??= new PooledBuffers()).Rent(length);
}
