using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Server;
using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal.Server;

/// <summary>Clients of a journal.</summary>
internal static class JournalClientMethods
{
    internal const string Prefix = "client_";

    public static IEnumerable<ClassMethodDescription> All =>
    [
        Methods.Read("get_client", Get),
        Methods.Write("client_register", Register),
        Methods.Write("client_update_data", UpdateData),
        Methods.Write("client_update_state", UpdateState),
        Methods.Write("client_unregister", Unregister),
        Methods.Write("client_commit", Commit),
        Methods.Read("client_list", List),
    ];

    internal static int Read(IClassContext context, string id, out JournalClient client) =>
        JournalMethods.Read(context, Prefix + id, JournalClient.Decode, out client);

    private static int Get(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        int code = Read(context, new CephReader(input).ReadString(), out JournalClient client);
        if (code == 0)
        {
            client.Encode(output);
        }

        return code;
    }

    private static int Register(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string id = arguments.ReadString();
        byte[] data = arguments.ReadBytes().ToArray();
        int code = JournalMethods.CheckCreated(context);
        if (code < 0)
        {
            return code;
        }

        code = context.OmapGet(Prefix + id, out _);
        if (code != -Errno.ENOENT)
        {
            return code < 0 ? code : -Errno.EEXIST;
        }

        code = FindMinimumPosition(context, out JournalPosition minimum);
        return code < 0 ? code : context.WriteKey(Prefix + id, new JournalClient(id, data, minimum, JournalClientState.Connected));
    }

    // The position of the connected client that is least far. As in Ceph, one without a position resets what was found before it, not what comes after.
    private static int FindMinimumPosition(IClassContext context, out JournalPosition minimum)
    {
        JournalPosition found = JournalPosition.None;
        (ulong TagTid, ulong EntryTid)? least = null;
        bool stopped = false;
        int code = context.Visit(Prefix, "", (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, JournalClient.Decode, out JournalClient client);
            if (decoded < 0 || stopped || client.State == JournalClientState.Disconnected)
            {
                return decoded;
            }

            if (client.CommitPosition.Positions.Count == 0)
            {
                found = JournalPosition.None;
                stopped = true;
                return 0;
            }

            JournalObjectPosition first = client.CommitPosition.Positions[0];
            if (least is null || (first.TagTid, first.EntryTid).CompareTo(least.Value) < 0)
            {
                least = (first.TagTid, first.EntryTid);
                found = client.CommitPosition;
            }

            return 0;
        });
        minimum = found;
        return code;
    }

    private static int UpdateData(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string id = arguments.ReadString();
        byte[] data = arguments.ReadBytes().ToArray();
        int code = Read(context, id, out JournalClient client);
        return code < 0 ? code : context.WriteKey(Prefix + id, client with { Data = data });
    }

    private static int UpdateState(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string id = arguments.ReadString();
        var state = (JournalClientState)arguments.ReadByte();
        int code = Read(context, id, out JournalClient client);
        return code < 0 ? code : context.WriteKey(Prefix + id, client with { State = state });
    }

    private static int Unregister(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        string id = new CephReader(input).ReadString();
        int code = context.OmapGet(Prefix + id, out _);
        code = code < 0 ? code : context.RemoveKey(Prefix + id);
        return code < 0 ? code : JournalTagMethods.Expire(context, id);
    }

    private static int Commit(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string id = arguments.ReadString();
        var position = JournalPosition.Decode(ref arguments);
        int code = JournalMethods.ReadSplayWidth(context, out byte width);
        if (code < 0)
        {
            return code;
        }

        if (position.Positions.Count > width)
        {
            return -Errno.EINVAL;
        }

        code = Read(context, id, out JournalClient client);
        return code < 0 || client.CommitPosition.Equals(position)
            ? code
            : context.WriteKey(Prefix + id, client with { CommitPosition = position });
    }

    private static int List(IClassContext context, ReadOnlySpan<byte> input, CephWriter output)
    {
        var arguments = new CephReader(input);
        string after = arguments.ReadString();
        ulong maximum = arguments.ReadUInt64();
        var clients = new SortedDictionary<string, JournalClient>(CephStringComparer.Instance);

        // The image itself has the empty id, so "after nothing" must begin before its key.
        string start = after.Length == 0 ? "" : Prefix + after;
        int code = maximum == 0 ? 0 : context.Visit(Prefix, start, (key, bytes) =>
        {
            int decoded = context.TryDecode(key, bytes.Span, JournalClient.Decode, out JournalClient client);
            if (decoded < 0)
            {
                return decoded;
            }

            clients[client.Id] = client;
            return (ulong)clients.Count >= maximum ? 1 : 0;
        });
        if (code == 0)
        {
            output.WriteList(clients.Values);
        }

        return code;
    }
}
