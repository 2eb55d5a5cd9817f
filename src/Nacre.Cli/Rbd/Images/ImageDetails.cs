using Nacre.Cli.Output;
using Nacre.Mirroring;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Images;

/// <summary><c>rbd info</c> (src/tools/rbd/action/Info.cc).</summary>
internal sealed class ImageDetails
{
    private readonly Image _image;
    private readonly string _shownName;
    private readonly TimeProvider _time;
    private ImageSnapshot? _snapshot;
    private string? _dataPool;
    private string? _parent;
    private MirrorImage? _mirror;
    private bool _isPrimary;
    private ulong _snapshotLimit;

    private ImageDetails(Image image, string shownName, TimeProvider time)
    {
        _image = image;
        _shownName = shownName;
        _time = time;
    }

    /// <summary>The command.</summary>
    public static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        bool byId = context.Arguments.Has("image-id");
        RbdImageSpec spec = RbdSpecs.ReadImage(context.Arguments, SnapshotPresence.Permitted, imageRequired: !byId);
        OutputFormatter? formatter = context.CreateFormatter();
        await using Image image = await context.OpenImageOrIdAsync(spec, readOnly: true, cancellationToken);
        var details = new ImageDetails(image, byId ? image.Name : spec.Image, context.Application.Time);
        await details.LoadAsync(spec.Snapshot, cancellationToken);
        if (formatter is null)
        {
            details.Write(context.Output);
        }
        else
        {
            details.Write(formatter);
            formatter.Flush(context.Output);
        }

        return 0;
    }

    private async Task LoadAsync(string snapshot, CancellationToken cancellationToken)
    {
        _snapshot = snapshot.Length == 0 ? null : _image.FindSnapshot(snapshot);
        _dataPool = _image.DataPoolId >= 0 ? _image.DataPool.Name : null;
        if (_image.Parent is { } parent)
        {
            _parent = await ParentNames.ResolveAsync(_image.Pool.Cluster, parent, cancellationToken);
        }

        _snapshotLimit = await _image.GetSnapshotLimitAsync(cancellationToken);
        MirrorImageInfo mirroring = await new MirrorImageControl(_image, _time).GetInfoAsync(cancellationToken);
        _mirror = mirroring.Image;
        _isPrimary = _mirror is not null && mirroring.IsPrimary;
    }

    private void Write(TextWriter output)
    {
        output.Write($"rbd image '{_shownName}':\n");
        output.Write($"\tsize {ByteSize.Format(_image.Size)} in {_image.ObjectCount} objects\n");
        output.Write($"\torder {_image.Layout.Order} ({ByteSize.Format(_image.Layout.ObjectSize)} objects)\n");
        output.Write($"\tsnapshot_count: {_image.Snapshots.Count}\n");
        output.Write($"\tid: {_image.Id}\n");
        if (_dataPool is not null)
        {
            output.Write($"\tdata_pool: {_dataPool}\n");
        }

        output.Write($"\tblock_name_prefix: {_image.ObjectPrefix}\n\tformat: 2\n");
        output.Write($"\tfeatures: {string.Join(", ", RbdFeatureNames.Of(_image.Features))}\n");
        output.Write($"\top_features: {string.Join(", ", OperationFeatures(_image.OperationFeatures))}\n");
        output.Write($"\tflags: {string.Join(", ", Flags(_image.Flags))}\n");
        output.Write($"\tcreate_timestamp: {CephDate.Format(_image.CreatedAt, _time)}\n");
        output.Write($"\taccess_timestamp: {CephDate.Format(_image.AccessedAt, _time)}\n");
        output.Write($"\tmodify_timestamp: {CephDate.Format(_image.ModifiedAt, _time)}\n");
        if (_snapshot is not null)
        {
            output.Write($"\tprotected: {(_snapshot.Protection == ProtectionStatus.Protected ? "True" : "False")}\n");
        }

        if (_snapshotLimit != ulong.MaxValue)
        {
            output.Write($"\tsnapshot_limit: {_snapshotLimit}\n");
        }

        if (_parent is not null)
        {
            output.Write($"\tparent: {_parent}\n\toverlap: {ByteSize.Format(_image.ParentOverlap)}\n");
        }

        if (_image.Features.HasFlag(RbdFeatures.StripingV2))
        {
            output.Write($"\tstripe unit: {ByteSize.Format(_image.Layout.StripeUnit)}\n\tstripe count: {_image.Layout.StripeCount}\n");
        }

        if (_image.Features.HasFlag(RbdFeatures.Journaling))
        {
            output.Write($"\tjournal: {_image.Id}\n");
        }

        if (_mirror is not null && _snapshot is null)
        {
            output.Write($"\tmirroring state: {MirrorStatusText.Of(_mirror.State)}\n");
            output.Write($"\tmirroring mode: {MirrorStatusText.Of(_mirror.Mode)}\n");
            output.Write($"\tmirroring global id: {_mirror.GlobalImageId}\n");
            output.Write($"\tmirroring primary: {(_isPrimary ? "true" : "false")}\n");
        }
        else if (_snapshot is null && _image.Features.HasFlag(RbdFeatures.Journaling))
        {
            output.Write("\tmirroring state: disabled\n");
        }
    }

    private void Write(OutputFormatter formatter)
    {
        formatter.OpenObject("image");
        formatter.Dump("name", _shownName);
        formatter.Dump("id", _image.Id);
        formatter.Dump("size", _image.Size);
        formatter.Dump("objects", _image.ObjectCount);
        formatter.Dump("order", (long)_image.Layout.Order);
        formatter.Dump("object_size", _image.Layout.ObjectSize);
        formatter.Dump("snapshot_count", (long)_image.Snapshots.Count);
        if (_dataPool is not null)
        {
            formatter.Dump("data_pool", _dataPool);
        }

        formatter.Dump("block_name_prefix", _image.ObjectPrefix);
        formatter.Dump("format", 2L);
        formatter.DumpArray("features", "feature", RbdFeatureNames.Of(_image.Features));
        formatter.DumpArray("op_features", "op_feature", OperationFeatures(_image.OperationFeatures));
        formatter.DumpArray("flags", "flag", Flags(_image.Flags));
        formatter.Dump("create_timestamp", CephDate.Format(_image.CreatedAt, _time));
        formatter.Dump("access_timestamp", CephDate.Format(_image.AccessedAt, _time));
        formatter.Dump("modify_timestamp", CephDate.Format(_image.ModifiedAt, _time));
        if (_snapshot is not null)
        {
            formatter.Dump("protected", _snapshot.Protection == ProtectionStatus.Protected ? "true" : "false");
        }

        if (_snapshotLimit != ulong.MaxValue)
        {
            formatter.Dump("snapshot_limit", _snapshotLimit);
        }

        WriteParent(formatter);
        if (_image.Features.HasFlag(RbdFeatures.StripingV2))
        {
            formatter.Dump("stripe_unit", _image.Layout.StripeUnit);
            formatter.Dump("stripe_count", _image.Layout.StripeCount);
        }

        if (_image.Features.HasFlag(RbdFeatures.Journaling))
        {
            formatter.Dump("journal", _image.Id);
        }

        if (_mirror is not null && _snapshot is null)
        {
            formatter.OpenObject("mirroring");
            formatter.Dump("mode", MirrorStatusText.Of(_mirror.Mode));
            formatter.Dump("state", MirrorStatusText.Of(_mirror.State));
            formatter.Dump("global_id", _mirror.GlobalImageId);
            formatter.Dump("primary", _isPrimary);
            formatter.Close();
        }
        else if (_snapshot is null && _image.Features.HasFlag(RbdFeatures.Journaling))
        {
            formatter.OpenObject("mirroring");
            formatter.Dump("mode", "journal");
            formatter.Dump("state", "disabled");
            formatter.Close();
        }

        formatter.Close();
    }

    private void WriteParent(OutputFormatter formatter)
    {
        if (_parent is null)
        {
            return;
        }

        RbdImageSpec spec = RbdSpecs.Extract(default, _parent.Split(' ')[0], SpecValidation.None);
        formatter.OpenObject("parent");
        formatter.Dump("pool", spec.Pool);
        formatter.Dump("pool_namespace", spec.Namespace ?? "");
        formatter.Dump("image", spec.Image);
        formatter.Dump("id", _image.Parent!.ImageId);
        formatter.Dump("snapshot", spec.Snapshot);
        formatter.Dump("trash", false);
        formatter.Dump("overlap", _image.ParentOverlap);
        formatter.Close();
    }

    private static IReadOnlyList<string> OperationFeatures(RbdOperationFeatures features)
    {
        (RbdOperationFeatures Feature, string Name)[] known =
        [
            (RbdOperationFeatures.CloneParent, "clone-parent"), (RbdOperationFeatures.CloneChild, "clone-child"),
            (RbdOperationFeatures.Group, "group"), (RbdOperationFeatures.SnapshotTrash, "snap-trash"),
        ];
        return [.. known.Where(one => features.HasFlag(one.Feature)).Select(one => one.Name)];
    }

    private static IReadOnlyList<string> Flags(RbdFlags flags) =>
    [
        .. flags.HasFlag(RbdFlags.ObjectMapInvalid) ? (string[])["object map invalid"] : [],
        .. flags.HasFlag(RbdFlags.FastDiffInvalid) ? (string[])["fast diff invalid"] : [],
    ];
}
