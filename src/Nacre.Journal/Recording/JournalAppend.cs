using Nacre.ObjectClasses.Journal;
using Nacre.Rados;

namespace Nacre.Journal.Recording;

/// <summary>Whoever appended entries and is told of their fates, in the order of the entries. Must be quick, must not throw, must not append.</summary>
public abstract class JournalAppend
{
    /// <summary>An entry and all before it are durable.</summary>
    protected internal abstract void OnDurable(JournalObjectPosition position);

    /// <summary>The recorder failed, and whether the entry is in the journal is not known. Told once for each of its entries.</summary>
    protected internal abstract void OnFailed(RadosException exception);
}
