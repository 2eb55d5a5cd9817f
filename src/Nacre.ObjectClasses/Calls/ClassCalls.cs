using Nacre.Rados.Encoding;

namespace Nacre.ObjectClasses.Calls;

/// <summary>A call of a class method that changes its object, arguments encoded; it can stand alone or in a compound write.</summary>
/// <param name="Class">The object class.</param>
/// <param name="Method">The method.</param>
/// <param name="Input">Its arguments.</param>
public sealed record ClassWrite(string Class, string Method, ReadOnlyMemory<byte> Input);

/// <summary>A call of a class method that reads; it can stand alone or in a compound read.</summary>
/// <param name="Class">The object class.</param>
/// <param name="Method">The method.</param>
/// <param name="Input">Its arguments.</param>
/// <param name="Decoder">Decodes its output.</param>
/// <typeparam name="T">What it returns.</typeparam>
public sealed record ClassRead<T>(string Class, string Method, ReadOnlyMemory<byte> Input, Encoding.ElementReader<T> Decoder)
{
    /// <summary>Decodes the output. Damaged output throws <see cref="CephDecodeException"/>.</summary>
    public T Decode(ReadOnlySpan<byte> output)
    {
        var reader = new CephReader(output);
        return Decoder(ref reader);
    }

    /// <summary>Decodes the output of that step of a compound read that succeeded.</summary>
    public T Decode(Rados.Objects.OperationResult result, int step) => Decode(result.Outputs[step].Data.Span);
}
