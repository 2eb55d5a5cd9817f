using System.Globalization;

namespace Nacre.Cli.Tests;

/// <content>Schedules of mirror snapshots, which Ceph's manager keeps: each command by Ceph's rbd and by ours.</content>
public sealed partial class BesideCephTests
{
    [Fact]
    public async Task Schedules_are_set_and_shown_equally()
    {
        string pool = await PoolAsync();
        await _cluster.RbdAsync("namespace", "create", $"{pool}/ns");
        await _cluster.RbdAsync("mirror", "pool", "enable", pool, "image");
        await _cluster.RbdAsync("mirror", "pool", "enable", $"{pool}/ns", "image");
        await _cluster.RbdAsync("create", "--size", "16M", $"{pool}/mirrored");
        await _cluster.RbdAsync("create", "--size", "16M", $"{pool}/other");
        await _cluster.RbdAsync("mirror", "image", "enable", $"{pool}/mirrored", "snapshot");
        foreach (string command in (string[])
        [
            "ls", "ls -R", "ls -R --format json", "add -p {0}", "add -p {0} 5x", "add -p {0} 1h 25:00x", "add -p none 1h", "add -p {0} --image none 1h",
            "add -p {0} --image other 1h", "add -p {0} --namespace none 1h", "add -p {0} 1h 14:00 extra", "add -p {0} 1h", "add -p {0} 1h",
            "add -p {0} 5m 14:00:00-05:00", "add -p {0} --image mirrored 2d", "add --image {0}/mirrored 90", "add -p {0} --namespace ns 25h 07:30",
            "add -p {0}/ns 3h 2026-01-01T14:00:00+02:00", "ls -p {0}", "ls -p {0} --format json", "ls -p {0} --format xml --pretty-format", "ls -p {0} -R",
            "ls -R -p {0} --format json", "ls -R -p {0} --format xml", "ls -p {0} --image mirrored", "ls -p {0} --image mirrored -R", "ls -p {0}/ns", "ls -p {0}/ns -R",
            "ls -p none", "status -p {0} --format json --pretty-format", "rm -p {0} 7h", "rm -p {0} 1h", "ls -p {0}", "rm -p {0} --image mirrored",
            "ls -p {0} --image mirrored", "ls -p {0} -R", "remove -p {0}/ns", "remove -p {0}", "ls -p {0} -R --format json", "rm -p {0} 1h",
        ])
        {
            await SameAsync("mirror snapshot schedule " + string.Format(CultureInfo.InvariantCulture, command, pool));
        }
    }
}
