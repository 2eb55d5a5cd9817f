using System.Globalization;
using System.Reflection;

namespace Nacre.ObjectClasses.Tests;

/// <summary>
/// Seeded sequences of calls whose answers Ceph 16.2.15 gave (return code and output of each, and all that its objects held in the end) are
/// carried out again by these methods: the answers and the stored bytes are the same.
/// </summary>
public class TranscriptTests
{
    public static TheoryData<string> Transcripts => new(
        Assembly.GetExecutingAssembly().GetManifestResourceNames().Where(name => name.StartsWith("transcript-", StringComparison.Ordinal)).Order());

    [Theory]
    [MemberData(nameof(Transcripts))]
    public void Ceph_answered_the_same_and_stored_the_same_bytes(string transcript)
    {
        var store = new FakeStore();
        var differences = new List<string>();
        var stored = new SortedSet<string>(StringComparer.Ordinal);
        foreach (string line in ReadLines(transcript))
        {
            string[] parts = line.Split(' ');
            switch (parts[0])
            {
                case "CALLER":
                    store.CallerId = ulong.Parse(parts[1], CultureInfo.InvariantCulture);
                    store.CallerAddress = parts[2];
                    break;
                case "CALL":
                    Compare(store, parts, differences);
                    break;
                case "DATA":
                    stored.Add(line);
                    break;
                case "XATTR":
                    stored.Add(line);
                    break;
                case "OMAP":
                    string key = System.Text.Encoding.UTF8.GetString(Convert.FromHexString(parts[2]));
                    stored.Add($"OMAP {parts[1]} {parts[2]} {Hex(Normalizer.Omap(key, Bytes(parts[3])))}");
                    break;
            }
        }

        var ours = new SortedSet<string>(Describe(store), StringComparer.Ordinal);
        differences.AddRange(stored.Except(ours).Select(line => $"only in Ceph: {line}"));
        differences.AddRange(ours.Except(stored).Select(line => $"only here:    {line}"));
        Assert.True(differences.Count == 0, $"{differences.Count} differences\n{string.Join('\n', differences.Take(40))}");
    }

    private static void Compare(FakeStore store, string[] call, List<string> differences)
    {
        int expected = int.Parse(call[5], CultureInfo.InvariantCulture);
        (int code, byte[] output) = store.Exec(call[1], call[2], call[3], Bytes(call[4]));
        string theirs = Hex(Normalizer.Output(call[3], Bytes(call[6])));
        string mine = Hex(Normalizer.Output(call[3], output));
        if (Math.Min(code, 0) != expected || mine != theirs)
        {
            differences.Add($"{call[1]} {call[3]} {call[4]}: Ceph {expected} {theirs}, here {code} {mine}");
        }
    }

    private static IEnumerable<string> Describe(FakeStore store)
    {
        foreach ((string name, FakeObject value) in store.Objects)
        {
            yield return $"DATA {name} {Hex(value.Data)}";
            foreach ((string key, byte[] xattr) in value.Xattrs)
            {
                yield return $"XATTR {name} {key} {Hex(xattr)}";
            }

            foreach ((string key, byte[] omap) in value.Omap)
            {
                yield return $"OMAP {name} {Convert.ToHexStringLower(System.Text.Encoding.UTF8.GetBytes(key))} {Hex(Normalizer.Omap(key, omap))}";
            }
        }
    }

    private static byte[] Bytes(string hex) => hex == "-" ? [] : Convert.FromHexString(hex);

    private static string Hex(byte[] bytes) => bytes.Length == 0 ? "-" : Convert.ToHexStringLower(bytes);

    private static IEnumerable<string> ReadLines(string resource)
    {
        using Stream stream = Assembly.GetExecutingAssembly().GetManifestResourceStream(resource)!;
        using var reader = new StreamReader(stream);
        while (reader.ReadLine() is { } line)
        {
            yield return line;
        }
    }
}
