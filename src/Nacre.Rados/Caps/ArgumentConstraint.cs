using System.Text.RegularExpressions;

namespace Nacre.Rados.Caps;

/// <summary>How a command's argument is restricted by a mon or mgr grant.</summary>
internal enum ConstraintKind
{
    Equal,
    Prefix,
    Regex,
}

/// <summary>A restriction of one argument: <c>key=value</c>, <c>key prefix value</c> or <c>key regex value</c>.</summary>
internal readonly record struct ArgumentConstraint(ConstraintKind Kind, string Value)
{
    public static bool Hold(IReadOnlyDictionary<string, ArgumentConstraint> constraints, IReadOnlyDictionary<string, string> arguments)
    {
        foreach ((string key, ArgumentConstraint constraint) in constraints)
        {
            if (!arguments.TryGetValue(key, out string? value) || !constraint.Holds(value))
            {
                return false;
            }
        }

        return true;
    }

    /// <summary>Pairs after <c>with</c> (mon, mgr) or after a profile's name (mgr); null where there is none.</summary>
    public static Dictionary<string, ArgumentConstraint>? Parse(CapsScanner scanner)
    {
        Dictionary<string, ArgumentConstraint>? constraints = null;
        do
        {
            string? key = null;
            ArgumentConstraint? constraint = null;
            if (!scanner.Try(() => (constraints is null || scanner.Spaces()) && (key = scanner.Text()) is not null
                && (constraint = Comparison(scanner)) is not null))
            {
                break;
            }

            constraints ??= [];
            constraints[key!] = constraint!.Value;
        }
        while (true);
        return constraints;
    }

    private bool Holds(string value)
    {
        try
        {
            return Kind switch
            {
                ConstraintKind.Equal => value == Value,
                ConstraintKind.Prefix => value.StartsWith(Value, StringComparison.Ordinal),
                _ => Regex.IsMatch(value, $@"\A(?:{Value})\z", RegexOptions.NonBacktracking | RegexOptions.CultureInvariant),
            };
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException)
        {
            return false; // a pattern that is none admits nothing, as in Ceph
        }
    }

    private static ArgumentConstraint? Comparison(CapsScanner scanner)
    {
        string? value = null;
        if (scanner.Try(() =>
        {
            scanner.Spaces();
            bool equals = scanner.Literal("=");
            scanner.Spaces();
            return equals && (value = scanner.Text()) is not null;
        }))
        {
            return new ArgumentConstraint(ConstraintKind.Equal, value!);
        }

        if (scanner.Try(() => scanner.SpacedLiteral("prefix") && scanner.Spaces() && (value = scanner.Text()) is not null))
        {
            return new ArgumentConstraint(ConstraintKind.Prefix, value!);
        }

        return scanner.Try(() => scanner.SpacedLiteral("regex") && scanner.Spaces() && (value = scanner.Text()) is not null)
            ? new ArgumentConstraint(ConstraintKind.Regex, value!)
            : null;
    }
}
