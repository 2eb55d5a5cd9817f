using System.Buffers;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Nacre.Cli.Applications;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Ceph;

/// <summary><c>ceph</c>: turns words into the JSON that monitors and managers take, on an embedded site as on Ceph.</summary>
internal sealed class CephApplet : IApplet
{
    /// <inheritdoc/>
    public string Name => "ceph";

    /// <inheritdoc/>
    public string Description => "users, pools, status and other commands of monitors and managers (as Ceph's ceph)";

    /// <inheritdoc/>
    public async Task<int> RunAsync(IReadOnlyList<string> arguments, ApplicationContext application, CancellationToken cancellationToken)
    {
        GlobalOptions global = GlobalOptions.Parse(
            "ceph", arguments, application.Environment, shortId: false, CephCommandLine.OwnOptions, out List<string> rest);
        if (global.ShowVersion)
        {
            await application.Output.WriteLineAsync(ProductVersion.Text("ceph"));
            return 0;
        }

        CephCommandLine line = CephCommandLine.Parse(rest);
        if (line.Help || line.Words.Count == 0)
        {
            await WriteHelpAsync(application.Output);
            return line.Help ? 0 : Errno.EINVAL;
        }

        CephCommandSignature? signature = CephCommandTable.All.FirstOrDefault(s => s.Matches(line.Words));
        string json = Json(line, signature);
        ReadOnlyMemory<byte> input = await ReadInputAsync(line, application, cancellationToken);
        await using ICluster cluster = await global.ConnectAsync(application, cancellationToken);
        CommandResult result = signature?.Manager == true
            ? await cluster.ManagerCommandAsync(json, input, cancellationToken)
            : await cluster.MonitorCommandAsync(json, input, cancellationToken);
        if (signature is null && result.ReturnCode == -Errno.EINVAL && result.Status.Contains("not known", StringComparison.Ordinal))
        {
            result = await cluster.ManagerCommandAsync(json, input, cancellationToken);
        }

        return await WriteResultAsync(line, result, application, cancellationToken);
    }

    private static string Json(CephCommandLine line, CephCommandSignature? signature)
    {
        var buffer = new ArrayBufferWriter<byte>();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            writer.WriteStartObject();
            writer.WriteString("prefix", string.Join(' ', signature?.Words ?? line.Words));
            signature?.WriteArguments(writer, line.Words);
            if (line.Format is { } format)
            {
                writer.WriteString("format", format);
            }

            writer.WriteEndObject();
        }

        return Encoding.UTF8.GetString(buffer.WrittenSpan);
    }

    private static async Task<ReadOnlyMemory<byte>> ReadInputAsync(CephCommandLine line, ApplicationContext application, CancellationToken cancellationToken)
    {
        switch (line.InputFile)
        {
            case null:
                return default;
            case "-":
                using (var all = new MemoryStream())
                {
                    await using Stream input = application.OpenInput();
                    await input.CopyToAsync(all, cancellationToken);
                    return all.ToArray();
                }

            default:
                try
                {
                    return await File.ReadAllBytesAsync(line.InputFile, cancellationToken);
                }
                catch (Exception e) when (e is IOException or UnauthorizedAccessException)
                {
                    throw new CommandFailedException(1, $"Can't open input file {line.InputFile}: {e.Message}");
                }
        }
    }

    private static async Task<int> WriteResultAsync(
        CephCommandLine line, CommandResult result, ApplicationContext application, CancellationToken cancellationToken)
    {
        if (result.ReturnCode < 0)
        {
            await application.Error.WriteLineAsync($"Error {ErrnoName.Of(result.ReturnCode)}: {result.Status}");
            return -result.ReturnCode;
        }

        await WriteOutputAsync(line, result, application, cancellationToken);
        if (result.Status.Length > 0)
        {
            await application.Output.FlushAsync(cancellationToken);
            await application.Error.WriteLineAsync(result.Status);
        }

        return 0;
    }

    private static async Task WriteOutputAsync(
        CephCommandLine line, CommandResult result, ApplicationContext application, CancellationToken cancellationToken)
    {
        if (line.OutputFile is { } path and not "-")
        {
            // It may hold a key.
            var options = new FileStreamOptions { Mode = FileMode.Create, Access = FileAccess.Write };
            if (!OperatingSystem.IsWindows())
            {
                options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
            }

            await using var file = new FileStream(path, options);
            await file.WriteAsync(result.Output, cancellationToken);
            return;
        }

        // Ceph's ceph has begun JSON with an empty line ever since consumers learned to skip a status line there.
        if (line.Format?.StartsWith("json", StringComparison.Ordinal) == true)
        {
            await application.Output.WriteAsync('\n');
        }

        await application.Output.WriteAsync(Encoding.UTF8.GetString(result.Output.Span));
    }

    private static async Task WriteHelpAsync(TextWriter output)
    {
        await output.WriteLineAsync("usage: ceph [-c FILE] [--cluster NAME] [-n NAME|--id ID] [-k KEYRING] [-f FORMAT] [-i FILE] [-o FILE] COMMAND ...");
        await output.WriteLineAsync();
        foreach (CephCommandSignature signature in CephCommandTable.All.OrderBy(s => s.ToString(), StringComparer.Ordinal))
        {
            await output.WriteLineAsync($"  {signature}");
        }
    }
}
