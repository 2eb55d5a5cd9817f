using Nacre.Rados;
using Nacre.Rados.ClassMethods;
using Nacre.Rados.Clusters;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Rados.Embedded.Worker;
using Nacre.Rados.Objects;

// Writes to a store until it is killed, and tells on its output what it began ("b") and what was acknowledged ("a"): object, number.
string directory = args[0];
int seed = int.Parse(args[1], System.Globalization.CultureInfo.InvariantCulture);
EmbeddedStore store = await EmbeddedStore.OpenAsync(directory, new EmbeddedStoreOptions { Classes = [Marks.Class] });
EmbeddedSession session = store.Connect(EntityName.Admin);
if (!(await session.ListPoolsAsync()).Any(pool => pool.Name == "pool"))
{
    await session.CreatePoolAsync("pool");
}

IPool pool = await session.OpenPoolAsync("pool");
Stream output = Console.OpenStandardOutput();
var gate = new Lock();
await Task.WhenAll(Enumerable.Range(0, History.ObjectCount).Select(index => Task.Run(() => WriteAsync(index))));

async Task WriteAsync(int index)
{
    string name = History.NameOf(index);
    long sequence = 0;
    string snapshots = "";
    using (OperationResult read = await pool.OperateAsync(name, new ReadOperation().GetXattr("sequence").GetXattr("snapshots")))
    {
        if (read.Succeeded)
        {
            sequence = History.Number(read.Outputs[0].Data.Span);
            snapshots = System.Text.Encoding.UTF8.GetString(read.Outputs[1].Data.Span);
        }
    }

    var kept = new KeptSnapshots(snapshots);
    while (true)
    {
        ulong removed = 0;
        if (sequence > 0 && sequence % 7 == index % 7)
        {
            kept.Add(await pool.CreateSnapshotIdAsync(), sequence);
            removed = kept.Ids.Count > 4 ? kept.RemoveAt((int)(sequence % 4)) : 0;
        }

        sequence++;
        Say('b', index, sequence);
        using (OperationResult result = await pool.OperateAsync(name, Operation(index, sequence, kept), kept.Context))
        {
            RadosException.ThrowIfFailed(result.ReturnCode, "write", "pool", name);
        }

        Say('a', index, sequence);
        if (removed != 0)
        {
            await pool.RemoveSnapshotIdAsync(removed);
        }
    }
}

WriteOperation Operation(int index, long sequence, KeptSnapshots kept)
{
    byte[] number = History.Number(sequence);
    Change change = History.ChangeOf(seed, index, sequence);
    WriteOperation operation = new WriteOperation()
        .SetXattr("sequence", number)
        .SetXattr("snapshots", System.Text.Encoding.UTF8.GetBytes(kept.ToString()))
        .OmapSet(new KeyValuePair<string, ReadOnlyMemory<byte>>("sequence", number));
    operation = change.Kind switch
    {
        ChangeKind.Replace => operation.WriteFull(change.Data),
        ChangeKind.Truncate => operation.Truncate((ulong)change.Offset),
        _ => operation.Write((ulong)change.Offset, change.Data),
    };
    return operation.Exec("marks", "set", number);
}

void Say(char what, int index, long sequence)
{
    // One write call per line: a line is there whole or not at all, and what was said before the kill can be read after it.
    byte[] line = System.Text.Encoding.ASCII.GetBytes(FormattableString.Invariant($"{what} {index} {sequence}\n"));
    lock (gate)
    {
        output.Write(line);
        output.Flush();
    }
}
