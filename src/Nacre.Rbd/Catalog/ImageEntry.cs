using Nacre.ObjectClasses.Rbd;

namespace Nacre.Rbd;

/// <summary>An image's name and id, from the directory.</summary>
public readonly record struct ImageEntry(string Name, string Id);

/// <summary>An image in the trash.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Spec">Its name, source and times.</param>
public sealed record TrashEntry(string Id, TrashImageSpec Spec);
