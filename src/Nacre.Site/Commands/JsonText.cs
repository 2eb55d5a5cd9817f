using System.Buffers;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace Nacre.Site.Commands;

/// <summary>JSON as Ceph's formatter writes it: compact, or with four blanks.</summary>
internal static class JsonText
{
    public static byte[] Write(Action<Utf8JsonWriter> write, bool pretty)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(
            buffer, new JsonWriterOptions { Indented = pretty, IndentSize = 4, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            write(writer);
        }

        if (pretty)
        {
            buffer.Write("\n"u8);
        }

        return buffer.WrittenSpan.ToArray();
    }

    /// <summary>A time as Ceph prints it.</summary>
    public static string Time(DateTimeOffset time) =>
        time.ToUniversalTime().ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff'+0000'", System.Globalization.CultureInfo.InvariantCulture);
}
