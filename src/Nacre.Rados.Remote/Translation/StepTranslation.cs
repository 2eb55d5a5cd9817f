using Google.Protobuf;
using Nacre.Rados.Objects;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Rados.Remote.Translation;

/// <summary>Steps of compound operations to and from the wire. Payloads are wrapped, not copied.</summary>
public static class StepTranslation
{
    /// <summary>To the wire.</summary>
    public static Step ToWire(OperationStep step)
    {
        Step wire = step switch
        {
            ReadStep s => new Step { Kind = StepKind.StepRead, Offset = s.Offset, Length = s.Length },
            SparseReadStep s => new Step { Kind = StepKind.StepSparseRead, Offset = s.Offset, Length = s.Length },
            StatStep => new Step { Kind = StepKind.StepStat },
            GetXattrStep s => new Step { Kind = StepKind.StepGetXattr, Name = s.Name },
            GetXattrsStep => new Step { Kind = StepKind.StepGetXattrs },
            OmapGetKeysStep s => new Step { Kind = StepKind.StepOmapGetKeys, Name = s.After, Number = s.Maximum },
            OmapGetValuesStep s => new Step { Kind = StepKind.StepOmapGetValues, Name = s.After, SecondName = s.Prefix, Number = s.Maximum },
            OmapGetValuesByKeysStep s => WithKeys(StepKind.StepOmapGetValuesByKeys, s.Keys),
            ChecksumStep s => new Step
            {
                Kind = StepKind.StepChecksum,
                Number = (uint)s.Type,
                LargeNumber = s.Seed,
                Offset = s.Offset,
                Length = s.Length,
                SecondLargeNumber = s.ChunkSize,
            },
            AssertExistsStep => new Step { Kind = StepKind.StepAssertExists },
            AssertVersionStep s => new Step { Kind = StepKind.StepAssertVersion, LargeNumber = s.Version },
            CompareXattrStep s => new Step { Kind = StepKind.StepCompareXattr, Name = s.Name, Number = (uint)s.Comparison, Data = Wrap(s.Value) },
            CompareOmapStep s => new Step { Kind = StepKind.StepCompareOmap, Name = s.Key, Number = (uint)s.Comparison, Data = Wrap(s.Value) },
            CompareExtentStep s => new Step { Kind = StepKind.StepCompareExtent, Offset = s.Offset, Data = Wrap(s.Data) },
            ExecStep s => new Step { Kind = StepKind.StepExec, Name = s.Class, SecondName = s.Method, Data = Wrap(s.Input) },
            _ => WriteToWire(step),
        };
        wire.Flags = (uint)step.Flags;
        return wire;
    }

    /// <summary>From the wire. Anything that is not known or does not fit is EINVAL.</summary>
    public static OperationStep FromWire(Step wire)
    {
        OperationStep step = wire.Kind switch
        {
            StepKind.StepRead => new ReadStep(wire.Offset, wire.Length),
            StepKind.StepSparseRead => new SparseReadStep(wire.Offset, wire.Length),
            StepKind.StepStat => new StatStep(),
            StepKind.StepGetXattr => new GetXattrStep(wire.Name),
            StepKind.StepGetXattrs => new GetXattrsStep(),
            StepKind.StepOmapGetKeys => new OmapGetKeysStep(wire.Name, wire.Number),
            StepKind.StepOmapGetValues => new OmapGetValuesStep(wire.Name, wire.SecondName, wire.Number),
            StepKind.StepOmapGetValuesByKeys => new OmapGetValuesByKeysStep(wire.Keys),
            StepKind.StepChecksum => new ChecksumStep(
                Small<ChecksumType>(wire.Number), wire.LargeNumber, wire.Offset, wire.Length, checked((uint)Math.Min(wire.SecondLargeNumber, uint.MaxValue))),
            StepKind.StepAssertExists => new AssertExistsStep(),
            StepKind.StepAssertVersion => new AssertVersionStep(wire.LargeNumber),
            StepKind.StepCompareXattr => new CompareXattrStep(wire.Name, Small<Comparison>(wire.Number), wire.Data.Memory),
            StepKind.StepCompareOmap => new CompareOmapStep(wire.Name, Small<Comparison>(wire.Number), wire.Data.Memory),
            StepKind.StepCompareExtent => new CompareExtentStep(wire.Offset, wire.Data.Memory),
            StepKind.StepExec => new ExecStep(wire.Name, wire.SecondName, wire.Data.Memory),
            _ => WriteFromWire(wire),
        };
        return wire.Flags == 0 ? step : step with { Flags = (StepFlags)wire.Flags };
    }

    /// <summary>A payload without a copy: it must stay unchanged until it has been sent.</summary>
    public static ByteString Wrap(ReadOnlyMemory<byte> memory) => memory.IsEmpty ? ByteString.Empty : UnsafeByteOperations.UnsafeWrap(memory);

    private static Step WriteToWire(OperationStep step) => step switch
    {
        CreateStep => new Step { Kind = StepKind.StepCreate },
        WriteStep s => new Step { Kind = StepKind.StepWrite, Offset = s.Offset, Data = Wrap(s.Data) },
        WriteFullStep s => new Step { Kind = StepKind.StepWriteFull, Data = Wrap(s.Data) },
        AppendStep s => new Step { Kind = StepKind.StepAppend, Data = Wrap(s.Data) },
        ZeroStep s => new Step { Kind = StepKind.StepZero, Offset = s.Offset, Length = s.Length },
        TruncateStep s => new Step { Kind = StepKind.StepTruncate, Length = s.Size },
        WriteSameStep s => new Step { Kind = StepKind.StepWriteSame, Offset = s.Offset, Length = s.Length, Data = Wrap(s.Pattern) },
        RemoveStep => new Step { Kind = StepKind.StepRemove },
        SetXattrStep s => new Step { Kind = StepKind.StepSetXattr, Name = s.Name, Data = Wrap(s.Value) },
        RemoveXattrStep s => new Step { Kind = StepKind.StepRemoveXattr, Name = s.Name },
        OmapSetStep s => OmapSet(s),
        OmapRemoveKeysStep s => WithKeys(StepKind.StepOmapRemoveKeys, s.Keys),
        OmapClearStep => new Step { Kind = StepKind.StepOmapClear },
        AllocationHintStep s => new Step
        {
            Kind = StepKind.StepAllocationHint,
            LargeNumber = s.ExpectedObjectSize,
            SecondLargeNumber = s.ExpectedWriteSize,
        },
        RollbackStep s => new Step { Kind = StepKind.StepRollback, LargeNumber = s.SnapshotId },
        _ => throw new NotSupportedException($"{step.GetType().Name} has no form on the wire"),
    };

    private static OperationStep WriteFromWire(Step wire) => wire.Kind switch
    {
        StepKind.StepCreate => new CreateStep(),
        StepKind.StepWrite => new WriteStep(wire.Offset, wire.Data.Memory),
        StepKind.StepWriteFull => new WriteFullStep(wire.Data.Memory),
        StepKind.StepAppend => new AppendStep(wire.Data.Memory),
        StepKind.StepZero => new ZeroStep(wire.Offset, wire.Length),
        StepKind.StepTruncate => new TruncateStep(wire.Length),
        StepKind.StepWriteSame => new WriteSameStep(wire.Offset, wire.Length, wire.Data.Memory),
        StepKind.StepRemove => new RemoveStep(),
        StepKind.StepSetXattr => new SetXattrStep(wire.Name, wire.Data.Memory),
        StepKind.StepRemoveXattr => new RemoveXattrStep(wire.Name),
        StepKind.StepOmapSet => OmapSet(wire),
        StepKind.StepOmapRemoveKeys => new OmapRemoveKeysStep(wire.Keys),
        StepKind.StepOmapClear => new OmapClearStep(),
        StepKind.StepAllocationHint => new AllocationHintStep(wire.LargeNumber, wire.SecondLargeNumber),
        StepKind.StepRollback => new RollbackStep(wire.LargeNumber),
        _ => throw new RadosException(Errno.EINVAL, $"a step of kind {wire.Kind}, which this site does not know"),
    };

    private static Step WithKeys(StepKind kind, IReadOnlyList<string> keys)
    {
        var wire = new Step { Kind = kind };
        wire.Keys.AddRange(keys);
        return wire;
    }

    private static Step OmapSet(OmapSetStep step)
    {
        var wire = new Step { Kind = StepKind.StepOmapSet };
        foreach ((string key, ReadOnlyMemory<byte> value) in step.Values)
        {
            wire.Keys.Add(key);
            wire.Values.Add(Wrap(value));
        }

        return wire;
    }

    private static OmapSetStep OmapSet(Step wire)
    {
        if (wire.Keys.Count != wire.Values.Count)
        {
            throw new RadosException(Errno.EINVAL, $"{wire.Keys.Count} omap keys with {wire.Values.Count} values");
        }

        var values = new KeyValuePair<string, ReadOnlyMemory<byte>>[wire.Keys.Count];
        for (int i = 0; i < values.Length; i++)
        {
            values[i] = new(wire.Keys[i], wire.Values[i].Memory);
        }

        return new OmapSetStep(values);
    }

    private static TEnum Small<TEnum>(uint number) where TEnum : struct, Enum
    {
        TEnum value = (TEnum)Enum.ToObject(typeof(TEnum), (byte)number);
        return number <= byte.MaxValue && Enum.IsDefined(value)
            ? value
            : throw new RadosException(Errno.EINVAL, $"{typeof(TEnum).Name} {number}, which this site does not know");
    }
}
