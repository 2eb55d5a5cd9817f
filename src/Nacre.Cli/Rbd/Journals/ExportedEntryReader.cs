namespace Nacre.Cli.Rbd.Journals;

/// <summary>Reads what rbd journal export writes: lines that begin with #, and entries as their length, a space, and that many bytes of JSON.</summary>
internal sealed class ExportedEntryReader(Stream stream)
{
    // Base64 of the longest entry that a journal takes, and some more.
    private const int MaximumLength = 192 << 20;

    private const int FirstPart = 1 << 20;

    private readonly byte[] _byte = new byte[1];

    /// <summary>The next entry's JSON; null at the end. <see cref="InvalidDataException"/> in Ceph's words where the file is none.</summary>
    public async Task<byte[]?> ReadAsync(CancellationToken cancellationToken)
    {
        int first = await ReadByteAsync(cancellationToken);
        while (first is '\n' or '#')
        {
            while (first == '#' && await ReadByteAsync(cancellationToken) is not ('\n' or -1))
            {
            }

            first = await ReadByteAsync(cancellationToken);
        }

        if (first < 0)
        {
            return null;
        }

        if (!char.IsAsciiDigit((char)first))
        {
            throw new InvalidDataException("import data invalid format (digit expected)");
        }

        return await ReadTextAsync(await ReadLengthAsync(first, cancellationToken), cancellationToken);
    }

    private async Task<int> ReadLengthAsync(int first, CancellationToken cancellationToken)
    {
        long length = first - '0';
        for (int digit; (digit = await ReadByteAsync(cancellationToken)) != ' ';)
        {
            if (digit < 0)
            {
                throw new InvalidDataException("error reading import data");
            }

            length = char.IsAsciiDigit((char)digit)
                ? (length * 10) + digit - '0'
                : throw new InvalidDataException("import data invalid format (space expected)");
            if (length > MaximumLength)
            {
                throw new InvalidDataException("import data invalid format (entry size too large)");
            }
        }

        return length > 0 ? (int)length : throw new InvalidDataException("import data invalid format (zero entry size)");
    }

    // Memory grows with what is really there, not with what is promised.
    private async Task<byte[]> ReadTextAsync(int length, CancellationToken cancellationToken)
    {
        byte[] text = new byte[Math.Min(length, FirstPart)];
        for (int done = 0; done < length;)
        {
            if (done == text.Length)
            {
                Array.Resize(ref text, (int)Math.Min(length, text.Length * 2L));
            }

            int count = await stream.ReadAsync(text.AsMemory(done), cancellationToken);
            done += count > 0 ? count : throw new InvalidDataException("error reading from stdin: truncated");
        }

        return text;
    }

    private async Task<int> ReadByteAsync(CancellationToken cancellationToken) => await stream.ReadAsync(_byte, cancellationToken) == 0 ? -1 : _byte[0];
}
