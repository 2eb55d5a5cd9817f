using Nacre.Journal;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rbd.Journaling;

namespace Nacre.Rbd.Tests;

/// <summary>A journaled image whose store fails now and then while its writer lives on.</summary>
public sealed class JournalFaultTests(EmbeddedFixture engine) : ImageTestBase(engine)
{
    private static readonly ImageCreateOptions _options = new() { Order = 20, Features = RbdFeatures.Default | RbdFeatures.Journaling };

    [Theory]
    [InlineData(Errno.EIO, false)]
    [InlineData(Errno.ETIMEDOUT, false)]
    [InlineData(Errno.ETIMEDOUT, true)]
    public async Task A_change_that_was_acknowledged_but_could_not_be_applied_is_applied_by_the_next_read(int code, bool takesEffect)
    {
        (FaultyPool pool, Image image) = await OpenAsync();
        await using Image held = image;
        await image.WriteAsync(0, Bytes(8192, 1), Token);
        await image.FlushAsync(Token);
        FailOnce(pool, "rbd_data.", code, takesEffect);
        await image.WriteAsync(4096, Bytes(4096, 2), Token);
        byte[] data = new byte[8192];
        await image.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(8192, 1)[..4096], data[..4096]);
        Assert.Equal(Bytes(4096, 2), data[4096..]);
        FailOnce(pool, "rbd_data.", code, takesEffect);
        await image.WriteAsync(0, Bytes(4096, 3), Token);
        await image.FlushAsync(Token);
        await using Image other = await new RbdImages(image.Pool).OpenAsync("one", ImageOpenOptions.ForReading, Token);
        await other.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(4096, 3), data[..4096]);
        await CheckObjectMapAsync(image);
    }

    [Theory]
    [InlineData(Errno.EIO, false)]
    [InlineData(Errno.ETIMEDOUT, true)]
    public async Task A_write_whose_entry_may_be_lost_fails_and_the_next_goes_on(int code, bool takesEffect)
    {
        (FaultyPool pool, Image image) = await OpenAsync();
        await using Image held = image;
        await image.WriteAsync(0, Bytes(4096, 1), Token);
        FailOnce(pool, "journal_data.", code, takesEffect);
        Assert.Equal(code, await CodeOfAsync(() => image.WriteAsync(0, Bytes(4096, 2), Token).AsTask()));
        await image.WriteAsync(4096, Bytes(4096, 3), Token);
        byte[] data = new byte[8192];
        await image.ReadAsync(0, data, Token);
        Assert.Equal(Bytes(4096, takesEffect ? 2 : 1), data[..4096]);
        Assert.Equal(Bytes(4096, 3), data[4096..]);
    }

    [Fact]
    public async Task A_damaged_journal_is_named_and_refuses_until_it_is_made_anew()
    {
        RbdImages images = await NewImagesAsync();
        string id = await images.CreateAsync("one", 4 * MiB, _options, Token);
        var client = new DyingClient(40);
        await using (Rados.Clusters.ICluster session = await Engine.ConnectAsync())
        {
            Image dying = await new RbdImages(client.Wrap(await Conformance.EngineFixture.SameAsync(images.Pool, session))).OpenAsync("one", cancellationToken: Token);
            while (!client.Died)
            {
                await dying.WriteAsync(0, Bytes(4096, 1), Token).AsTask().ContinueWith(static _ => { }, TaskScheduler.Default);
            }

            await dying.DisposeAsync();
        }

        ImageJournal journal = await ImageJournal.OpenAsync(images.Pool, id, Token);
        byte[] bytes = (await Rados.Clusters.PoolExtensions.ReadAsync(images.Pool, journal.ObjectName(1), cancellationToken: Token))!;
        bytes[100] ^= 1;
        await Rados.Clusters.PoolExtensions.ExecuteAsync(
            images.Pool, journal.ObjectName(1), new Rados.Objects.WriteOperation().WriteFull(bytes), "damaging", null, Token);
        await using Image image = await images.OpenAsync("one", cancellationToken: Token);
        RadosException failure = await Assert.ThrowsAnyAsync<RadosException>(() => image.WriteAsync(0, new byte[4096], Token).AsTask());
        Assert.Equal(Errno.EBADMSG, failure.Code);
        Assert.Contains(journal.ObjectName(1), failure.Message, StringComparison.Ordinal);
        Assert.Null(await image.GetLockOwnerAsync(Token));
        await image.UpdateFeaturesAsync(RbdFeatures.Journaling, false, Token);
        await image.UpdateFeaturesAsync(RbdFeatures.Journaling, true, Token);
        await image.WriteAsync(0, Bytes(4096, 4), Token);
        Assert.Equal(1ul, (await JournalTags.ReadAsync(await ImageJournal.OpenAsync(images.Pool, id, Token), Token)).Newest.Tid + 1);
    }

    private async Task<(FaultyPool Pool, Image Image)> OpenAsync()
    {
        RbdImages images = await NewImagesAsync();
        await images.CreateAsync("one", 4 * MiB, _options, Token);
        var pool = new FaultyPool(images.Pool);
        return (pool, await new RbdImages(pool).OpenAsync("one", cancellationToken: Token));
    }

    private static void FailOnce(FaultyPool pool, string prefix, int code, bool takesEffect)
    {
        int left = 1;
        pool.Fault = name => name.StartsWith(prefix, StringComparison.Ordinal) && Interlocked.Decrement(ref left) == 0 ? (code, takesEffect) : null;
    }}
