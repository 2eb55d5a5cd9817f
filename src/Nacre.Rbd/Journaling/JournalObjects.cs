using System.Globalization;
using Nacre.Journal;
using Nacre.Journal.Metadata;
using Nacre.ObjectClasses.Calls;
using Nacre.ObjectClasses.Encoding;
using Nacre.ObjectClasses.Journal;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Rbd.Journaling;

/// <summary>Makes and removes the journal of an image (librbd/journal/CreateRequest.cc, RemoveRequest.cc; Journaler::create and remove).</summary>
internal static class JournalObjects
{
    private const int MinimumOrder = 12;
    private const int MaximumOrder = 26;

    /// <summary>
    /// Makes a journal with its first tag and the image as its client. What a making that was killed has left is replaced: the image must not have the
    /// feature yet, and nobody else may be switching it on.
    /// </summary>
    /// <param name="pool">The image's pool.</param>
    /// <param name="id">The image.</param>
    /// <param name="layout">How it lies in objects.</param>
    /// <param name="option">An option's value; null where it is unknown.</param>
    /// <param name="cancellationToken">Gives up waiting.</param>
    public static async Task CreateAsync(
        IPool pool, string id, JournalLayout layout, Func<string, string?> option, CancellationToken cancellationToken)
    {
        int order = layout.Order ?? Number(option("rbd_journal_order"), 24);
        int width = layout.SplayWidth ?? Number(option("rbd_journal_splay_width"), 4);
        if (order is < MinimumOrder or > MaximumOrder)
        {
            throw new RadosException(Errno.EDOM, $"creating a journal with objects of 2^{order} bytes, not between 2^{MinimumOrder} and 2^{MaximumOrder}");
        }

        if (width is < 1 or > byte.MaxValue)
        {
            throw new RadosException(Errno.EINVAL, $"creating a journal that writes {width} objects in turn");
        }

        long dataPool = await FindPoolAsync(pool, layout.Pool ?? option("rbd_journal_pool"), cancellationToken);
        string header = ImageJournal.HeaderOf(id);
        int code = await pool.CallForCodeAsync(header, JournalCalls.Create((byte)order, (byte)width, dataPool), cancellationToken);
        if (code == -Errno.EEXIST)
        {
            await RemoveAsync(pool, id, cancellationToken);
            code = await pool.CallForCodeAsync(header, JournalCalls.Create((byte)order, (byte)width, dataPool), cancellationToken);
        }

        RadosException.ThrowIfFailed(code, "creating a journal", pool.Name, header);
        try
        {
            ImageJournal journal = await ImageJournal.OpenAsync(pool, id, cancellationToken);
            JournalTagData data = JournalTags.DataOf(layout.Owner, JournalPredecessor.None);
            JournalTag tag = await journal.AllocateTagAsync(JournalTag.NewClass, data.ToBytes(), cancellationToken);
            await journal.RegisterClientAsync(
                JournalTags.ImageClientId, ((JournalClientData)new JournalImageClient(tag.Class, false)).ToBytes(), cancellationToken);
        }
        catch
        {
            await pool.RemoveAsync(header, null, CancellationToken.None);
            throw;
        }
    }

    /// <summary>Removes a journal with all its entries, whoever still needs them; an absent one is no error. Killed in between, it is done again.</summary>
    public static async Task RemoveAsync(IPool pool, string id, CancellationToken cancellationToken)
    {
        ImageJournal journal;
        try
        {
            journal = await ImageJournal.OpenAsync(pool, id, cancellationToken);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT)
        {
            return;
        }

        JournalSets sets = await journal.ReadSetsAsync(cancellationToken);
        ulong end = (sets.Active + 1) * journal.SplayWidth;
        for (ulong number = sets.Minimum * journal.SplayWidth; number < end; number++)
        {
            await journal.DataPool.RemoveAsync(journal.ObjectName(number), null, cancellationToken);
        }

        await pool.RemoveAsync(journal.HeaderName, null, cancellationToken);
    }

    private static async Task<long> FindPoolAsync(IPool pool, string? name, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(name))
        {
            return -1;
        }

        IPool found = await pool.Cluster.OpenPoolAsync(name, cancellationToken);
        return found.Id;
    }

    private static int Number(string? text, int fallback) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out int value) ? value : fallback;
}
