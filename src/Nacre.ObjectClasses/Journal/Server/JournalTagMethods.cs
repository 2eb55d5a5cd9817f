using System.Globalization;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal.Server;

/// <summary>Tags of a journal.</summary>
internal static class JournalTagMethods
{
    private const string Prefix = "tag_";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("get_tag", Get),
        Methods.Write("tag_create", Create),
        Methods.Read("tag_list", List),
    ];

    /// <summary>Removes tags that no client needs any more: in each class, those before the newest at or before every client's position.</summary>
    /// <param name="context">The journal.</param>
    /// <param name="exceptClient">A client that does not count any more.</param>
    internal static int Expire(IClassContext context, string? exceptClient)
    {
        ulong minimum = ulong.MaxValue;
        bool blocked = false;
        string? exceptKey = exceptClient is null ? null : JournalClientMethods.Prefix + exceptClient;
        int code = context.Visit(JournalClientMethods.Prefix, "", (key, bytes) =>
        {
            if (key == exceptKey)
            {
                return 0;
            }

            int decoded = context.TryDecode(key, bytes.Span, JournalClient.Decode, out JournalClient client);
            if (decoded < 0 || client.State == JournalClientState.Disconnected)
            {
                return decoded;
            }

            blocked |= client.CommitPosition.Positions.Count == 0;
            minimum = client.CommitPosition.Positions.Aggregate(minimum, static (least, position) => Math.Min(least, position.TagTid));
            return 0;
        });
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        return blocked || minimum == ulong.MaxValue ? 0 : RemoveBefore(context, minimum);
    }

    private static int RemoveBefore(IClassContext context, ulong minimum)
    {
        var newestOfClass = new Dictionary<ulong, ulong>();
        var tags = new List<JournalTag>();
        int code = context.Visit(Prefix, Prefix, (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, JournalTag.Decode, out JournalTag tag);
            if (decoded < 0)
            {
                return decoded;
            }

            if (key != Key(tag.Tid))
            {
                return -Errno.EINVAL;
            }

            newestOfClass[tag.Class] = tag.Tid;
            tags.Add(tag);
            return tag.Tid >= minimum ? 1 : 0;
        });
        foreach (JournalTag tag in tags.Where(tag => tag.Tid < newestOfClass[tag.Class]))
        {
            code = code < 0 ? code : context.RemoveKey(Key(tag.Tid));
        }

        return code;
    }

    private static string Key(ulong tid) => string.Create(CultureInfo.InvariantCulture, $"{Prefix}{tid:x16}");

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = JournalMethods.Read(context, Key(new CephReader(input).ReadUInt64()), JournalTag.Decode, out JournalTag tag);
        if (code == 0)
        {
            tag.Encode(output);
        }

        return code;
    }

    private static int Create(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong tid = arguments.ReadUInt64();
        ulong tagClass = arguments.ReadUInt64();
        byte[] data = arguments.ReadBytes().ToArray();
        int code = context.OmapGet(Key(tid), out _);
        if (code != -Errno.ENOENT)
        {
            return code < 0 ? code : -Errno.EEXIST;
        }

        code = JournalMethods.ReadUInt64(context, JournalMethods.NextTagTid, out ulong nextTid);
        if (code < 0)
        {
            return code;
        }

        if (tid != nextTid)
        {
            return -Errno.ESTALE;
        }

        code = JournalMethods.ReadUInt64(context, JournalMethods.NextTagClass, out ulong nextClass);
        if (code < 0)
        {
            return code;
        }

        if (tagClass == JournalTag.NewClass)
        {
            tagClass = nextClass;
            code = context.WriteUInt64(JournalMethods.NextTagClass, nextClass + 1);
        }
        else if (tagClass >= nextClass)
        {
            return -Errno.EINVAL;
        }

        code = code < 0 ? code : Expire(context, null);
        code = code < 0 ? code : context.WriteUInt64(JournalMethods.NextTagTid, tid + 1);
        return code < 0 ? code : context.WriteKey(Key(tid), new JournalTag(tid, tagClass, data));
    }

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        ulong after = arguments.ReadUInt64();
        ulong maximum = arguments.ReadUInt64();
        string clientId = arguments.ReadString();
        ulong? tagClass = arguments.ReadOptionalUInt64();
        int code = JournalClientMethods.Read(context, clientId, out JournalClient client);
        if (code < 0)
        {
            return code;
        }

        ulong minimum = client.CommitPosition.Positions.Aggregate(ulong.MaxValue, static (least, position) => Math.Min(least, position.TagTid));
        var all = new List<JournalTag>();
        var needed = new Dictionary<ulong, ulong>();
        bool counting = minimum != ulong.MaxValue;
        code = context.Visit(Prefix, Prefix, (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, JournalTag.Decode, out JournalTag tag);
            if (decoded < 0)
            {
                return decoded;
            }

            all.Add(tag);
            if (counting)
            {
                needed[tag.Class] = tag.Tid;
                counting = tag.Tid < minimum;
            }

            return 0;
        });
        if (code < 0 && code != -Errno.ENOENT)
        {
            return code;
        }

        IEnumerable<JournalTag> wanted = all.Where(tag =>
            (after == 0 || tag.Tid > after) && tag.Tid >= needed.GetValueOrDefault(tag.Class) && (tagClass is null || tagClass == tag.Class));
        output.WriteList([.. wanted.Take((int)Math.Min(maximum, int.MaxValue))]);
        return 0;
    }
}
