namespace Nacre.Rbd.Tests;

public sealed class CephImageTests(CephFixture engine) : ImageSuite(engine);

public sealed class EmbeddedImageTests(EmbeddedFixture engine) : ImageSuite(engine);
