using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Mirroring.Daemon.Tests.Sites;

/// <summary>A source image to which random things happen, under a seed.</summary>
internal sealed class ImageHistory(IPool pool, Image image, MirrorImageControl mirror, string globalImageId, int seed) : IAsyncDisposable
{
    private readonly Random _random = new(seed);
    private int _snapshots;

    public Image Image => image;

    public string GlobalImageId => globalImageId;

    public static async Task<ImageHistory> CreateAsync(IPool pool, string name, ulong size, int seed, int order = 16)
    {
        var images = new RbdImages(pool);
        await images.CreateAsync(name, size, new ImageCreateOptions { Order = order });
        Image image = await images.OpenAsync(name);
        var history = new ImageHistory(pool, image, new MirrorImageControl(image), "", seed);
        await history.WriteAsync(20);
        return history;
    }

    /// <summary>Has it mirrored, by its first mirror snapshot.</summary>
    public async Task<(ImageHistory Mirrored, ulong SnapshotId)> EnableAsync()
    {
        await mirror.EnableAsync(MirrorImageMode.Snapshot);
        MirrorImage record = (await new MirrorPool(pool).FindImageAsync(image.Id))!;
        await image.RefreshAsync();
        return (new ImageHistory(pool, image, mirror, record.GlobalImageId, seed + 1), NewestMirrorSnapshot());
    }

    /// <summary>Makes a mirror snapshot.</summary>
    public async Task<ulong> SnapshotAsync() => (await mirror.CreateSnapshotAsync()).Id;

    /// <summary>Ends its mirroring.</summary>
    public Task DisableAsync() => mirror.DisableAsync(force: false);

    /// <summary>Random writes, zeroes and discards.</summary>
    public async Task WriteAsync(int count)
    {
        for (int i = 0; i < count; i++)
        {
            ulong length = Math.Min(image.Size, (ulong)(1 + _random.Next(64)) * 4096);
            ulong offset = (ulong)_random.NextInt64((long)(image.Size - length + 1)) / 512 * 512;
            switch (_random.Next(6))
            {
                case 0:
                    await image.DiscardAsync(offset, length);
                    break;
                case 1:
                    await image.WriteAsync(offset, new byte[length]);
                    break;
                default:
                    var data = new byte[length];
                    _random.NextBytes(data);
                    await image.WriteAsync(offset, data);
                    break;
            }
        }
    }

    /// <summary>Fills the image with data.</summary>
    public async Task FillAsync()
    {
        var data = new byte[1 << 20];
        for (ulong offset = 0; offset < image.Size; offset += (ulong)data.Length)
        {
            _random.NextBytes(data);
            await image.WriteAsync(offset, data);
        }
    }

    /// <summary>One random change of size or snapshots.</summary>
    public async Task ChangeAsync()
    {
        List<ImageSnapshot> users = [.. image.Snapshots.Where(s => s.Namespace is UserSnapshotNamespace)];
        switch (_random.Next(6))
        {
            case 0:
                await image.ResizeAsync((ulong)(1 + _random.Next(96)) * 65536 + 4096, allowShrink: true);
                break;
            case 1 or 2:
                await image.CreateSnapshotAsync($"user{_snapshots++}");
                await WriteAsync(4);
                break;
            case 3 when users.Count > 0:
                await image.RemoveSnapshotAsync(users[_random.Next(users.Count)].Id);
                break;
            case 4 when users.Count > 0:
                await image.RenameSnapshotAsync(users[_random.Next(users.Count)].Name, $"renamed{_snapshots++}");
                break;
            default:
                await image.SetMetadataAsync("key", $"{_random.Next()}");
                break;
        }
    }

    public ValueTask DisposeAsync() => image.DisposeAsync();

    private ulong NewestMirrorSnapshot() => image.Snapshots.Last(s => s.Namespace is MirrorSnapshotNamespace).Id;
}
