using System.Net;

namespace Nacre.Rados.Caps;

/// <summary>What a mon or mgr command needs.</summary>
/// <param name="Service">The part of the site it belongs to: "mon", "osd", "auth", "config-key", "config", "mgr"…</param>
/// <param name="Module">Mgr commands: the module that answers it ("rbd_support"); else empty.</param>
/// <param name="Command">Its prefix, "osd pool create".</param>
/// <param name="Arguments">Its arguments as text.</param>
/// <param name="Access">Read, write, execute.</param>
/// <param name="Address">The client's address, for <c>network</c> grants.</param>
public readonly record struct CommandAccessRequest(
    string Service, string Module, string Command, IReadOnlyDictionary<string, string> Arguments, CapsAccess Access, IPAddress? Address = null);
