using Nacre.Journal.Formats;
using Nacre.Rados;
using Nacre.Rados.Objects;

namespace Nacre.Journal.Reading;

/// <summary>
/// Reads one journal object from its beginning, a part ahead, and gives its entries in the order of the object (src/journal/ObjectPlayer.cc).
/// Appends are atomic, so where a read came to the object's end in the middle of an entry the object is damaged. Not safe for concurrent use.
/// </summary>
internal sealed class ObjectReader : IAsyncDisposable
{
    private readonly ImageJournal _journal;
    private readonly int _fetchBytes;
    private readonly CancellationToken _cancellationToken;
    private readonly string _name;
    private EntryBuffer? _buffer;
    private ReadOnlyMemory<byte> _rest;
    private ulong _restOffset;
    private Task<OperationResult>? _fetch;
    private JournalDamagedException? _damage;

    /// <param name="journal">The journal.</param>
    /// <param name="number">The object.</param>
    /// <param name="fetchBytes">Bytes of one read.</param>
    /// <param name="cancellationToken">Ends reads under way; cancel it before disposing.</param>
    public ObjectReader(ImageJournal journal, ulong number, int fetchBytes, CancellationToken cancellationToken)
    {
        _journal = journal;
        _fetchBytes = fetchBytes;
        _cancellationToken = cancellationToken;
        _name = journal.ObjectName(number);
        Number = number;
    }

    /// <summary>The object.</summary>
    public ulong Number { get; }

    /// <summary>Its set.</summary>
    public ulong Set => Number / _journal.SplayWidth;

    /// <summary>True where the last read found no object.</summary>
    public bool IsAbsent { get; private set; }

    /// <summary>The next entry, once <see cref="FillAsync"/> has found one.</summary>
    public PlayedEntry? Head { get; private set; }

    /// <summary>Begins to read on, if nothing is under way.</summary>
    public void Prefetch() => _fetch ??= FetchAsync(_restOffset + (ulong)_rest.Length);

    /// <summary>
    /// Finds the next entry, unless one is found already. False where the object has no more; what a read said that began before this call is not
    /// taken as the last word on that.
    /// </summary>
    public async ValueTask<bool> FillAsync()
    {
        while (Head is null && !TryTake())
        {
            bool isFresh = _fetch is null;
            Prefetch();
            bool ended = await TakeFetchedAsync();
            if (!ended || TryTake())
            {
                continue;
            }

            if (_rest.Span.ContainsAnyExcept((byte)0))
            {
                throw Damage("an entry that is cut off");
            }

            if (isFresh)
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>The error that names this object.</summary>
    public JournalDamagedException Damage(int errno, string what, ulong offset) => new(errno, what, _journal.DataPool.Name, _name, offset);

    /// <summary>Gives the found entry away.</summary>
    public PlayedEntry Take()
    {
        PlayedEntry head = Head!;
        Head = null;
        return head;
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Head?.Dispose();
        _buffer?.Release();
        _buffer = null;
        _rest = default;
        if (_fetch is { } fetch)
        {
            _fetch = null;
            try
            {
                (await fetch).Dispose();
            }
            catch (OperationCanceledException)
            {
                // As asked.
            }
        }
    }

    private bool TryTake()
    {
        if (_damage is not null)
        {
            throw _damage;
        }

        while (_rest.Length > 0)
        {
            JournalEntryState state = JournalEntry.TryDecode(_rest, out JournalEntry entry, out int size);
            switch (state)
            {
                case JournalEntryState.Complete:
                    Head = new PlayedEntry(entry, Number, _restOffset, _buffer!);
                    Advance(size);
                    return true;
                case JournalEntryState.Incomplete:
                    return false;
                case JournalEntryState.NoPreamble:
                    int padding = JournalEntry.PaddingAt(_restOffset, _rest.Span);
                    if (padding == 0 && _rest.Length < 8 && !_rest.Span.ContainsAnyExcept((byte)0))
                    {
                        return false;
                    }

                    Advance(padding > 0 ? padding : throw Damage("something that is no entry"));
                    break;
                default:
                    throw Damage(state switch
                    {
                        JournalEntryState.UnknownVersion => "an entry of an unknown version",
                        JournalEntryState.TooLong => "an entry with an impossible length",
                        _ => "an entry that does not match its checksum",
                    });
            }
        }

        return false;
    }

    private void Advance(int size)
    {
        _rest = _rest[size..];
        _restOffset += (ulong)size;
    }

    private JournalDamagedException Damage(string what) => _damage = Damage(Errno.EBADMSG, what, _restOffset);

    private Task<OperationResult> FetchAsync(ulong offset) => _journal.DataPool.OperateAsync(
        _name, new ReadOperation().Read(offset, (ulong)_fetchBytes, StepFlags.DontNeed), SnapshotId.Head, _cancellationToken).AsTask();

    // Joins what was read to what was left; true where the object ended there. Otherwise the next part is asked for at once.
    private async ValueTask<bool> TakeFetchedAsync()
    {
        Task<OperationResult> fetch = _fetch!;
        OperationResult result;
        try
        {
            result = await fetch;
        }
        finally
        {
            _fetch = null;
        }

        using (result)
        {
            IsAbsent = result.ReturnCode == -Errno.ENOENT;
            if (IsAbsent)
            {
                return true;
            }

            RadosException.ThrowIfFailed(result.ReturnCode, "reading journal entries", _journal.DataPool.Name, _name);
            Join(result.Outputs[0].Data);
            bool ended = result.Outputs[0].Data.Length < _fetchBytes;
            if (!ended)
            {
                Prefetch();
            }

            return ended;
        }
    }

    private void Join(ReadOnlyMemory<byte> data)
    {
        if (data.Length == 0)
        {
            return;
        }

        var joined = new EntryBuffer(_rest.Length + data.Length);
        _rest.CopyTo(joined.Memory);
        data.CopyTo(joined.Memory[_rest.Length..]);
        _buffer?.Release();
        _buffer = joined;
        _rest = joined.Memory;
    }
}
