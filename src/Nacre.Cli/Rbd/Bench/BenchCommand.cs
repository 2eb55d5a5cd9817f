using Nacre.Cli.Commands;
using Nacre.Rados;
using Nacre.Rbd;
using Definition = Nacre.Cli.Commands.CommandDefinition<Nacre.Cli.Rbd.RbdCommandContext>;

namespace Nacre.Cli.Rbd.Bench;

/// <summary><c>rbd bench</c>, with Ceph's patterns and output (src/tools/rbd/action/Bench.cc).</summary>
internal static class BenchCommand
{
    /// <summary>The one command.</summary>
    public static IReadOnlyList<Definition> All { get; } =
    [
        new("bench", "Simple benchmark.")
        {
            Positionals = [RbdOptions.ImageSpec],
            Options =
            [
                .. RbdOptions.ImageOptions,
                new("io-size", "IO size (in B/K/M/G/T) [default: 4K]"),
                new("io-threads", "ios in flight [default: 16]"),
                new("io-total", "total size for IO (in B/K/M/G/T) [default: 1G]"),
                new("io-pattern", "IO pattern (rand, seq, or full-seq) [default: seq]"),
                new("rw-mix-read", "read proportion in readwrite (<= 100) [default: 50]"),
                new("io-type", "IO type (read, write, or readwrite(rw))") { IsRequired = true },
            ],
            RunAsync = RunAsync,
        },
    ];

    private static async Task<int> RunAsync(RbdCommandContext context, CancellationToken cancellationToken)
    {
        CommandArguments arguments = context.Arguments;
        string type = arguments.GetChoice("io-type", "read", "write", "readwrite", "rw")
            ?? throw RbdCommandContext.Failure("--io-type must be specified.");
        RbdImageSpec spec = RbdSpecs.ReadImage(arguments, type == "read" ? SnapshotPresence.Permitted : SnapshotPresence.None);
        ulong ioSize = arguments.GetSize("io-size") ?? 4096;
        ulong threads = arguments.GetNumber("io-threads") ?? 16;
        ulong total = arguments.GetSize("io-total") ?? 1 << 30;
        string pattern = arguments.GetChoice("io-pattern", "rand", "seq", "full-seq") ?? "seq";
        ulong mix = arguments.GetNumber("rw-mix-read") ?? 50;
        if (ioSize == 0 || ioSize > uint.MaxValue)
        {
            throw RbdCommandContext.Failure(ioSize == 0 ? "--io-size should be greater than zero." : "--io-size should be less than 4G");
        }

        if (threads is 0 or > 65536)
        {
            throw RbdCommandContext.Failure("--io-threads should be greater than zero.");
        }

        if (mix > 100)
        {
            throw RbdCommandContext.Failure("--rw-mix-read should not be larger than 100.");
        }

        await using Image image = await context.OpenImageAsync(spec, readOnly: type == "read", cancellationToken);
        if (ioSize > image.Size)
        {
            throw new Applications.CommandFailedException(
                Errno.EINVAL,
                $"rbd: io-size {Output.ByteSize.Format(ioSize)} larger than image size {Output.ByteSize.Format(image.Size)}\nbench failed: "
                + Errno.Describe(Errno.EINVAL));
        }

        var bench = new ImageBench(image, context.Output, context.Application.Time)
        {
            ReadShare = type switch { "read" => 100, "write" => 0, _ => (int)mix },
            Type = type == "rw" ? "readwrite" : type,
            IoSize = (int)ioSize,
            Threads = (int)threads,
            TotalBytes = total,
            Pattern = pattern switch { "rand" => BenchPattern.Random, "full-seq" => BenchPattern.FullSequential, _ => BenchPattern.Sequential },
        };
        return await bench.RunAsync(cancellationToken);
    }
}
