namespace Nacre.Rados.Embedded.Worker;

/// <summary>What an operation does to the data.</summary>
public enum ChangeKind
{
    /// <summary>Writes at an offset.</summary>
    Write,
    /// <summary>Sets the size.</summary>
    Truncate,
    /// <summary>Replaces all.</summary>
    Replace,
}

/// <summary>One operation of the history.</summary>
public sealed record Change
{
    /// <summary>What it does.</summary>
    public required ChangeKind Kind { get; init; }

    /// <summary>Where, or the new size.</summary>
    public int Offset { get; init; }

    /// <summary>What it writes.</summary>
    public byte[] Data { get; init; } = [];

    /// <summary>The bytes afterwards.</summary>
    public byte[] ApplyTo(byte[] bytes)
    {
        switch (Kind)
        {
            case ChangeKind.Replace:
                return Data;
            case ChangeKind.Truncate:
                Array.Resize(ref bytes, Offset);
                return bytes;
            default:
                byte[] written = new byte[Math.Max(bytes.Length, Offset + Data.Length)];
                bytes.CopyTo(written, 0);
                Data.CopyTo(written, Offset);
                return written;
        }
    }
}
