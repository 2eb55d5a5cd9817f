using System.Collections.Frozen;
using Nacre.Rados.Caps;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Clusters;
using Nacre.Rados.Objects;
using Nacre.Site.Commands;
using Nacre.Site.Users;

namespace Nacre.Site.Sessions;

/// <summary>What each call needs of a user's caps (src/osd/osd_op_util.cc, src/mon/OSDMonitor.cc).</summary>
internal sealed class AccessCheck
{
    private static readonly ClassCall[] _noClasses = [];
    private static readonly Dictionary<string, string> _noArguments = [];

    private readonly SiteMonitor _site;
    private readonly FrozenDictionary<(string Class, string Method), ClassMethodAccess> _methods;

    public AccessCheck(SiteMonitor site, IReadOnlyList<ObjectClass> classes)
    {
        _site = site;
        _methods = classes
            .SelectMany(c => c.Methods, (c, m) => KeyValuePair.Create((c.Name, m.Name), m.Access))
            .ToFrozenDictionary();
    }

    /// <summary>Whether a compound operation is allowed; EPERM where not.</summary>
    public bool MayOperate(SiteUser user, IPool pool, string objectName, IReadOnlyList<OperationStep> steps)
    {
        bool reads = false;
        bool writes = false;
        List<ClassCall>? classes = null;
        for (int i = 0; i < steps.Count; i++)
        {
            switch (steps[i])
            {
                case ExecStep exec:
                    // One that there is not is refused by the store itself, whoever asks.
                    if (_methods.TryGetValue((exec.Class, exec.Method), out ClassMethodAccess access))
                    {
                        (classes ??= []).Add(new ClassCall(
                            exec.Class, exec.Method, access.HasFlag(ClassMethodAccess.Read), access.HasFlag(ClassMethodAccess.Write)));
                    }

                    break;
                case ReadStep or SparseReadStep or StatStep or GetXattrStep or GetXattrsStep or OmapGetKeysStep or OmapGetValuesStep
                    or OmapGetValuesByKeysStep or ChecksumStep or AssertExistsStep or AssertVersionStep or CompareXattrStep or CompareOmapStep
                    or CompareExtentStep:
                    reads = true;
                    break;
                default:
                    writes = true;
                    break;
            }
        }

        return MayAccess(user, pool, objectName, reads, writes, classes ?? (IReadOnlyList<ClassCall>)_noClasses);
    }

    /// <summary>Whether steps change anything, also through class methods that a read calls.</summary>
    public bool Changes(IReadOnlyList<OperationStep> steps) =>
        steps.Any(s => s is ExecStep exec && _methods.TryGetValue((exec.Class, exec.Method), out ClassMethodAccess access)
            && access.HasFlag(ClassMethodAccess.Write));

    /// <summary>Plain access to an object: watching is read and write, since a watch changes the object's state.</summary>
    public bool MayAccess(SiteUser user, IPool pool, string objectName, bool reads, bool writes) =>
        MayAccess(user, pool, objectName, reads, writes, _noClasses);

    /// <summary>Self-managed snapshot ids: who may write in the pool, or has the monitors' caps for it.</summary>
    public bool MayManageSnapshots(SiteUser user, string pool) => user.Objects.WritesInPool(pool) || user.Monitor.IsCapable(
        new CommandAccessRequest(
            "osd", "", "osd pool op unmanaged-snap", new Dictionary<string, string> { ["poolname"] = pool }, CapsAccess.Write));

    /// <summary>A service of the monitors in general.</summary>
    public bool MayCommand(SiteUser user, string service, CapsAccess access) =>
        user.Monitor.IsCapable(new CommandAccessRequest(service, "", "", _noArguments, access));

    /// <summary>Blocklisting, as the command that it is.</summary>
    public bool MayBlocklist(SiteUser user, string address) => user.Monitor.IsCapable(new CommandAccessRequest(
        "osd", "", "osd blocklist", new Dictionary<string, string> { ["blocklistop"] = "add", ["addr"] = address }, CapsAccess.Read | CapsAccess.Write));

    private bool MayAccess(SiteUser user, IPool pool, string objectName, bool reads, bool writes, IReadOnlyList<ClassCall> classes) =>
        user.Objects.IsCapable(new OsdAccessRequest(
            pool.Name, pool.Namespace, objectName, reads, writes, classes, user.Objects.AsksForTags ? _site.Applications.Of(pool.Id) : null));
}
