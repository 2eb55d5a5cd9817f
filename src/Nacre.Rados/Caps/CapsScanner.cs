namespace Nacre.Rados.Caps;

/// <summary>
/// The tokens that Ceph's three caps grammars share. Every method either consumes what it names or leaves the position alone, so
/// alternatives are tried in order and the first that fits is kept, as in Ceph's parsers.
/// </summary>
internal sealed class CapsScanner(string text)
{
    public int Position { get; set; }

    public bool AtEnd => Position >= text.Length;

    public string Rest => text[Position..];

    public bool Spaces()
    {
        int start = Position;
        while (Position < text.Length && text[Position] is ' ' or '\t' or '\n' or '\r' or '\v' or '\f')
        {
            Position++;
        }

        return Position > start;
    }

    public bool Literal(string literal)
    {
        if (string.CompareOrdinal(text, Position, literal, 0, literal.Length) != 0)
        {
            return false;
        }

        Position += literal.Length;
        return true;
    }

    /// <summary><c>=</c> or blanks between a keyword and its value.</summary>
    public bool EqualsOrSpaces() => Literal("=") || Spaces();

    /// <summary>Blanks, then the keyword.</summary>
    public bool SpacedLiteral(string literal) => Try(() => Spaces() && Literal(literal));

    /// <summary>A word, or text in single or double quotes; null where there is neither.</summary>
    public string? Text(bool emptyAllowed = false)
    {
        if (!AtEnd && text[Position] is '"' or '\'')
        {
            int end = text.IndexOf(text[Position], Position + 1);
            if (end > Position + 1 || (emptyAllowed && end == Position + 1))
            {
                string quoted = text[(Position + 1)..end];
                Position = end + 1;
                return quoted;
            }

            return null;
        }

        return While(static c => char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '/' or '-');
    }

    /// <summary>An address and prefix length.</summary>
    public string? Network() => While(static c => char.IsAsciiHexDigit(c) || c is '/' or '.' or ':' or ']' or '[');

    /// <summary>A decimal number.</summary>
    public string? Number() => While(char.IsAsciiDigit);

    /// <summary>Runs an alternative and takes its consumption back where it fails.</summary>
    public bool Try(Func<bool> alternative)
    {
        int start = Position;
        if (alternative())
        {
            return true;
        }

        Position = start;
        return false;
    }

    /// <summary><c> network 10.0.0.0/8</c>; the empty string where there is none.</summary>
    public string OptionalNetwork()
    {
        string? network = null;
        Try(() => Spaces() && Literal("network") && Spaces() && (network = Network()) is not null);
        return network ?? "";
    }

    /// <summary>Grants between commas or semicolons; stands behind the last good one.</summary>
    public List<T> Grants<T>(Func<T?> grant) where T : class
    {
        var grants = new List<T>();
        int good = Position;
        for (T? next = grant(); next is not null; next = grant())
        {
            grants.Add(next);
            good = Position;
            Spaces();
            if (!Literal(",") && !Literal(";"))
            {
                break;
            }
        }

        Position = good;
        return grants;
    }

    private string? While(Func<char, bool> accept)
    {
        int start = Position;
        while (Position < text.Length && accept(text[Position]))
        {
            Position++;
        }

        return Position > start ? text[start..Position] : null;
    }
}
