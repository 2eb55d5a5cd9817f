namespace Nacre.Rados.Caps;

/// <summary>What a grant allows. <see cref="ClassRead"/> and <see cref="ClassWrite"/> exist for OSD caps only; there, <c>x</c> is both.</summary>
[Flags]
public enum CapsAccess
{
    /// <summary>Nothing.</summary>
    None = 0,
    /// <summary><c>r</c></summary>
    Read = 1,
    /// <summary><c>w</c></summary>
    Write = 2,
    /// <summary><c>x</c> of mon and mgr caps.</summary>
    Execute = 4,
    /// <summary><c>class-read</c></summary>
    ClassRead = 8,
    /// <summary><c>class-write</c></summary>
    ClassWrite = 16,
    /// <summary><c>*</c>, which is more than the sum of the others.</summary>
    Any = 0xff,
}
