using System.Xml.Linq;

namespace Nacre.Architecture.Tests;

/// <summary>Dependencies point downwards in ARCHITECTURE.md's table, and engines know neither images nor each other.</summary>
public class LayeringTests
{
    private static readonly Dictionary<string, string[]> _allowed = new()
    {
        ["Nacre.Rados"] = [],
        ["Nacre.Rados.Ceph"] = ["Nacre.Rados"],
        ["Nacre.Rados.Embedded"] = ["Nacre.Rados"],
        ["Nacre.Rados.Remote"] = ["Nacre.Rados"],
        ["Nacre.ObjectClasses"] = ["Nacre.Rados"],
        ["Nacre.Journal"] = ["Nacre.Rados", "Nacre.ObjectClasses"],
        ["Nacre.Rbd"] = ["Nacre.Rados", "Nacre.ObjectClasses", "Nacre.Journal"],
        ["Nacre.Mirroring"] = ["Nacre.Rados", "Nacre.ObjectClasses", "Nacre.Journal", "Nacre.Rbd"],
        ["Nacre.Mirroring.Daemon"] = ["Nacre.Rados", "Nacre.ObjectClasses", "Nacre.Journal", "Nacre.Rbd", "Nacre.Mirroring"],
        ["Nacre.Site"] = ["Nacre.Rados", "Nacre.Rados.Embedded", "Nacre.Rados.Remote", "Nacre.ObjectClasses", "Nacre.Rbd", "Nacre.Mirroring"],
        ["Nacre.Cli"] =
        [
            "Nacre.Rados", "Nacre.Rados.Ceph", "Nacre.Rados.Remote", "Nacre.ObjectClasses", "Nacre.Journal", "Nacre.Rbd", "Nacre.Mirroring",
            "Nacre.Mirroring.Daemon",
        ],
    };

    [Fact]
    public void Every_project_refers_only_to_rooms_below_it()
    {
        var violations = new List<string>();
        foreach (string project in Directory.EnumerateFiles(Path.Combine(Repository.Root, "src"), "*.csproj", SearchOption.AllDirectories))
        {
            string name = Path.GetFileNameWithoutExtension(project);
            if (!_allowed.TryGetValue(name, out string[]? allowed))
            {
                violations.Add($"{name} is not in the table");
                continue;
            }

            violations.AddRange(
                from reference in XDocument.Load(project).Descendants("ProjectReference")
                let target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'))
                where !allowed.Contains(target)
                select $"{name} -> {target}");
        }

        Assert.Empty(violations);
    }
}
