using System.Reflection;

namespace Nacre.Cli.Applications;

/// <summary>What <c>--version</c> says.</summary>
internal static class ProductVersion
{
    /// <summary>Version of Nacre.</summary>
    public static string Number { get; } =
        typeof(ProductVersion).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0] ?? "0";

    /// <summary>One line.</summary>
    public static string Text(string tool) => $"{tool}: Nacre {Number}, compatible with Ceph 16.2 (pacific)";
}
