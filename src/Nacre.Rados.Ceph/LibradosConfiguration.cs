using System.Globalization;
using Nacre.Rados.Ceph.Native;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;

namespace Nacre.Rados.Ceph;

/// <summary>Makes a librados client that is configured but not connected.</summary>
internal static class LibradosConfiguration
{
    /// <summary>librados gives up this much later than we do, so that its answer never races with our deadline.</summary>
    private const int SecondsBehindDeadline = 5;

    /// <summary>
    /// A client handle with the conf file, then the configuration's options, monitors and key, then what this engine needs. The environment
    /// (CEPH_ARGS) is not read.
    /// </summary>
    public static nint Create(ClusterConfiguration configuration, ClusterOptions options, bool boundCommands)
    {
        int code = Librados.Create(out nint cluster, configuration.ClusterName, configuration.Name.ToString(), 0);
        if (code < 0)
        {
            throw new RadosException(code, $"making a client of cluster '{configuration.ClusterName}' as {configuration.Name}");
        }

        try
        {
            Apply(cluster, configuration, options, boundCommands);
            return cluster;
        }
        catch
        {
            Librados.Shutdown(cluster);
            throw;
        }
    }

    /// <summary>An option's value; null where librados does not know it.</summary>
    public static unsafe string? Get(nint cluster, string name)
    {
        const int ENAMETOOLONG = 36;
        for (int size = 256; size <= 1 << 20; size *= 4)
        {
            byte[] buffer = new byte[size];
            fixed (byte* start = buffer)
            {
                int code = Librados.ConfGet(cluster, name, start, (nuint)size);
                if (code >= 0)
                {
                    return System.Text.Encoding.UTF8.GetString(buffer, 0, Array.IndexOf(buffer, (byte)0));
                }

                if (code != -ENAMETOOLONG)
                {
                    return null;
                }
            }
        }

        return null;
    }

    /// <summary>What to tell of a failed connect.</summary>
    public static RadosException ConnectError(int code, ClusterConfiguration configuration, ClusterOptions options)
    {
        string what = $"connecting to cluster '{configuration.ClusterName}' ({configuration.MonitorHost}) as {configuration.Name}";
        return -code switch
        {
            Errno.ETIMEDOUT => new RadosException(
                Errno.ETIMEDOUT, $"{what}: no monitor answered within {options.ConnectTimeout.TotalSeconds:0.#} s; is the site up, and 'mon host' right?"),
            Errno.EACCES or Errno.EPERM => new RadosException(
                Errno.EACCES,
                $"{what}: the cluster refused the key{(configuration.KeyringPath is { } path ? $" in {path}" : "")}; "
                + $"compare 'ceph auth get {configuration.Name}' there"),
            Errno.ENOENT => new RadosException(
                Errno.ENOENT, $"{what}: {(configuration.Key is null ? "no key was found: put its keyring beside the conf file" : "not found")}"),
            _ => new RadosException(code, what),
        };
    }

    private static void Apply(nint cluster, ClusterConfiguration configuration, ClusterOptions options, bool boundCommands)
    {
        if (configuration.FilePath is { } path)
        {
            int code = Librados.ConfReadFile(cluster, path);
            if (code < 0)
            {
                throw new RadosException(code, $"reading conf file {path}");
            }
        }

        foreach ((string name, string value) in configuration.Options)
        {
            int code = Librados.ConfSet(cluster, name, value);
            if (code is < 0 and not -Errno.ENOENT and not -Errno.ENOSYS)
            {
                // ENOENT: an option of ours or of another Ceph. ENOSYS: one that only counts at start.
                // Not its value, which may be a key.
                throw new RadosException(code, $"option '{name}' of cluster '{configuration.ClusterName}' has a value that librados does not take");
            }
        }

        Set(cluster, "mon_host", configuration.MonitorHost);
        if (configuration.Key is { } key)
        {
            Set(cluster, "keyring", "");
            Set(cluster, "key", key);
        }

        // librados is a guest here: standard error and the admin socket's path belong to the program.
        Set(cluster, "log_to_stderr", "false");
        Set(cluster, "err_to_stderr", "false");
        Set(cluster, "mon_cluster_log_to_stderr", "false");
        Set(cluster, "admin_socket", "");
        Set(cluster, "pid_file", "");

        // Submitting must never block a caller's thread: callers bound what they have in flight.
        Set(cluster, "objecter_inflight_ops", "0");
        Set(cluster, "objecter_inflight_op_bytes", "0");

        Set(cluster, "client_mount_timeout", Seconds(options.ConnectTimeout, 0));
        Set(cluster, "rados_osd_op_timeout", Seconds(options.OperationTimeout, SecondsBehindDeadline));
        Set(cluster, "rados_mon_op_timeout", boundCommands ? Seconds(options.OperationTimeout, SecondsBehindDeadline) : "0");
    }

    private static void Set(nint cluster, string name, string value)
    {
        int code = Librados.ConfSet(cluster, name, value);
        if (code is < 0 and not -Errno.ENOENT)
        {
            throw new RadosException(code, $"setting option {name} of librados");
        }
    }

    private static string Seconds(TimeSpan time, int more) => time == Timeout.InfiniteTimeSpan
        ? "0"
        : Math.Max(1, Math.Ceiling(time.TotalSeconds) + more).ToString(CultureInfo.InvariantCulture);
}
