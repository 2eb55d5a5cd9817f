using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados;
using Nacre.Rados.Clusters;
using Nacre.Rbd;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>Which journal a command is about: by its own name, or by its image's (src/tools/rbd/action/Journal.cc).</summary>
internal static class JournalSpecs
{
    private const string Example = "(example: [<pool-name>/[<namespace>/]]<journal-name>)";

    /// <summary><c>--pool --namespace --image --journal</c>.</summary>
    public static CommandOption[] Options { get; } = [.. RbdOptions.ImageOptions, new("journal", "journal name")];

    /// <summary>The same, described as the source's.</summary>
    public static CommandOption[] SourceOptions { get; } = [.. RbdOptions.SourceImageOptions, new("journal", "source journal name")];

    /// <summary><c>--dest-pool --dest-namespace --dest --dest-journal</c>.</summary>
    public static CommandOption[] DestinationOptions { get; } = [.. RbdOptions.DestinationOptions, new("dest-journal", "destination journal name")];

    /// <summary><c>&lt;journal-spec&gt;</c>.</summary>
    public static CommandPositional Spec { get; } = new("journal-spec", $"journal specification\n{Example}");

    /// <summary><c>&lt;source-journal-spec&gt;</c>.</summary>
    public static CommandPositional SourceSpec { get; } = new("source-journal-spec", $"source journal specification\n{Example}");

    /// <summary><c>&lt;dest-journal-spec&gt;</c>.</summary>
    public static CommandPositional DestinationSpec { get; } = new("dest-journal-spec", $"destination journal specification\n{Example}");

    /// <summary>Pool and name of the journal.</summary>
    public static async Task<RbdImageSpec> ReadAsync(RbdCommandContext context, bool isDestination, CancellationToken cancellationToken)
    {
        CommandArguments arguments = context.Arguments;
        string prefix = isDestination ? "dest-" : "";
        var spec = new RbdImageSpec(arguments.Get(prefix + "pool") ?? "", arguments.Get(prefix + "namespace") ?? "", "", "");
        string journal = "";
        if (arguments.Get(prefix + "journal") is { Length: > 0 } given)
        {
            spec = Extract(spec, given, SpecValidation.Full);
            journal = spec.Image;
        }

        string image = "";
        if (arguments.Get(isDestination ? "dest" : "image") is { Length: > 0 } imageGiven)
        {
            spec = Extract(spec, imageGiven, SpecValidation.None);
            image = spec.Image;
        }

        if (journal.Length == 0 && arguments.Next() is { Length: > 0 } text)
        {
            spec = Extract(spec, text, SpecValidation.Full);
            journal = spec.Image;
        }

        if (journal.Length == 0 && image.Length > 0)
        {
            journal = await FindAsync(context, spec with { Image = image }, cancellationToken);
        }

        return journal.Length > 0
            ? spec with { Image = journal }
            : throw RbdCommandContext.Failure($"{(isDestination ? "destination " : "")}journal was not specified");
    }

    private static RbdImageSpec Extract(RbdImageSpec given, string text, SpecValidation validation)
    {
        RbdImageSpec spec = RbdSpecs.Extract(given, text, validation);
        return spec.Snapshot.Length == 0 ? spec : throw RbdCommandContext.Failure("snapshot name specified for a command that doesn't use it");
    }

    private static async Task<string> FindAsync(RbdCommandContext context, RbdImageSpec spec, CancellationToken cancellationToken)
    {
        IPool pool = await context.OpenPoolAsync(spec, cancellationToken);
        try
        {
            await using Image image = await context.OpenImageAsync(pool, spec, readOnly: true, cancellationToken);
            return image.Features.HasFlag(RbdFeatures.Journaling)
                ? image.Id
                : throw new CommandFailedException(Errno.EINVAL, $"rbd: journaling is not enabled for image {spec.Image}");
        }
        catch (CommandFailedException exception) when (exception.InnerException is RadosException cause)
        {
            context.Error.Write(exception.Line + "\n");
            throw RbdCommandContext.Failure($"failed to open image {spec.Image} to get journal name", cause);
        }
    }
}
