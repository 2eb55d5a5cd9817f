namespace Nacre.Rbd.Tests;

public sealed class CephImageTests(CephFixture engine) : ImageSuite(engine);

public sealed class EmbeddedImageTests(EmbeddedFixture engine) : ImageSuite(engine);

public sealed class CephJournaledImageTests(CephFixture engine) : JournaledImageSuite(engine);

public sealed class EmbeddedJournaledImageTests(EmbeddedFixture engine) : JournaledImageSuite(engine);
