namespace Nacre.Bench.Mirror;

/// <summary>How long a delta took to arrive.</summary>
/// <param name="Seconds">From the moment that the snapshot is complete at the source, until it is copied: the daemon's part.</param>
/// <param name="SecondsWithCommand">From the start of the command that makes the snapshot, which is Ceph's for both daemons.</param>
internal readonly record struct Delta(double Seconds, double SecondsWithCommand);
