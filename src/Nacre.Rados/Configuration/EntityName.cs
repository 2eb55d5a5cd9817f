namespace Nacre.Rados.Configuration;

/// <summary>Who a client is: a type ("client", "osd", "mgr"…) and an id, written <c>client.admin</c>.</summary>
public readonly record struct EntityName(string Type, string Id)
{
    /// <summary><c>client.admin</c>, whom tools are unless told otherwise.</summary>
    public static EntityName Admin { get; } = new("client", "admin");

    /// <summary>A client of that id.</summary>
    public static EntityName Client(string id) => new("client", id);

    /// <summary>Parses <c>type.id</c>; null where there is no dot or an empty part.</summary>
    public static EntityName? TryParse(string text)
    {
        int dot = text.IndexOf('.', StringComparison.Ordinal);
        return dot > 0 && dot < text.Length - 1 ? new EntityName(text[..dot], text[(dot + 1)..]) : null;
    }

    /// <inheritdoc/>
    public override string ToString() => $"{Type}.{Id}";
}
