using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;
using Nacre.Rados.Watching;

namespace Nacre.ObjectClasses.Rbd.Server;

/// <summary>
/// Statuses of mirrored images. A status is "up" while its reporter watches <c>rbd_mirroring</c>. The local site's is under
/// <c>status_global_ID</c>, another site's under <c>remote_status_global_ID_UUID</c>.
/// </summary>
internal static class MirrorStatusMethods
{
    private const string LocalPrefix = "status_global_";
    private const string RemotePrefix = "remote_status_global_";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Write("mirror_image_status_set", Set),
        Methods.Write("mirror_image_status_remove", (c, input, _) => RemoveAll(c, new CephReader(input).ReadString())),
        Methods.Read("mirror_image_status_get", Get),
        Methods.Read("mirror_image_status_list", List),
        Methods.Read("mirror_image_status_get_summary", GetSummary),
        Methods.Write("mirror_image_status_remove_down", RemoveDown),
        Methods.Read("mirror_image_instance_get", GetInstance),
        Methods.Read("mirror_image_instance_list", ListInstances),
    ];

    /// <summary>Removes an image's statuses of all sites.</summary>
    internal static int RemoveAll(IClassContext context, string globalImageId)
    {
        var keys = new List<string> { LocalPrefix + globalImageId };
        string prefix = RemoteKeyPrefix(globalImageId);
        int code = context.Visit(prefix, prefix, (key, _) =>
        {
            keys.Add(key);
            return 0;
        });
        return code is < 0 and not -Errno.ENOENT ? code : RemoveKeys(context, keys);
    }

    private static int RemoveKeys(IClassContext context, List<string> keys)
    {
        foreach (string key in keys)
        {
            int code = context.RemoveKey(key);
            if (code < 0)
            {
                return code;
            }
        }

        return 0;
    }

    private static string RemoteKeyPrefix(string globalImageId) => $"{RemotePrefix}{globalImageId}_";

    private static string Key(string globalImageId, string mirrorUuid) =>
        mirrorUuid.Length == 0 ? LocalPrefix + globalImageId : RemoteKeyPrefix(globalImageId) + mirrorUuid;

    private static HashSet<EntityInstance> Watchers(IClassContext context)
    {
        var watchers = new HashSet<EntityInstance>();
        foreach (Watcher watcher in context.ListWatchers())
        {
            watchers.Add(Instance(watcher.ClientId, watcher.Address));
        }

        return watchers;
    }

    private static EntityInstance Instance(ulong clientId, string address) => MirrorImageSiteStatusRecord.Sanitize(
        new EntityInstance(EntityNumber.Client(clientId), EntityAddress.TryParse(address) ?? EntityAddress.Blank));

    private static int Set(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string globalImageId = arguments.ReadString();
        var status = MirrorImageSiteStatus.Decode(ref arguments);

        // A late report on an image that is no longer mirrored is dropped, so that it leaves no status behind.
        if (MirrorImageMethods.ReadImageId(context, globalImageId, out string imageId) < 0
            || MirrorImageMethods.ReadImage(context, imageId, out MirrorImage image) < 0
            || image.State != MirrorImageState.Enabled)
        {
            return 0;
        }

        var record = new MirrorImageSiteStatusRecord(
            Instance(context.CallerId, context.CallerAddress),
            status with { MirrorUuid = "", Up = false, LastUpdate = context.Timestamp() });
        return context.WriteKey(Key(globalImageId, status.MirrorUuid), record);
    }

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadStatus(context, new CephReader(input).ReadString(), Watchers(context), out MirrorImageStatus status);
        if (code == 0)
        {
            status.Encode(output);
        }

        return code;
    }

    private static int ReadStatus(IClassContext context, string globalImageId, HashSet<EntityInstance> watchers, out MirrorImageStatus status)
    {
        var sites = new List<MirrorImageSiteStatus>();
        status = new MirrorImageStatus(sites);
        int code = context.OmapGet(LocalPrefix + globalImageId, out ReadOnlyMemory<byte> local);
        if (code == 0)
        {
            code = Collect("", local);
        }

        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        string prefix = RemoteKeyPrefix(globalImageId);
        code = context.Visit(prefix, prefix, (key, bytes) => Collect(key[prefix.Length..], bytes));
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return sites.Count == 0 ? -Errno.ENOENT : 0;

        int Collect(string mirrorUuid, ReadOnlyMemory<byte> bytes)
        {
            int decoded = context.TryDecode("mirror status", bytes.Span, MirrorImageSiteStatusRecord.Decode, out MirrorImageSiteStatusRecord record);
            if (decoded == 0)
            {
                sites.Add(record.Status with { MirrorUuid = mirrorUuid, Up = watchers.Contains(record.Origin) });
            }

            return decoded;
        }
    }

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        int code = context.ReadPage(
            MirrorImageMethods.ImagePrefix, after, arguments.ReadUInt64(), MirrorImage.Decode, out SortedDictionary<string, MirrorImage> images);
        if (code < 0)
        {
            return code;
        }

        HashSet<EntityInstance> watchers = Watchers(context);
        var statuses = new SortedDictionary<string, MirrorImageStatus>(CephStringComparer.Instance);
        foreach ((string id, MirrorImage image) in images)
        {
            if (ReadStatus(context, image.GlobalImageId, watchers, out MirrorImageStatus status) == 0)
            {
                statuses[id] = status;
            }
        }

        output.WriteMap(images, static (w, id) => w.Write(id), static (w, image) => image.Encode(w));
        output.WriteMap(statuses, static (w, id) => w.Write(id), static (w, status) => status.Encode(w));
        return 0;
    }

    private static int GetSummary(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        List<MirrorPeer> peers = arguments.Remaining > 0 ? arguments.ReadList<MirrorPeer>() : [];
        HashSet<EntityInstance> watchers = Watchers(context);
        var counts = new SortedDictionary<MirrorImageStatusState, int>();
        int code = context.Visit(MirrorImageMethods.ImagePrefix, MirrorImageMethods.ImagePrefix, (key, bytes) =>
        {
            int visited = context.TryDecode(key, bytes.Span, MirrorImage.Decode, out MirrorImage image);
            if (visited < 0)
            {
                return visited;
            }

            visited = ReadStatus(context, image.GlobalImageId, watchers, out MirrorImageStatus status);
            if (visited < 0 && visited != -Errno.ENOENT)
            {
                return visited;
            }

            MirrorImageStatusState state = MirrorStatusSummary.Compute(peers, status);
            counts[state] = counts.GetValueOrDefault(state) + 1;
            return 0;
        });
        if (code < 0)
        {
            return code;
        }

        output.WriteMap(counts, static (w, state) => w.Write((byte)state), static (w, count) => w.Write(count));
        return 0;
    }

    private static int RemoveDown(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        HashSet<EntityInstance> watchers = Watchers(context);
        var stale = new List<string>();
        foreach (string prefix in new[] { LocalPrefix, RemotePrefix })
        {
            int code = context.Visit(prefix, prefix, (key, bytes) =>
            {
                int decoded = context.TryDecode(key, bytes.Span, MirrorImageSiteStatusRecord.DecodeOrigin, out EntityInstance origin);
                if (decoded == 0 && !watchers.Contains(origin))
                {
                    stale.Add(key);
                }

                return decoded;
            });
            if (code < 0)
            {
                return code;
            }
        }

        return RemoveKeys(context, stale);
    }

    private static int GetInstance(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = ReadInstance(context, new CephReader(input).ReadString(), Watchers(context), out EntityInstance? instance);
        if (code == 0)
        {
            instance!.Encode(output);
        }

        return code;
    }

    private static int ReadInstance(IClassContext context, string globalImageId, HashSet<EntityInstance> watchers, out EntityInstance? instance)
    {
        int code = context.ReadKey(LocalPrefix + globalImageId, out MirrorImageSiteStatusRecord record);
        instance = code < 0 ? null : record.Origin;
        return code < 0 ? code : watchers.Contains(instance!) ? 0 : -Errno.ESTALE;
    }

    private static int ListInstances(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        ulong maximum = arguments.ReadUInt64();
        HashSet<EntityInstance> watchers = Watchers(context);
        var instances = new SortedDictionary<string, EntityInstance>(CephStringComparer.Instance);
        string prefix = MirrorImageMethods.ImagePrefix;
        int code = maximum == 0 ? 0 : context.Visit(prefix, prefix + after, (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, MirrorImage.Decode, out MirrorImage image);
            if (decoded < 0)
            {
                return decoded;
            }

            if (ReadInstance(context, image.GlobalImageId, watchers, out EntityInstance? instance) == 0)
            {
                instances[key[prefix.Length..]] = instance!;
            }

            return (ulong)instances.Count >= maximum ? 1 : 0;
        });
        if (code == 0)
        {
            output.WriteMap(instances, static (w, id) => w.Write(id), static (w, instance) => instance.Encode(w));
        }

        return code;
    }
}
