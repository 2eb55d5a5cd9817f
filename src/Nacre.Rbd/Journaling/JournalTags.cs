using Nacre.Journal;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;

namespace Nacre.Rbd.Journaling;

/// <summary>Who wrote before a tag, and how far that was known (librbd::journal::TagPredecessor).</summary>
/// <param name="MirrorUuid">The owner: empty for this site, <see cref="JournalTagData.Orphan"/> for nobody.</param>
/// <param name="CommitValid">Whether the position is known.</param>
/// <param name="TagTid">Its tag.</param>
/// <param name="EntryTid">Its last entry.</param>
public readonly record struct JournalPredecessor(string MirrorUuid, bool CommitValid, ulong TagTid, ulong EntryTid)
{
    /// <summary>Nobody known: what a journal begins with.</summary>
    public static JournalPredecessor None { get; } = new(JournalTagData.Local, false, 0, 0);

    /// <summary>An owner that had committed up to a position; unknown where it had committed nothing.</summary>
    public static JournalPredecessor At(string mirrorUuid, JournalPosition committed) => committed.Positions.Count == 0
        ? new(mirrorUuid, false, 0, 0)
        : new(mirrorUuid, true, committed.Positions[0].TagTid, committed.Positions[0].EntryTid);
}

/// <summary>
/// The line of tags of an image's own journal, as librbd reads it when it opens one (librbd::journal::OpenRequest): each tag is an epoch with one
/// writer, and tells whom it took over from.
/// </summary>
/// <param name="Client">The image itself as the journal's client: its position is what was applied to the image.</param>
/// <param name="Tags">Tags of the image's class that are still kept, oldest first; at least one.</param>
/// <param name="Data">The newest tag's data.</param>
public sealed record JournalTags(JournalClient Client, IReadOnlyList<JournalTag> Tags, JournalTagData Data)
{
    /// <summary>Journaler's IMAGE_CLIENT_ID: the image itself.</summary>
    public const string ImageClientId = "";

    /// <summary>The newest tag.</summary>
    public JournalTag Newest => Tags[^1];

    /// <summary>Its class.</summary>
    public ulong Class => Newest.Class;

    /// <summary>True where this site writes the image (Journal::is_tag_owner).</summary>
    public bool IsLocal => Data.MirrorUuid == JournalTagData.Local;

    /// <summary>True where nobody does: after a demotion.</summary>
    public bool IsOrphan => Data.MirrorUuid == JournalTagData.Orphan;

    /// <summary>True where an operator wants the image copied anew (<c>rbd mirror image resync</c>).</summary>
    public bool IsResyncRequested => ((JournalImageClient)DecodeClient(Client)!).ResyncRequested;

    /// <summary>
    /// Reads the tags. ENOENT where the image is not the journal's client or has no tag, EBADMSG where what it finds there cannot be read.
    /// </summary>
    public static async Task<JournalTags> ReadAsync(ImageJournal journal, CancellationToken cancellationToken = default)
    {
        JournalClient client = await journal.FindClientAsync(ImageClientId, cancellationToken)
            ?? throw Error(Errno.ENOENT, journal, "the image is not registered");
        if (DecodeClient(client) is not JournalImageClient image)
        {
            throw Error(Errno.EBADMSG, journal, "the image's registration cannot be read");
        }

        IReadOnlyList<JournalTag> tags = await journal.ListTagsAsync(ImageClientId, 0, image.TagClass, cancellationToken);

        return tags.Count > 0
            ? new JournalTags(client, tags, Decode(journal, tags[^1]))
            : throw Error(Errno.ENOENT, journal, "there is no tag");
    }

    /// <summary>
    /// Makes the next tag, and reads the line of tags again. A local one after a local one is what every acquisition of the lock makes; promotion and
    /// demotion name other owners.
    /// </summary>
    /// <param name="journal">The journal.</param>
    /// <param name="owner">Mirror uuid of whoever writes from here on: empty for this site.</param>
    /// <param name="predecessor">Whoever wrote before.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public async Task<JournalTags> AllocateAsync(
        ImageJournal journal, string owner, JournalPredecessor predecessor, CancellationToken cancellationToken = default)
    {
        JournalTagData data = DataOf(owner, predecessor);
        JournalTag tag = await journal.AllocateTagAsync(Class, data.ToBytes(), cancellationToken);
        return this with { Tags = [.. Tags, tag], Data = data };
    }

    /// <summary>Makes this site's next tag (Journal::allocate_local_tag): its predecessor is this site, as far as it has committed.</summary>
    public Task<JournalTags> AllocateLocalAsync(ImageJournal journal, CancellationToken cancellationToken = default) => AllocateAsync(
        journal, JournalTagData.Local,
        IsLocal ? JournalPredecessor.At(JournalTagData.Local, Client.CommitPosition) : JournalPredecessor.None, cancellationToken);

    /// <summary>A tag's data.</summary>
    public static JournalTagData DataOf(string owner, JournalPredecessor predecessor) =>
        new(owner, predecessor.MirrorUuid, predecessor.CommitValid, predecessor.TagTid, predecessor.EntryTid);

    /// <summary>Decodes a tag's data. EBADMSG where it cannot be read.</summary>
    public static JournalTagData Decode(ImageJournal journal, JournalTag tag)
    {
        try
        {
            return CephEncodingExtensions.Decode<JournalTagData>(tag.Data.Span);
        }
        catch (Rados.Encoding.CephDecodeException exception)
        {
            throw new RadosException(Errno.EBADMSG, $"reading tag {tag.Tid} of journal {journal.Pool.Name}/{journal.HeaderName}", exception);
        }
    }

    /// <summary>Decodes what a client keeps with its registration; null where it cannot be read.</summary>
    public static JournalClientData? DecodeClient(JournalClient client)
    {
        try
        {
            return CephEncodingExtensions.Decode<JournalClientData>(client.Data.Span);
        }
        catch (Rados.Encoding.CephDecodeException)
        {
            return null;
        }
    }

    private static RadosException Error(int errno, ImageJournal journal, string why) =>
        new(errno, $"reading the tags of journal {journal.Pool.Name}/{journal.HeaderName} ({why})");
}
