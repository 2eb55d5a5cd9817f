namespace Nacre.Rados.Configuration;

/// <summary>What the command line, or a stored peer, says instead of the conf file.</summary>
public sealed record ConfigurationOverrides
{
    /// <summary><c>-c</c>: the conf file; null searches for it.</summary>
    public string? ConfPath { get; init; }

    /// <summary><c>-m</c>: monitors. With it (and a key) no conf file is needed.</summary>
    public string? MonitorHost { get; init; }

    /// <summary><c>-k</c>: the keyring.</summary>
    public string? KeyringPath { get; init; }

    /// <summary><c>--keyfile</c>: a file that holds just the secret.</summary>
    public string? KeyFile { get; init; }

    /// <summary><c>--key</c> or a stored peer's: the secret itself.</summary>
    public string? Key { get; init; }

    /// <summary>True for a peer: the environment (<c>CEPH_CONF</c>, <c>CEPH_KEYRING</c>) is this cluster's, so it must not lead to the peer's.</summary>
    public bool IgnoreEnvironment { get; init; }

    /// <summary>Other options, by normalised name.</summary>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();
}

/// <summary>Finds a cluster's conf file and key as Ceph's tools do.</summary>
public sealed class ClusterConfigurationLoader
{
    private readonly string _home;
    private readonly string _workingDirectory;
    private readonly Func<string, string?> _environment;

    /// <summary>With this process's environment.</summary>
    public ClusterConfigurationLoader()
        : this(Environment.GetFolderPath(Environment.SpecialFolder.UserProfile), Environment.CurrentDirectory, Environment.GetEnvironmentVariable)
    {
    }

    /// <param name="home">Home directory.</param>
    /// <param name="workingDirectory">Where <c>./NAME.conf</c> is looked for.</param>
    /// <param name="environment">Reads an environment variable.</param>
    public ClusterConfigurationLoader(string home, string workingDirectory, Func<string, string?> environment)
    {
        _home = home;
        _workingDirectory = workingDirectory;
        _environment = environment;
    }

    /// <summary>Loads what it takes to connect to a cluster as an entity.</summary>
    /// <exception cref="RadosException">ENOENT with the paths that were searched, EINVAL for a damaged file, EACCES for an unreadable one.</exception>
    public async Task<ClusterConfiguration> LoadAsync(
        string clusterName, EntityName name, ConfigurationOverrides? overrides = null, CancellationToken cancellationToken = default)
    {
        overrides ??= new ConfigurationOverrides();
        string? path = FindConf(clusterName, overrides, out IReadOnlyList<string> searched);
        Dictionary<string, string> options = path is null
            ? new Dictionary<string, string>(StringComparer.Ordinal)
            : CephConf.Parse(await ReadTextAsync(path, "conf file", cancellationToken), path).OptionsFor(name);
        foreach ((string option, string value) in overrides.Options)
        {
            options[CephConf.NormalizeName(option)] = value;
        }

        foreach (string option in options.Keys.ToArray())
        {
            options[option] = CephConf.Expand(options[option], clusterName, name, options);
        }

        string? monitorHost = overrides.MonitorHost ?? options.GetValueOrDefault("mon_host");
        if (monitorHost is null)
        {
            throw new RadosException(Errno.ENOENT, path is null
                ? $"no conf file of cluster '{clusterName}' (searched {string.Join(", ", searched)}): copy the site's conf file to one of these places"
                : $"{path} has no 'mon host'");
        }

        (string? key, string? keyringPath) = await FindKeyAsync(clusterName, name, path, options, overrides, cancellationToken);
        return new ClusterConfiguration
        {
            ClusterName = clusterName,
            Name = name,
            FilePath = path,
            MonitorHost = monitorHost,
            Key = key,
            KeyringPath = keyringPath,
            Options = options,
        };
    }

    private string? FindConf(string clusterName, ConfigurationOverrides overrides, out IReadOnlyList<string> searched)
    {
        string? explicitPath = overrides.ConfPath ?? (overrides.IgnoreEnvironment ? null : _environment("CEPH_CONF"));
        if (explicitPath is not null)
        {
            searched = [explicitPath];
            return File.Exists(explicitPath)
                ? explicitPath
                : throw new RadosException(Errno.ENOENT, $"conf file {explicitPath} is not there");
        }

        searched =
        [
            $"/etc/ceph/{clusterName}.conf",
            Path.Combine(_home, ".ceph", $"{clusterName}.conf"),
            Path.Combine(_workingDirectory, $"{clusterName}.conf"),
        ];
        return searched.FirstOrDefault(File.Exists);
    }

    private async Task<(string? Key, string? KeyringPath)> FindKeyAsync(
        string clusterName, EntityName name, string? confPath, Dictionary<string, string> options, ConfigurationOverrides overrides,
        CancellationToken cancellationToken)
    {
        if (overrides.Key is { } given)
        {
            return (given, null);
        }

        string? keyFile = overrides.KeyFile ?? (overrides.KeyringPath is null ? options.GetValueOrDefault("keyfile") : null);
        if (keyFile is not null)
        {
            string text = (await ReadTextAsync(keyFile, "key file", cancellationToken)).Trim();
            return CephSecret.IsValid(text) ? (text, keyFile) : throw new RadosException(Errno.EINVAL, $"{keyFile} holds no CephX secret");
        }

        string? explicitKeyring = overrides.KeyringPath ?? (overrides.IgnoreEnvironment ? null : _environment("CEPH_KEYRING"));
        if (explicitKeyring is null && options.TryGetValue("key", out string? key))
        {
            return (key, confPath);
        }

        foreach (string candidate in KeyringCandidates(explicitKeyring, clusterName, name, confPath, options))
        {
            if (File.Exists(candidate))
            {
                KeyringEntry? entry = Keyring.Parse(await ReadTextAsync(candidate, "keyring", cancellationToken), candidate).Find(name);
                if (entry is not null)
                {
                    return (entry.Key, candidate);
                }
            }
        }

        return (null, explicitKeyring);
    }

    private IEnumerable<string> KeyringCandidates(
        string? explicitKeyring, string clusterName, EntityName name, string? confPath, Dictionary<string, string> options)
    {
        const string SystemDefault =
            "/etc/ceph/$cluster.$name.keyring,/etc/ceph/$cluster.keyring,/etc/ceph/keyring,/etc/ceph/keyring.bin";
        string list = explicitKeyring ?? options.GetValueOrDefault("keyring") ?? SystemDefault;
        foreach (string part in list.Split([',', ';', ' '], StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries))
        {
            string expanded = CephConf.Expand(part, clusterName, name, options);
            yield return Path.IsPathRooted(expanded) ? expanded : Path.Combine(_workingDirectory, expanded);
        }

        if (explicitKeyring is not null)
        {
            yield break;
        }

        // Beside the conf file, which may be a symlink (on Proxmox VE /etc/ceph/NAME.conf points into /etc/pve), and where conf files are searched.
        string file = $"{clusterName}.{name}.keyring";
        if (confPath is not null)
        {
            string directory = Path.GetDirectoryName(Path.GetFullPath(confPath))!;
            yield return Path.Combine(directory, file);
            if (File.ResolveLinkTarget(confPath, returnFinalTarget: true) is { } target)
            {
                string targetDirectory = Path.GetDirectoryName(target.FullName)!;
                yield return Path.Combine(targetDirectory, file);
                yield return Path.Combine(targetDirectory, "priv", file);
            }
        }

        yield return Path.Combine(_home, ".ceph", file);
        yield return Path.Combine(_workingDirectory, file);
    }

    private static async Task<string> ReadTextAsync(string path, string what, CancellationToken cancellationToken)
    {
        try
        {
            return await File.ReadAllTextAsync(path, cancellationToken);
        }
        catch (Exception exception) when (exception is UnauthorizedAccessException or IOException)
        {
            int errno = exception is FileNotFoundException or DirectoryNotFoundException ? Errno.ENOENT : Errno.EACCES;
            throw new RadosException(errno, $"reading {what} {path}", exception);
        }
    }
}
