using Nacre.Conformance;

namespace Nacre.Site.Tests;

/// <summary>The contract over gRPC.</summary>
public sealed class RemoteAssertTests(SiteFixture site) : AssertTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteBlocklistTests(SiteFixture site) : BlocklistTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteClassCallTests(SiteFixture site) : ClassCallTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteClusterTests(SiteFixture site) : ClusterTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteDataOperationsTests(SiteFixture site) : DataOperationsTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteMetadataTests(SiteFixture site) : MetadataTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteSnapshotTests(SiteFixture site) : SnapshotTests(site);

/// <inheritdoc cref="RemoteAssertTests"/>
public sealed class RemoteWatchNotifyTests(SiteFixture site) : WatchNotifyTests(site);

public sealed class RemoteGeneratedHistoryTests(SiteFixture site) : GeneratedHistoryTests(site);
