using System.Reflection;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.ObjectClasses.Lock;
using Nacre.ObjectClasses.Rbd;
using Nacre.ObjectClasses.Rbd.Notifications;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Tests;

/// <summary>
/// Bytes that Ceph 16.2.15 wrote (omap values, xattrs, objects and notifications of two mirrored clusters, one per line of Corpus/TYPE.txt) are
/// decoded and written back as they were; cut off anywhere they are refused.
/// </summary>
public class CorpusTests
{
    private static readonly Dictionary<string, Func<byte[], byte[]>> _rewriters = new()
    {
        [nameof(SnapshotRecord)] = Rewrite<SnapshotRecord>,
        [nameof(ParentRecord)] = Rewrite<ParentRecord>,
        ["ChildImageSpecs"] = bytes =>
        {
            var reader = new CephReader(bytes);
            var writer = new CephWriter();
            writer.WriteList(new SortedSet<ChildImageSpec>(reader.ReadList<ChildImageSpec>()));
            return writer.ToArray();
        },
        [nameof(GroupSpec)] = Rewrite<GroupSpec>,
        [nameof(MirrorImage)] = Rewrite<MirrorImage>,
        [nameof(MirrorImageMap)] = Rewrite<MirrorImageMap>,
        [nameof(MirrorPeer)] = Rewrite<MirrorPeer>,
        [nameof(MirrorImageSiteStatusRecord)] = Rewrite<MirrorImageSiteStatusRecord>,
        [nameof(TrashImageSpec)] = Rewrite<TrashImageSpec>,
        [nameof(LockInfo)] = Rewrite<LockInfo>,
        [nameof(ObjectMap)] = Rewrite<ObjectMap>,
        ["ImageStateObject"] = bytes =>
        {
            var reader = new CephReader(bytes);
            var writer = new CephWriter();
            reader.Read<ImageStateHeader>().Encode(writer);
            reader.Read<ImageState>().Encode(writer);
            return writer.ToArray();
        },
        [nameof(NotifyMessage)] = Rewrite<NotifyMessage>,
        [nameof(MirroringNotification)] = Rewrite<MirroringNotification>,
        [nameof(MirrorLeaderNotification)] = Rewrite<MirrorLeaderNotification>,
        [nameof(MirrorInstanceNotification)] = Rewrite<MirrorInstanceNotification>,
        [nameof(JournalClient)] = Rewrite<JournalClient>,
        [nameof(JournalClientData)] = Rewrite<JournalClientData>,
        [nameof(JournalTag)] = Rewrite<JournalTag>,
        [nameof(JournalTagData)] = Rewrite<JournalTagData>,
    };

    public static TheoryData<string> Types => new(_rewriters.Keys);

    [Theory]
    [MemberData(nameof(Types))]
    public void What_Ceph_wrote_is_written_back_byte_for_byte(string type)
    {
        foreach ((string name, byte[] bytes) in Read(type))
        {
            Assert.True(bytes.AsSpan().SequenceEqual(_rewriters[type](bytes)), $"{name}\n{Convert.ToHexString(bytes)}\n{Convert.ToHexString(_rewriters[type](bytes))}");
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_cut_off_anywhere_is_refused(string type)
    {
        foreach ((string name, byte[] bytes) in Read(type))
        {
            for (int length = 0; length < bytes.Length; length++)
            {
                CephDecodeException? refusal = null;
                try
                {
                    _ = _rewriters[type](bytes[..length]);
                }
                catch (CephDecodeException refused)
                {
                    refusal = refused;
                }

                Assert.True(refusal is not null, $"{name} was accepted with {length} of {bytes.Length} bytes");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Types))]
    public void What_is_damaged_anywhere_is_decoded_or_refused_but_never_crashes(string type)
    {
        foreach ((_, byte[] bytes) in Read(type))
        {
            for (int at = 0; at < bytes.Length; at++)
            {
                foreach (byte value in new byte[] { 0, 0x7F, 0xFF })
                {
                    byte[] damaged = (byte[])bytes.Clone();
                    damaged[at] = value;
                    try
                    {
                        _ = _rewriters[type](damaged);
                    }
                    catch (CephDecodeException)
                    {
                        // Refused.
                    }
                }
            }
        }
    }

    [Fact]
    public void The_corpus_holds_every_kind_of_snapshot()
    {
        SnapshotNamespaceType[] kinds =
        [
            .. Read(nameof(SnapshotRecord)).Select(entry => CephEncodingExtensions.Decode<SnapshotRecord>(entry.Bytes).Namespace.Type).Distinct().Order(),
        ];
        Assert.Equal([SnapshotNamespaceType.User, SnapshotNamespaceType.Group, SnapshotNamespaceType.Trash, SnapshotNamespaceType.Mirror], kinds);
    }

    [Fact]
    public void An_image_map_names_no_policy()
    {
        Assert.All(
            Read(nameof(MirrorImageMap)),
            entry => Assert.Equal(new MirrorPolicyData().ToBytes(), CephEncodingExtensions.Decode<MirrorImageMap>(entry.Bytes).Data.ToArray()));
    }

    [Fact]
    public void No_notification_of_the_corpus_is_unknown()
    {
        Assert.All(
            Read(nameof(NotifyMessage)),
            entry => Assert.IsNotType<UnknownPayload>(CephEncodingExtensions.Decode<NotifyMessage>(entry.Bytes).Payload));
    }

    private static byte[] Rewrite<T>(byte[] bytes) where T : ICephEncodable<T> => CephEncodingExtensions.Decode<T>(bytes).ToBytes();

    private static IEnumerable<(string Name, byte[] Bytes)> Read(string type)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(type)
            ?? throw new InvalidOperationException($"no corpus for {type}");
        using var reader = new StreamReader(stream);
        int count = 0;
        while (reader.ReadLine() is { Length: > 0 } line)
        {
            int space = line.IndexOf(' ', StringComparison.Ordinal);
            count++;
            yield return (line[..space], Convert.FromHexString(line[(space + 1)..]));
        }

        Assert.NotEqual(0, count);
    }
}
