using Nacre.Cli.Commands;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rbd;
using Nacre.Rbd.Journaling;

namespace Nacre.Cli.Rbd.Images;

/// <summary>The options of commands that make an image: create, import.</summary>
internal static class CreateArguments
{
    /// <summary>Text at the end of the help of commands that take features.</summary>
    public const string FeaturesHelp =
        "Image Features:\n"
        + "  (*) supports enabling/disabling on existing images\n"
        + "  (-) supports disabling-only on existing images\n"
        + "  (+) enabled by default for new images if features not specified\n";

    /// <summary>As rbd lists them.</summary>
    public static CommandOption[] Options { get; } =
    [
        new("image-format", "image format [default: 2]"),
        CommandOption.Switch("new-format", "deprecated[:image-format]") with { IsDeprecated = true },
        new("order", "deprecated[:object-size]") { IsDeprecated = true },
        new("object-size", "object size in B/K/M [4K <= object size <= 32M]"),
        new("image-feature", "image features\n[layering(+), exclusive-lock(+*), object-map(+*), deep-flatten(+-), journaling(*)]") { IsRepeatable = true },
        CommandOption.Switch("image-shared", "shared image"),
        new("stripe-unit", "stripe unit in B/K/M"),
        new("stripe-count", "stripe count"),
        new("data-pool", "data pool"),
        new("mirror-image-mode", "mirror image mode [journal or snapshot]"),
        new("journal-splay-width", "number of active journal objects"),
        new("journal-object-size", "size of journal objects [4K <= size <= 64M]"),
        new("journal-pool", "pool for journal objects"),
    ];

    /// <summary><c>--size</c>.</summary>
    public static CommandOption Size { get; } = new("size", "image size (in M/G/T) [default: M]") { Short = 's', IsRequired = true };

    /// <summary>Reads them.</summary>
    public static ImageCreateOptions Read(CommandArguments arguments)
    {
        if ((arguments.GetNumber("image-format") ?? 2) != 2)
        {
            throw RbdCommandContext.Failure("only image format 2 is supported");
        }

        return new ImageCreateOptions
        {
            Features = ReadFeatures(arguments),
            Order = ReadOrder(arguments),
            StripeUnit = arguments.GetSize("stripe-unit"),
            StripeCount = arguments.GetNumber("stripe-count"),
            DataPool = arguments.Get("data-pool"),
            Journal = ReadJournal(arguments),
        };
    }

    /// <summary>Reads the options of a journal.</summary>
    public static JournalLayout ReadJournal(CommandArguments arguments)
    {
        int? order = null;
        if (arguments.GetSize("journal-object-size") is { } size)
        {
            // Rounded up to a power of two, as Ceph does.
            order = size is >= 1 << 12 and <= 1 << 26
                ? 64 - System.Numerics.BitOperations.LeadingZeroCount(size - 1)
                : throw arguments.Invalid("journal-object-size");
        }

        ulong? width = arguments.GetNumber("journal-splay-width");
        return new JournalLayout { Order = order, SplayWidth = width is { } value ? (int)Math.Min(value, int.MaxValue) : null, Pool = arguments.Get("journal-pool") };
    }

    /// <summary>Parses feature names, separated by commas or in several options.</summary>
    public static RbdFeatures? ParseFeatures(IEnumerable<string> values)
    {
        var features = RbdFeatures.None;
        foreach (string name in values.SelectMany(value => value.Split(',', StringSplitOptions.RemoveEmptyEntries)))
        {
            if (RbdFeatureNames.Parse(name) is not { } feature)
            {
                return null;
            }

            features |= feature;
        }

        return features;
    }

    private static RbdFeatures? ReadFeatures(CommandArguments arguments)
    {
        RbdFeatures? features = null;
        if (arguments.Has("image-feature"))
        {
            features = ParseFeatures(arguments.GetAll("image-feature")) ?? throw arguments.Invalid("image-feature");
        }

        if (arguments.Has("image-shared"))
        {
            features = (features ?? RbdFeatures.Default) & ~RbdFeatures.SingleClient;
        }

        return features;
    }

    private static int? ReadOrder(CommandArguments arguments)
    {
        if (arguments.GetNumber("order") is { } order)
        {
            return order is >= 12 and <= 25 ? (int)order : throw arguments.Invalid("order");
        }

        if (arguments.GetSize("object-size") is { } size)
        {
            // Rounded to the nearest power of two, as Ceph does.
            int rounded = size == 0 ? 0 : (int)Math.Round(Math.Log2(size));
            return rounded is >= 12 and <= 25 ? rounded : throw arguments.Invalid("object-size");
        }

        return null;
    }
}
