namespace Nacre.Rbd.Journaling;

/// <summary>Where replayed changes go.</summary>
internal interface IReplayTarget
{
    /// <summary>Bytes of an object.</summary>
    ulong ObjectSize { get; }

    /// <summary>False where the object map has to be changed before the object may be written.</summary>
    bool IsPrepared(ulong objectNumber);

    /// <summary>Has the object map say that objects exist, before they are written.</summary>
    /// <param name="objectNumbers">Ascending.</param>
    Task PrepareAsync(IReadOnlyList<ulong> objectNumbers);

    /// <summary>Changes an object, durably when done.</summary>
    Task WriteAsync(ObjectBatch batch);

    /// <summary>The error that names the entry which could not be applied.</summary>
    Exception Failed(ReplayedEntry entry, Exception cause);
}
