using Nacre.Rados.Clusters;

namespace Nacre.Mirroring;

/// <summary>A cluster's name as a site, which peers are told: config-key <c>rbd/mirror/site_name</c>, else its fsid.</summary>
public static class MirrorSite
{
    private const string SiteNameKey = "rbd/mirror/site_name";

    /// <summary>The name. EOPNOTSUPP where the monitors keep no config-keys.</summary>
    public static async Task<string> GetNameAsync(ICluster cluster, CancellationToken cancellationToken = default)
    {
        string? name = await ConfigKeys.GetAsync(cluster, SiteNameKey, cancellationToken);
        return string.IsNullOrEmpty(name) ? cluster.Fsid : name;
    }

    /// <summary>Sets the name; an empty one goes back to the fsid.</summary>
    public static Task SetNameAsync(ICluster cluster, string name, CancellationToken cancellationToken = default) =>
        ConfigKeys.SetAsync(cluster, SiteNameKey, name, cancellationToken);
}
