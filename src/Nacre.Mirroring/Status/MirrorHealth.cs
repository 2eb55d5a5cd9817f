using Nacre.ObjectClasses.Rbd;

namespace Nacre.Mirroring;

/// <summary>How well mirroring does; the greater is the worse and wins where two are joined (src/tools/rbd/MirrorDaemonServiceInfo.h).</summary>
public enum MirrorHealth
{
    /// <summary>OK.</summary>
    Ok = 0,
    /// <summary>Nothing is known: no daemon runs.</summary>
    Unknown = 1,
    /// <summary>Something is not as it should be, but may be for a while.</summary>
    Warning = 2,
    /// <summary>Something needs the operator.</summary>
    Error = 3,
}

/// <summary>Ceph's rules and words for health.</summary>
public static class MirrorHealthRules
{
    /// <summary>As Ceph prints it: OK, UNKNOWN, WARNING, ERROR.</summary>
    public static string ToText(this MirrorHealth health) => health.ToString().ToUpperInvariant();

    /// <summary>Health of a pool's images by how many are in which state: any but replaying and stopped is a warning, an error an error.</summary>
    public static MirrorHealth OfImages(IReadOnlyDictionary<MirrorImageStatusState, int> states) => states.Keys
        .Select(state => state switch
        {
            MirrorImageStatusState.Replaying or MirrorImageStatusState.Stopped => MirrorHealth.Ok,
            MirrorImageStatusState.Error => MirrorHealth.Error,
            _ => MirrorHealth.Warning,
        })
        .DefaultIfEmpty(MirrorHealth.Ok)
        .Max();
}
