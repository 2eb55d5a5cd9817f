using System.Globalization;
using System.Security.Cryptography;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd;

/// <content>Creating images (librbd::image::CreateRequest).</content>
public sealed partial class RbdImages
{
    // RBD_MAX_IMAGE_ID_LENGTH and RBD_MAX_BLOCK_NAME_PREFIX_LENGTH.
    private const int MaximumIdLength = 14;
    private const int MaximumPrefixLength = 43;

    // For how long a creation by somebody else may be half way, before it is taken for dead.
    private static readonly TimeSpan _creationPatience = TimeSpan.FromSeconds(2);

    /// <summary>An id for a new image, as librbd makes them: this client's global id and 32 random bits, in hexadecimal.</summary>
    public string GenerateId()
    {
        string id = string.Create(
            CultureInfo.InvariantCulture, $"{_pool.Cluster.InstanceId:x}{BitConverter.ToUInt32(RandomNumberGenerator.GetBytes(4)):x}");
        return id.Length > MaximumIdLength ? id[^MaximumIdLength..] : id;
    }

    private async Task<string> CreateImageAsync(string name, ulong size, ImageCreateOptions options, CancellationToken cancellationToken)
    {
        CheckName(name);
        NewImage image = Plan(name, size, options);
        IPool dataPool = _pool;
        if (image.DataPool is { } dataPoolName)
        {
            dataPool = await _pool.Cluster.OpenPoolAsync(dataPoolName, cancellationToken);
        }

        string prefix = RbdObjects.DataPrefix
            + (image.DataPool is null ? "" : string.Create(CultureInfo.InvariantCulture, $"{_pool.Id}.")) + image.Id;
        if (prefix.Length > MaximumPrefixLength)
        {
            throw Refused(Errno.EINVAL, name, $"id '{image.Id}' is too long");
        }

        if (GetOption("rbd_validate_pool") is not ("false" or "0"))
        {
            await ValidatePoolAsync(dataPool.WithNamespace(""), cancellationToken);
        }

        await AddToDirectoryAsync(name, image.Id, cancellationToken);
        var made = new Stack<string>();
        try
        {
            await CreateObjectsAsync(name, image, prefix, image.DataPool is null ? -1 : dataPool.Id, options.Journal, made, cancellationToken);
            if (image.Features.HasFlag(RbdFeatures.Journaling) && options.Journal.Owner == JournalTagData.Local)
            {
                await JournalMirroring.OnJournalingEnabledAsync(_pool, image.Id, cancellationToken);
            }
        }
        catch (RadosException)
        {
            // Undone in the reverse order; what cannot be undone is what a killed creation leaves, which the next one clears.
            await UndoAsync(name, image.Id, made);
            throw;
        }

        return image.Id;
    }

    private sealed record NewImage(string Id, ulong Size, int Order, RbdFeatures Features, ulong StripeUnit, ulong StripeCount, string? DataPool)
    {
        public ImageLayout Layout => new(Order, StripeUnit, StripeCount);
    }

    private NewImage Plan(string name, ulong size, ImageCreateOptions options)
    {
        RbdFeatures features = options.Features ?? DefaultFeatures();
        if ((features & ~RbdFeatures.All) != 0)
        {
            throw Refused(Errno.ENOSYS, name, "unknown features");
        }

        if (features.HasFlag(RbdFeatures.Operations))
        {
            throw Refused(Errno.EINVAL, name, "operations is set by the library alone");
        }

        features |= features.HasFlag(RbdFeatures.ObjectMap) ? RbdFeatures.FastDiff : RbdFeatures.None;
        if (features.HasFlag(RbdFeatures.FastDiff) && !features.HasFlag(RbdFeatures.ObjectMap))
        {
            throw Refused(Errno.EINVAL, name, "fast-diff needs object-map");
        }

        if (features.HasFlag(RbdFeatures.ObjectMap) && !features.HasFlag(RbdFeatures.ExclusiveLock))
        {
            throw Refused(Errno.EINVAL, name, "object-map needs exclusive-lock");
        }

        if (features.HasFlag(RbdFeatures.Journaling) && !features.HasFlag(RbdFeatures.ExclusiveLock))
        {
            throw Refused(Errno.EINVAL, name, "journaling needs exclusive-lock");
        }

        int order = options.Order is null or 0 ? (int)GetUInt64Option("rbd_default_order", 22) : options.Order.Value;
        if (order is < 12 or > 25)
        {
            throw Refused(Errno.EDOM, name, $"object size 2^{order} is not between 2^12 and 2^25");
        }

        ulong unit = options.StripeUnit is null or 0 ? GetUInt64Option("rbd_default_stripe_unit", 0) : options.StripeUnit.Value;
        ulong stripes = options.StripeCount is null or 0 ? GetUInt64Option("rbd_default_stripe_count", 0) : options.StripeCount.Value;
        if ((unit == 0) != (stripes == 0) || (unit > 0 && (unit > 1UL << order || (1UL << order) % unit != 0)))
        {
            throw Refused(Errno.EINVAL, name, $"stripe unit {unit} and count {stripes} do not fit objects of {1UL << order} bytes");
        }

        bool fancy = (unit != 0 && unit != 1UL << order) || stripes > 1;
        features = fancy ? features | RbdFeatures.StripingV2 : features & ~RbdFeatures.StripingV2;
        string? dataPool = options.DataPool ?? GetOption("rbd_default_data_pool");
        dataPool = string.IsNullOrEmpty(dataPool) || dataPool == _pool.Name ? null : dataPool;
        features = dataPool is null ? features & ~RbdFeatures.DataPool : features | RbdFeatures.DataPool;
        var image = new NewImage(options.Id ?? GenerateId(), size, order, features, fancy ? unit : 0, fancy ? stripes : 0, dataPool);
        if (features.HasFlag(RbdFeatures.ObjectMap) && image.Layout.ObjectCount(size) > ObjectMap.MaximumCount)
        {
            throw Refused(Errno.EINVAL, name, "too many objects for an object map");
        }

        return image;
    }

    private async Task CreateObjectsAsync(
        string name, NewImage image, string prefix, long dataPoolId, JournalLayout journal, Stack<string> made, CancellationToken cancellationToken)
    {
        await _pool.ExecuteAsync(
            RbdObjects.ImageId(name), new WriteOperation().Create(true).Call(RbdCalls.SetId(image.Id)), "naming an image", null, cancellationToken);
        made.Push(RbdObjects.ImageId(name));
        if (image.Features.HasFlag(RbdFeatures.Journaling))
        {
            // Before the header, so that there is no image with the feature but without a journal, killed wherever it may be. Not over another's.
            if (await _pool.StatAsync(RbdObjects.Header(image.Id), cancellationToken: cancellationToken) is not null)
            {
                throw Refused(Errno.EBADF, name, $"id '{image.Id}' is in use");
            }

            await JournalObjects.CreateAsync(_pool, image.Id, journal, GetOption, cancellationToken);
            made.Push(Journal.ImageJournal.HeaderOf(image.Id));
        }

        WriteOperation header = new WriteOperation().Create(true)
            .Call(RbdCalls.Create(image.Size, (byte)image.Order, image.Features, prefix, dataPoolId));
        using (OperationResult created = await _pool.OperateAsync(RbdObjects.Header(image.Id), header, null, cancellationToken))
        {
            if (created.ReturnCode == -Errno.EEXIST)
            {
                throw Refused(Errno.EBADF, name, $"id '{image.Id}' is in use");
            }

            RadosException.ThrowIfFailed(created.ReturnCode, "creating the header", _pool.Name, RbdObjects.Header(image.Id));
        }

        made.Push(RbdObjects.Header(image.Id));

        if (image.StripeUnit != 0)
        {
            await _pool.CallAsync(
                RbdObjects.Header(image.Id), RbdCalls.SetStripeUnitCount(image.StripeUnit, image.StripeCount), cancellationToken);
        }

        if (image.Features.HasFlag(RbdFeatures.ObjectMap))
        {
            made.Push(RbdObjects.ObjectMap(image.Id));
            await _pool.CallAsync(
                RbdObjects.ObjectMap(image.Id),
                RbdCalls.ResizeObjectMap(image.Layout.ObjectCount(image.Size), ObjectMapState.Nonexistent), cancellationToken);
        }
    }

    private async Task AddToDirectoryAsync(string name, string id, CancellationToken cancellationToken)
    {
        for (int attempt = 0; ; attempt++)
        {
            var operation = new WriteOperation();
            if (_pool.Namespace.Length > 0)
            {
                operation.Call(RbdCalls.AssertDirectoryState(DirectoryState.Ready));
            }

            using OperationResult result = await _pool.OperateAsync(
                RbdObjects.Directory, operation.Call(RbdCalls.AddToDirectory(name, id)), null, cancellationToken);
            if (result.ReturnCode == -Errno.EEXIST && attempt == 0 && await ClearDeadCreationAsync(name, cancellationToken))
            {
                continue;
            }

            if (result.ReturnCode == -Errno.ENOENT && _pool.Namespace.Length > 0)
            {
                throw new RadosException(Errno.ENOENT, $"namespace {_pool.Name}/{_pool.Namespace}");
            }

            if (result.ReturnCode < 0)
            {
                throw new RadosException(result.ReturnCode, $"creating image {_pool.Name}/{name}");
            }

            return;
        }
    }

    // A creation that was killed before it made the header has left the name taken by nothing.
    private async Task<bool> ClearDeadCreationAsync(string name, CancellationToken cancellationToken)
    {
        string? first = await DeadCreationAsync(name, cancellationToken);
        if (first is null)
        {
            return false;
        }

        await Task.Delay(_creationPatience, _time, cancellationToken);
        if (await DeadCreationAsync(name, cancellationToken) != first)
        {
            return false;
        }

        await RemoveIdObjectAsync(name, first, cancellationToken);
        await JournalObjects.RemoveAsync(_pool, first, cancellationToken);
        await _pool.CallForCodeAsync(RbdObjects.Directory, RbdCalls.RemoveFromDirectory(name, first), cancellationToken);
        return true;
    }

    // The id that the name stands for, if there is no such image.
    private async Task<string?> DeadCreationAsync(string name, CancellationToken cancellationToken)
    {
        string? id = await _pool.TryCallAsync(RbdObjects.Directory, RbdCalls.GetDirectoryId(name), cancellationToken);
        return id is not null && await _pool.StatAsync(RbdObjects.Header(id), cancellationToken: cancellationToken) is null ? id : null;
    }

    private async Task UndoAsync(string name, string id, Stack<string> made)
    {
        try
        {
            foreach (string objectName in made)
            {
                await _pool.RemoveAsync(objectName);
            }

            await _pool.CallForCodeAsync(RbdObjects.Directory, RbdCalls.RemoveFromDirectory(name, id));
        }
        catch (RadosException)
        {
            // The first failure is the one to tell.
        }
    }

    private async Task RemoveIdObjectAsync(string name, string id, CancellationToken cancellationToken)
    {
        if (await ReadIdAsync(name, cancellationToken) == id)
        {
            await _pool.RemoveAsync(RbdObjects.ImageId(name), null, cancellationToken);
        }
    }

    private RbdFeatures DefaultFeatures()
    {
        string? text = GetOption("rbd_default_features");
        if (string.IsNullOrWhiteSpace(text))
        {
            return RbdFeatures.Default;
        }

        if (ulong.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out ulong bits))
        {
            return (RbdFeatures)bits;
        }

        var features = RbdFeatures.None;
        foreach (string name in text.Split([',', ' '], StringSplitOptions.RemoveEmptyEntries))
        {
            features |= RbdFeatureNames.Parse(name) ?? RbdFeatures.None;
        }

        return features;
    }

    private void CheckName(string name)
    {
        if (string.IsNullOrEmpty(name) || name.AsSpan().IndexOfAny('/', '@') >= 0)
        {
            throw Refused(Errno.EINVAL, name, "a name is not empty and has neither / nor @");
        }
    }

    private string? GetOption(string name) => _pool.Cluster.GetOption(name);

    private ulong GetUInt64Option(string name, ulong fallback) =>
        ulong.TryParse(GetOption(name), NumberStyles.None, CultureInfo.InvariantCulture, out ulong value) ? value : fallback;

    private RadosException Refused(int errno, string name, string why) => new(errno, $"creating image {_pool.Name}/{name} ({why})");
}
