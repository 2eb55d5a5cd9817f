namespace Nacre.Rados.Embedded.Storage;

/// <summary>Names an object: pool, namespace, name.</summary>
internal readonly record struct ObjectKey(uint Pool, string Namespace, string Name)
{
    /// <inheritdoc/>
    public override string ToString() => Namespace.Length == 0 ? $"{Pool}/{Name}" : $"{Pool}/{Namespace}/{Name}";
}
