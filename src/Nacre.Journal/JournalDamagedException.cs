using Nacre.Rados;

namespace Nacre.Journal;

/// <summary>A journal object holds what no writer wrote. Nothing behind it can be replayed: a copy that follows the journal must be made anew.</summary>
/// <param name="errno">EBADMSG for damaged bytes, ENOMSG for missing entries.</param>
/// <param name="what">What is wrong.</param>
/// <param name="pool">The object's pool.</param>
/// <param name="objectName">The object.</param>
/// <param name="offset">Where in it.</param>
public sealed class JournalDamagedException(int errno, string what, string pool, string objectName, ulong offset)
    : RadosException(errno, $"{what} at byte {offset} of journal object {pool}/{objectName}")
{
    /// <summary>The object.</summary>
    public string ObjectName { get; } = objectName;

    /// <summary>Where in it.</summary>
    public ulong Offset { get; } = offset;
}
