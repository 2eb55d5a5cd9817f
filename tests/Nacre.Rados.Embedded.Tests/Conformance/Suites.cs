using Nacre.Conformance;

namespace Nacre.Rados.Embedded.Tests.Conformance;

public sealed class EmbeddedAssertTests(EmbeddedFixture engine) : AssertTests(engine);
public sealed class EmbeddedBlocklistTests(EmbeddedFixture engine) : BlocklistTests(engine);
public sealed class EmbeddedClassCallTests(EmbeddedFixture engine) : ClassCallTests(engine);
public sealed class EmbeddedClusterTests(EmbeddedFixture engine) : ClusterTests(engine);
public sealed class EmbeddedDataOperationsTests(EmbeddedFixture engine) : DataOperationsTests(engine);
public sealed class EmbeddedMetadataTests(EmbeddedFixture engine) : MetadataTests(engine);
public sealed class EmbeddedSnapshotTests(EmbeddedFixture engine) : SnapshotTests(engine);
public sealed class EmbeddedWatchNotifyTests(EmbeddedFixture engine) : WatchNotifyTests(engine);

public sealed class EmbeddedGeneratedHistoryTests(EmbeddedFixture engine) : GeneratedHistoryTests(engine);
