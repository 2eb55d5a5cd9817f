using System.Buffers;
using System.Buffers.Binary;
using System.Runtime.InteropServices;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Encoding;
using Nacre.Rados.Objects;

namespace Nacre.Rados.Ceph;

/// <summary>Appends steps to a native operation, one call each. Bytes are copied, so input memory is free again when this returns.</summary>
internal static unsafe class StepTranslator
{
    /// <summary>Appends steps in order.</summary>
    public static void Add(nint operation, IReadOnlyList<OperationStep> steps)
    {
        for (int i = 0; i < steps.Count; i++)
        {
            OperationStep step = steps[i];
            if (!AddCommon(operation, step) && !AddRead(operation, step) && !AddWrite(operation, step))
            {
                throw new ArgumentException($"{step.GetType().Name} is not known to the Ceph engine", nameof(steps));
            }

            if (step.Flags != StepFlags.None)
            {
                Shim.SetFlags(operation, (int)step.Flags);
            }
        }
    }

    private static bool AddCommon(nint operation, OperationStep step)
    {
        switch (step)
        {
            case AssertExistsStep:
                Shim.AssertExists(operation);
                return true;
            case AssertVersionStep s:
                Shim.AssertVersion(operation, s.Version);
                return true;
            case CompareXattrStep s:
                fixed (byte* value = s.Value.Span)
                {
                    Shim.CompareXattr(operation, s.Name, (int)s.Comparison, value, (nuint)s.Value.Length);
                }

                return true;
            case CompareOmapStep s:
                byte[] key = Utf8(s.Key);
                fixed (byte* keyStart = key, value = s.Value.Span)
                {
                    Shim.CompareOmap(operation, keyStart, (nuint)key.Length, (int)s.Comparison, value, (nuint)s.Value.Length);
                }

                return true;
            case CompareExtentStep s:
                fixed (byte* data = s.Data.Span)
                {
                    Shim.CompareExtent(operation, s.Offset, data, (nuint)s.Data.Length);
                }

                return true;
            case ExecStep s:
                fixed (byte* input = s.Input.Span)
                {
                    Shim.Exec(operation, s.Class, s.Method, input, (nuint)s.Input.Length);
                }

                return true;
            default:
                return false;
        }
    }

    private static bool AddRead(nint operation, OperationStep step)
    {
        switch (step)
        {
            case ReadStep s:
                Shim.Read(operation, s.Offset, s.Length);
                return true;
            case SparseReadStep s:
                Shim.SparseRead(operation, s.Offset, s.Length);
                return true;
            case StatStep:
                Shim.Stat(operation);
                return true;
            case GetXattrStep s:
                Shim.GetXattr(operation, s.Name);
                return true;
            case GetXattrsStep:
                Shim.GetXattrs(operation);
                return true;
            case OmapGetKeysStep s:
                byte[] afterKey = Utf8(s.After);
                fixed (byte* after = afterKey)
                {
                    Shim.OmapGetKeys(operation, after, (nuint)afterKey.Length, s.Maximum);
                }

                return true;
            case OmapGetValuesStep s:
                byte[] afterBytes = Utf8(s.After);
                byte[] prefixBytes = Utf8(s.Prefix);
                fixed (byte* after = afterBytes, prefix = prefixBytes)
                {
                    Shim.OmapGetValues(operation, after, (nuint)afterBytes.Length, prefix, (nuint)prefixBytes.Length, s.Maximum);
                }

                return true;
            case OmapGetValuesByKeysStep s:
                fixed (byte* packed = Pack(s.Keys))
                {
                    Shim.OmapGetValuesByKeys(operation, packed, (uint)s.Keys.Count);
                }

                return true;
            case ChecksumStep s:
                AddChecksum(operation, s);
                return true;
            default:
                return false;
        }
    }

    private static bool AddWrite(nint operation, OperationStep step)
    {
        switch (step)
        {
            case WriteStep s:
                AddData(operation, s.Offset, s.Data, full: false);
                return true;
            case WriteFullStep s:
                AddData(operation, 0, s.Data, full: true);
                return true;
            case AppendStep s:
                fixed (byte* data = s.Data.Span)
                {
                    Shim.Append(operation, data, (nuint)s.Data.Length);
                }

                return true;
            case CreateStep s:
                Shim.Create(operation, (s.Flags & StepFlags.Exclusive) != 0 ? 1 : 0);
                return true;
            case ZeroStep s:
                Shim.Zero(operation, s.Offset, s.Length);
                return true;
            case TruncateStep s:
                Shim.Truncate(operation, s.Size);
                return true;
            case WriteSameStep s:
                fixed (byte* pattern = s.Pattern.Span)
                {
                    Shim.WriteSame(operation, s.Offset, s.Length, pattern, (nuint)s.Pattern.Length);
                }

                return true;
            case RemoveStep:
                Shim.Remove(operation);
                return true;
            case AllocationHintStep s:
                Shim.AllocationHint(operation, s.ExpectedObjectSize, s.ExpectedWriteSize);
                return true;
            case RollbackStep s:
                Shim.Rollback(operation, s.SnapshotId);
                return true;
            default:
                return AddMetadataWrite(operation, step);
        }
    }

    private static bool AddMetadataWrite(nint operation, OperationStep step)
    {
        switch (step)
        {
            case SetXattrStep s:
                fixed (byte* value = s.Value.Span)
                {
                    Shim.SetXattr(operation, s.Name, value, (nuint)s.Value.Length);
                }

                return true;
            case RemoveXattrStep s:
                Shim.RemoveXattr(operation, s.Name);
                return true;
            case OmapSetStep s:
                fixed (byte* packed = Pack(s.Values))
                {
                    Shim.OmapSet(operation, packed, (uint)s.Values.Count);
                }

                return true;
            case OmapRemoveKeysStep s:
                fixed (byte* packed = Pack(s.Keys))
                {
                    Shim.OmapRemoveKeys(operation, packed, (uint)s.Keys.Count);
                }

                return true;
            case OmapClearStep:
                Shim.OmapClear(operation);
                return true;
            default:
                return false;
        }
    }

    // What another operation read and is written as it is, the copying of an image, shares its buffers; all else is copied.
    private static void AddData(nint operation, ulong offset, ReadOnlyMemory<byte> data, bool full)
    {
        if (data.Length > 0 && MemoryMarshal.TryGetMemoryManager<byte, ReadBuffer>(data, out ReadBuffer? source, out int start, out int length))
        {
            bool held = false;
            try
            {
                source.Operation.DangerousAddRef(ref held);
                Shim.WriteOutput(operation, offset, source.Operation.Pointer, source.Index, (ulong)start, (ulong)length, full ? 1 : 0);
            }
            finally
            {
                if (held)
                {
                    source.Operation.DangerousRelease();
                }
            }

            return;
        }

        fixed (byte* bytes = data.Span)
        {
            if (full)
            {
                Shim.WriteFull(operation, bytes, (nuint)data.Length);
            }
            else
            {
                Shim.Write(operation, offset, bytes, (nuint)data.Length);
            }
        }
    }

    private static void AddChecksum(nint operation, ChecksumStep step)
    {
        Span<byte> seed = stackalloc byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(seed, step.Seed);
        nuint width = step.Type == ChecksumType.XxHash64 ? 8u : 4u;
        fixed (byte* start = seed)
        {
            Shim.Checksum(operation, (int)step.Type, start, width, step.Offset, step.Length, step.ChunkSize);
        }
    }

    private static ReadOnlySpan<byte> Pack(IReadOnlyList<string> keys)
    {
        var writer = new CephWriter(64 * Math.Max(1, keys.Count));
        foreach (string key in keys)
        {
            writer.Write(key);
        }

        return writer.WrittenSpan;
    }

    private static ReadOnlySpan<byte> Pack(IReadOnlyList<KeyValuePair<string, ReadOnlyMemory<byte>>> values)
    {
        var writer = new CephWriter(128 * Math.Max(1, values.Count));
        foreach ((string key, ReadOnlyMemory<byte> value) in values)
        {
            writer.Write(key);
            writer.WriteBytes(value.Span);
        }

        return writer.WrittenSpan;
    }

    private static byte[] Utf8(string text) => System.Text.Encoding.UTF8.GetBytes(text);
}
