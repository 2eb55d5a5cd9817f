using System.Net;

namespace Nacre.Rados.Caps;

/// <summary>An object-class method that an operation calls, and what it does to the object.</summary>
public readonly record struct ClassCall(string Class, string Method, bool Reads, bool Writes);

/// <summary>What an operation on one object needs.</summary>
/// <param name="Pool">Pool name.</param>
/// <param name="Namespace">Namespace.</param>
/// <param name="Object">Object name; empty for listing.</param>
/// <param name="Reads">It reads data, xattrs, omap or the object's state other than through a class.</param>
/// <param name="Writes">It writes other than through a class.</param>
/// <param name="Classes">Class methods that it calls.</param>
/// <param name="Applications">The pool's application metadata, for <c>tag</c> grants: application, key, value.</param>
/// <param name="Address">The client's address, for <c>network</c> grants.</param>
public readonly record struct OsdAccessRequest(
    string Pool,
    string Namespace,
    string Object,
    bool Reads,
    bool Writes,
    IReadOnlyList<ClassCall> Classes,
    IReadOnlyDictionary<string, IReadOnlyDictionary<string, string>>? Applications = null,
    IPAddress? Address = null);
