using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Journal;

/// <summary>
/// Calls of the <c>journal</c> class (src/cls/journal/cls_journal_client.cc), on <c>journal.IMAGE</c> and, the last two, on
/// <c>journal_data.POOL.IMAGE.N</c>.
/// </summary>
public static class JournalCalls
{
    /// <summary>The class.</summary>
    public const string ClassName = "journal";

    /// <summary>JOURNAL_MAX_RETURN: entries of a page.</summary>
    public const ulong PageSize = 256;

    /// <summary>Makes a journal. EEXIST where there is one.</summary>
    /// <param name="order">Its objects are 2^order bytes.</param>
    /// <param name="splayWidth">Objects of a set, written in turn.</param>
    /// <param name="poolId">Pool of its objects; -1 for the header's own.</param>
    public static ClassWrite Create(byte order, byte splayWidth, long poolId) => Write("create", w =>
    {
        w.Write(order);
        w.Write(splayWidth);
        w.Write(poolId);
    });

    /// <summary>Order of the objects' size.</summary>
    public static ClassRead<byte> GetOrder() => Read("get_order", static (ref CephReader r) => r.ReadByte());

    /// <summary>Objects of a set.</summary>
    public static ClassRead<byte> GetSplayWidth() => Read("get_splay_width", static (ref CephReader r) => r.ReadByte());

    /// <summary>Pool of the objects; -1 for the header's own.</summary>
    public static ClassRead<long> GetPoolId() => Read("get_pool_id", static (ref CephReader r) => r.ReadInt64());

    /// <summary>Oldest set that is kept.</summary>
    public static ClassRead<ulong> GetMinimumSet() => Read("get_minimum_set", DecodeUInt64);

    /// <summary>Set that is written.</summary>
    public static ClassRead<ulong> GetActiveSet() => Read("get_active_set", DecodeUInt64);

    /// <summary>Moves the oldest set on. ESTALE backwards, EINVAL beyond the active one.</summary>
    public static ClassWrite SetMinimumSet(ulong objectSet) => Write("set_minimum_set", w => w.Write(objectSet));

    /// <summary>Moves the active set on. ESTALE backwards, EINVAL before the oldest one.</summary>
    public static ClassWrite SetActiveSet(ulong objectSet) => Write("set_active_set", w => w.Write(objectSet));

    /// <summary>One client. ENOENT where it is not registered.</summary>
    public static ClassRead<JournalClient> GetClient(string id) => Read("get_client", JournalClient.Decode, w => w.Write(id));

    /// <summary>Registers a client, which begins where the last of the others is. EEXIST where it is registered.</summary>
    public static ClassWrite RegisterClient(string id, ReadOnlyMemory<byte> data) => Write("client_register", w =>
    {
        w.Write(id);
        w.WriteBytes(data.Span);
    });

    /// <summary>Replaces a client's data.</summary>
    public static ClassWrite UpdateClientData(string id, ReadOnlyMemory<byte> data) => Write("client_update_data", w =>
    {
        w.Write(id);
        w.WriteBytes(data.Span);
    });

    /// <summary>Connects or disconnects a client.</summary>
    public static ClassWrite UpdateClientState(string id, JournalClientState state) => Write("client_update_state", w =>
    {
        w.Write(id);
        w.Write((byte)state);
    });

    /// <summary>Unregisters a client; tags that nobody needs any more go.</summary>
    public static ClassWrite UnregisterClient(string id) => Write("client_unregister", w => w.Write(id));

    /// <summary>Records how far a client is. EINVAL for more positions than objects of a set.</summary>
    public static ClassWrite Commit(string id, JournalPosition position) => Write("client_commit", w =>
    {
        w.Write(id);
        position.Encode(w);
    });

    /// <summary>A page of clients after an id.</summary>
    public static ClassRead<IReadOnlyList<JournalClient>> ListClients(string after, ulong maximum = PageSize) =>
        Read<IReadOnlyList<JournalClient>>("client_list", static (ref CephReader r) => r.ReadList<JournalClient>(), w =>
        {
            w.Write(after);
            w.Write(maximum);
        });

    /// <summary>Number of the next tag.</summary>
    public static ClassRead<ulong> GetNextTagTid() => Read("get_next_tag_tid", DecodeUInt64);

    /// <summary>One tag. ENOENT where it is absent.</summary>
    public static ClassRead<JournalTag> GetTag(ulong tid) => Read("get_tag", JournalTag.Decode, w => w.Write(tid));

    /// <summary>Makes a tag. EEXIST where it is there, ESTALE where its number is not the next, EINVAL for a class that never was.</summary>
    public static ClassWrite CreateTag(ulong tid, ulong tagClass, ReadOnlyMemory<byte> data) => Write("tag_create", w =>
    {
        w.Write(tid);
        w.Write(tagClass);
        w.WriteBytes(data.Span);
    });

    /// <summary>A page of the tags that a client still needs, after a number, of one class or all.</summary>
    public static ClassRead<IReadOnlyList<JournalTag>> ListTags(ulong afterTid, string clientId, ulong? tagClass = null, ulong maximum = PageSize) =>
        Read<IReadOnlyList<JournalTag>>("tag_list", static (ref CephReader r) => r.ReadList<JournalTag>(), w =>
        {
            w.Write(afterTid);
            w.Write(maximum);
            w.Write(clientId);
            w.WriteOptional(tagClass);
        });

    /// <summary>Lets a compound append go on only while the object is smaller (EOVERFLOW otherwise).</summary>
    public static ClassWrite GuardAppend(ulong softMaximumSize) => Write("guard_append", w => w.Write(softMaximumSize));

    /// <summary>Appends while the object is smaller (EOVERFLOW otherwise).</summary>
    public static ClassWrite Append(ulong softMaximumSize, ReadOnlyMemory<byte> data) => Write("append", w =>
    {
        w.Write(softMaximumSize);
        w.WriteBytes(data.Span);
    });

    private static ulong DecodeUInt64(ref CephReader reader) => reader.ReadUInt64();

    private static ClassWrite Write(string method, Action<CephWriter> arguments) => new(ClassName, method, Encode(arguments));

    private static ClassRead<T> Read<T>(string method, ElementReader<T> decoder, Action<CephWriter>? arguments = null) =>
        new(ClassName, method, Encode(arguments), decoder);

    private static byte[] Encode(Action<CephWriter>? arguments)
    {
        var writer = new CephWriter();
        arguments?.Invoke(writer);
        return writer.ToArray();
    }
}
