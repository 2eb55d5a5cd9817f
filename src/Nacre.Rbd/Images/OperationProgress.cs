namespace Nacre.Rbd;

/// <summary>How far a long operation is, in its own units (objects, mostly).</summary>
/// <param name="Done">Units done.</param>
/// <param name="Total">Units in all; 0 while unknown.</param>
public readonly record struct OperationProgress(ulong Done, ulong Total);
