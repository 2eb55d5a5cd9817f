using System.Globalization;
using System.Reflection;
using Nacre.Rados.Clusters;

namespace Nacre.Mirroring.Daemon.Hosting;

/// <summary>What the daemon tells of itself at registration; keys as <c>ceph service dump</c> shows them of Ceph's own.</summary>
internal static class ServiceMetadata
{
    /// <summary>Metadata of this process as a client of that cluster.</summary>
    public static IReadOnlyDictionary<string, string> Of(ICluster cluster)
    {
        string version = typeof(ServiceMetadata).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";
        return new Dictionary<string, string>
        {
            ["id"] = cluster.Name.Id,
            ["instance_id"] = cluster.InstanceId.ToString(CultureInfo.InvariantCulture),
            ["hostname"] = Environment.MachineName,
            ["ceph_version"] = $"nacre version {version}",
            ["ceph_version_short"] = version,
            ["os"] = "Linux",
            ["arch"] = System.Runtime.InteropServices.RuntimeInformation.ProcessArchitecture.ToString().ToLowerInvariant(),
            ["pid"] = Environment.ProcessId.ToString(CultureInfo.InvariantCulture),
        };
    }
}
