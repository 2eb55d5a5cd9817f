using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Tests;

/// <summary>Takes out of outputs and stored values what two stores cannot have in common: times of their clocks, and names made at random.</summary>
internal static class Normalizer
{
    public static byte[] Output(string method, byte[] output) => output.Length == 0 ? output : method switch
    {
        "get_create_timestamp" or "get_access_timestamp" or "get_modify_timestamp" or "get_snapshot_timestamp" => [],
        "snapshot_get" => Snapshot(CephEncodingExtensions.Decode<SnapshotInfo>(output)).ToBytes(),
        "get_snapshot_name" => Name(output),
        "mirror_image_status_get" => Status(CephEncodingExtensions.Decode<MirrorImageStatus>(output)).ToBytes(),
        "mirror_image_status_list" => Statuses(output),
        _ => output,
    };

    public static byte[] Omap(string key, byte[] value)
    {
        if (key.EndsWith("_timestamp", StringComparison.Ordinal))
        {
            return new byte[value.Length];
        }

        if (key.StartsWith("snapshot_", StringComparison.Ordinal))
        {
            var record = CephEncodingExtensions.Decode<SnapshotRecord>(value);
            return (record with { Timestamp = default, Name = IsRandom(record.Name) ? "random" : record.Name }).ToBytes();
        }

        if (key.Contains("status_global_", StringComparison.Ordinal))
        {
            var record = CephEncodingExtensions.Decode<MirrorImageSiteStatusRecord>(value);
            return (record with { Status = record.Status with { LastUpdate = default } }).ToBytes();
        }

        return value;
    }

    private static bool IsRandom(string name) => Guid.TryParseExact(name, "D", out _);

    private static SnapshotInfo Snapshot(SnapshotInfo info) =>
        info with { Timestamp = default, Name = IsRandom(info.Name) ? "random" : info.Name };

    private static byte[] Name(byte[] output)
    {
        string name = new CephReader(output).ReadString();
        return IsRandom(name) ? [] : output;
    }

    private static MirrorImageStatus Status(MirrorImageStatus status) => new([.. status.Sites.Select(site => site with { LastUpdate = default })]);

    private static byte[] Statuses(byte[] output)
    {
        var page = RbdCalls.ListMirrorImageStatuses("").Decode(output);
        var writer = new CephWriter();
        writer.WriteMap(page.Images, static (w, id) => w.Write(id), static (w, image) => image.Encode(w));
        writer.WriteMap(page.Statuses, static (w, id) => w.Write(id), static (w, status) => Status(status).Encode(w));
        return writer.ToArray();
    }
}
