using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Journal;

namespace Nacre.Journal.Reading;

/// <summary>
/// An entry and where it was found. Its data point into a shared buffer: dispose it once they are no longer needed. What is not disposed is only
/// lost to the buffers' pool, never overwritten.
/// </summary>
public sealed class PlayedEntry : IDisposable
{
    private EntryBuffer? _buffer;

    internal PlayedEntry(JournalEntry entry, ulong objectNumber, ulong offset, EntryBuffer buffer)
    {
        Entry = entry;
        ObjectNumber = objectNumber;
        Offset = offset;
        buffer.Hold();
        _buffer = buffer;
    }

    /// <summary>The entry.</summary>
    public JournalEntry Entry { get; }

    /// <summary>The journal's object that holds it.</summary>
    public ulong ObjectNumber { get; }

    /// <summary>Where in that object.</summary>
    public ulong Offset { get; }

    /// <summary>What a client commits that has done with it.</summary>
    public JournalObjectPosition Position => new(ObjectNumber, Entry.TagTid, Entry.EntryTid);

    /// <inheritdoc/>
    public void Dispose() => Interlocked.Exchange(ref _buffer, null)?.Release();
}
