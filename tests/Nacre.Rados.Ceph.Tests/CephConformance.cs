using Nacre.Conformance;

namespace Nacre.Rados.Ceph.Tests;

public sealed class CephDataOperationsTests(CephFixture engine) : DataOperationsTests(engine);

public sealed class CephMetadataTests(CephFixture engine) : MetadataTests(engine);

public sealed class CephAssertTests(CephFixture engine) : AssertTests(engine);

public sealed class CephSnapshotTests(CephFixture engine) : SnapshotTests(engine);

public sealed class CephWatchNotifyTests(CephFixture engine) : WatchNotifyTests(engine);

public sealed class CephClusterTests(CephFixture engine) : ClusterTests(engine);

public sealed class CephBlocklistTests(CephFixture engine) : BlocklistTests(engine);

public sealed class CephClassCallTests(CephFixture engine) : ClassCallTests(engine);

public sealed class CephGeneratedHistoryTests(CephFixture engine) : GeneratedHistoryTests(engine);
