using System.Text.RegularExpressions;
using Nacre.Mirroring;
using Nacre.Mirroring.Schedules;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Site.Scheduling;

/// <summary>Finds what a name of a schedule's level means, with the errors of Ceph's manager.</summary>
internal static partial class ScheduleLevels
{
    /// <summary>Finds it. EINVAL with what is wrong.</summary>
    /// <param name="cluster">The site.</param>
    /// <param name="isRbdPool">Whether a pool is for images.</param>
    /// <param name="name">"", "pool/", "pool/namespace/", "pool/image" or "pool/namespace/image".</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<ScheduleLevel> FindAsync(ICluster cluster, Func<long, bool> isRbdPool, string name, CancellationToken cancellationToken)
    {
        Match match = Name().Match(name);
        if (!match.Success)
        {
            throw Invalid(name, $"failed to parse {name}");
        }

        if (!match.Groups["pool"].Success)
        {
            return ScheduleLevel.Global;
        }

        string poolName = match.Groups["pool"].Value;
        long[] found = [.. (await cluster.ListPoolsAsync(cancellationToken)).Where(candidate => candidate.Name == poolName).Select(candidate => candidate.Id)];
        if (found.Length == 0 || !isRbdPool(found[0]))
        {
            throw Invalid(name, found.Length == 0 ? $"pool {poolName} does not exist" : $"{poolName} is not an RBD pool");
        }

        long poolId = found[0];

        string inNamespace = match.Groups["namespace"].Value;
        string image = match.Groups["image"].Value;
        if (!match.Groups["namespace"].Success && image.Length == 0)
        {
            return new ScheduleLevel(poolId, null, null, ScheduleLevel.NameOf(poolName, null, null));
        }

        IPool pool = await cluster.OpenPoolAsync(poolId, cancellationToken);
        if (inNamespace.Length > 0)
        {
            await RequireNamespaceAsync(pool, inNamespace, name, cancellationToken);
        }

        string? imageId = image.Length == 0 ? null : await FindImageAsync(pool.WithNamespace(inNamespace), image, name, cancellationToken);
        return new ScheduleLevel(poolId, inNamespace, imageId, ScheduleLevel.NameOf(poolName, inNamespace, imageId is null ? null : image));
    }

    private static async Task RequireNamespaceAsync(IPool pool, string inNamespace, string name, CancellationToken cancellationToken)
    {
        if (!(await new RbdImages(pool).ListNamespacesAsync(cancellationToken)).Contains(inNamespace))
        {
            throw Invalid(name, $"namespace {inNamespace} does not exist");
        }

        if (await new MirrorPool(pool.WithNamespace(inNamespace)).GetModeAsync(cancellationToken) != MirrorMode.Image)
        {
            throw Invalid(name, $"namespace {inNamespace} is not in mirror image mode");
        }
    }

    private static async Task<string> FindImageAsync(IPool pool, string image, string name, CancellationToken cancellationToken)
    {
        string id = await new RbdImages(pool).FindIdAsync(image, cancellationToken) ?? throw Invalid(name, $"image {image} does not exist");
        return await new MirrorPool(pool).FindImageAsync(id, cancellationToken) is { Mode: MirrorImageMode.Snapshot }
            ? id
            : throw Invalid(name, $"image {image} is not in snapshot mirror mode");
    }

    private static RadosException Invalid(string name, string what) => new(Errno.EINVAL, $"Invalid level spec {name}: {what}");

    [GeneratedRegex("^(?:(?<pool>[^/]+)/(?:(?:(?<namespace>[^/]*)/|)(?<image>[^/@]+)?)?)?$")]
    private static partial Regex Name();
}
