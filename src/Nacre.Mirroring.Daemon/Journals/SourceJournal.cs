using Nacre.Journal;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Encoding;
using Nacre.Rbd.Journaling;

namespace Nacre.Mirroring.Daemon.Journals;

/// <summary>The source's journal, and this site's registration in it: under the local mirror uuid, as Ceph's daemon does.</summary>
internal sealed class SourceJournal
{
    private readonly string _clientId;

    private SourceJournal(ImageJournal journal, string clientId)
    {
        Journal = journal;
        _clientId = clientId;
    }

    /// <summary>The journal.</summary>
    public ImageJournal Journal { get; }

    /// <summary>The source's line of tags, as of <see cref="ReadAsync"/>.</summary>
    public JournalTags Tags { get; private set; } = null!;

    /// <summary>This site as a client; null where it is not registered.</summary>
    public JournalClient? Client { get; private set; }

    /// <summary>What this site keeps with its registration.</summary>
    public JournalMirrorPeerClient? Peer { get; private set; }

    /// <summary>Opens it. ENOENT where the image has no journal.</summary>
    public static async Task<SourceJournal> OpenAsync(Rados.Clusters.IPool pool, string imageId, string clientId, CancellationToken cancellationToken)
    {
        var opened = new SourceJournal(await ImageJournal.OpenAsync(pool, imageId, cancellationToken), clientId);
        await opened.ReadAsync(cancellationToken);
        return opened;
    }

    /// <summary>Reads tags and registration anew. EBADMSG where they cannot be read.</summary>
    public async Task ReadAsync(CancellationToken cancellationToken)
    {
        Tags = await JournalTags.ReadAsync(Journal, cancellationToken);
        Client = await Journal.FindClientAsync(_clientId, cancellationToken);
        Peer = Client is null ? null : Decode(Client);
    }

    /// <summary>The tags that this site still needs.</summary>
    public async Task<IReadOnlyList<SourceTag>> ListTagsAsync(CancellationToken cancellationToken)
    {
        IReadOnlyList<JournalTag> tags = await Journal.ListTagsAsync(_clientId, 0, Tags.Class, cancellationToken);
        return [.. tags.Select(tag => new SourceTag(tag.Tid, JournalTags.Decode(Journal, tag)))];
    }

    /// <summary>One tag's data.</summary>
    public async Task<JournalTagData> GetTagAsync(ulong tid, CancellationToken cancellationToken) =>
        JournalTags.Decode(Journal, await Journal.Pool.CallAsync(Journal.HeaderName, JournalCalls.GetTag(tid), cancellationToken));

    /// <summary>Registers this site, anew where it is registered: from where the source's other clients are on.</summary>
    public async Task RegisterAsync(string imageId, JournalMirrorPeerState state, CancellationToken cancellationToken)
    {
        if (Client is not null)
        {
            await UnregisterAsync(cancellationToken);
        }

        var peer = new JournalMirrorPeerClient(imageId, state, 0, [], new Dictionary<ulong, ulong>());
        await Journal.RegisterClientAsync(_clientId, ((JournalClientData)peer).ToBytes(), cancellationToken);
        await ReadAsync(cancellationToken);
    }

    /// <summary>Ends the registration; none is no error.</summary>
    public async Task UnregisterAsync(CancellationToken cancellationToken)
    {
        try
        {
            await Journal.UnregisterClientAsync(_clientId, cancellationToken);
        }
        catch (RadosException gone) when (gone.Code == Errno.ENOENT)
        {
            // It is gone already.
        }
    }

    /// <summary>Replaces what is kept with the registration.</summary>
    public async Task UpdateAsync(JournalMirrorPeerClient peer, CancellationToken cancellationToken)
    {
        await Journal.Pool.CallAsync(
            Journal.HeaderName, JournalCalls.UpdateClientData(_clientId, ((JournalClientData)peer).ToBytes()), cancellationToken);
        Peer = peer;
    }

    private JournalMirrorPeerClient Decode(JournalClient client) => JournalTags.DecodeClient(client) as JournalMirrorPeerClient
        ?? throw new RadosException(Errno.EBADMSG, $"registration of this site in journal {Journal.Pool.Name}/{Journal.HeaderName}");
}
