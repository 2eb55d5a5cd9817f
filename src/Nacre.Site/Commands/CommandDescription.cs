using Nacre.Rados.Caps;
using Nacre.Rados.Clusters;

namespace Nacre.Site.Commands;

/// <summary>Answers one command. A <see cref="Rados.RadosException"/> becomes its code and text.</summary>
internal delegate Task<CommandResult> CommandHandler(CommandContext context, CancellationToken cancellationToken);

/// <summary>A command of the site.</summary>
/// <param name="Prefix">Its words, <c>osd pool create</c>.</param>
/// <param name="Service">The service that its caps are given for ("osd", "auth", "config-key"…).</param>
/// <param name="Access">What it needs there.</param>
/// <param name="Handler">What it does.</param>
internal sealed record CommandDescription(string Prefix, string Service, CapsAccess Access, CommandHandler Handler)
{
    /// <summary>A command of the manager; else of the monitors.</summary>
    public bool Manager { get; init; }

    /// <summary>The manager module that answers it, for <c>allow module</c> and the profiles.</summary>
    public string Module { get; init; } = "";
}
