using Nacre.ObjectClasses.Journal;

namespace Nacre.Journal.Metadata;

/// <summary>Which of a journal's object sets exist.</summary>
/// <param name="Minimum">The oldest that is kept.</param>
/// <param name="Active">The one that is written; sets below it get no more entries.</param>
public readonly record struct JournalSets(ulong Minimum, ulong Active);

/// <summary>What changes of a journal's header.</summary>
/// <param name="Sets">Its object sets.</param>
/// <param name="Clients">Whom it is kept for, by id.</param>
public sealed record JournalState(JournalSets Sets, IReadOnlyList<JournalClient> Clients);
