using System.Globalization;
using Nacre.Cli.Output;
using Nacre.Journal.Formats;
using Nacre.ObjectClasses.Rbd;
using Nacre.Rados.Encoding;

namespace Nacre.Cli.Rbd.Journals;

/// <summary>A journal event as Ceph dumps it (src/librbd/journal/Types.cc).</summary>
internal static class EventDump
{
    /// <summary>The event as pretty JSON.</summary>
    public static void Write(TextWriter writer, JournalEvent value, TimeProvider clock)
    {
        var formatter = new JsonOutputFormatter(pretty: true);
        formatter.OpenObject("event_entry");
        formatter.Dump("event_type", Name(value.Payload));
        Dump(formatter, value.Payload);
        formatter.Dump("timestamp", Format(value.Timestamp, clock));
        formatter.Close();
        formatter.Flush(writer);
    }

    private static string Name(JournalEventPayload payload) => payload.Type switch
    {
        _ when payload is JournalUnknownEvent => $"Unknown ({uint.MaxValue})",
        JournalEventType.Discard => "AioDiscard",
        JournalEventType.Write => "AioWrite",
        JournalEventType.Flush => "AioFlush",
        JournalEventType.OperationFinish => "OpFinish",
        JournalEventType.WriteSame => "AioWriteSame",
        JournalEventType.CompareAndWrite => "AioCompareAndWrite",
        _ => payload.Type.ToString(),
    };

    private static void Dump(OutputFormatter formatter, JournalEventPayload payload)
    {
        switch (payload)
        {
            case JournalDiscard discard:
                DumpRange(formatter, discard.Offset, discard.Length);
                formatter.Dump("discard_granularity_bytes", (ulong)discard.Granularity);
                break;
            case JournalWrite write:
                DumpRange(formatter, write.Offset, write.Length);
                break;
            case JournalCompareAndWrite write:
                DumpRange(formatter, write.Offset, write.Length);
                break;
            case JournalOperationFinish finish:
                formatter.Dump("op_tid", finish.OperationTid);
                formatter.Dump("op_tid", finish.OperationTid);
                formatter.Dump("result", (long)finish.Result);
                break;
            default:
                DumpOperation(formatter, payload);
                break;
        }
    }

    private static void DumpOperation(OutputFormatter formatter, JournalEventPayload payload)
    {
        switch (payload)
        {
            case JournalOperation operation:
                formatter.Dump("op_tid", operation.OperationTid);
                break;
            case JournalSnapOperation snap:
                formatter.Dump("op_tid", snap.OperationTid);
                formatter.Dump("snap_name", snap.Name);
                SnapshotNamespaceDump.Dump(formatter, snap.Namespace);
                break;
            case JournalSnapRename rename:
                formatter.Dump("op_tid", rename.OperationTid);
                formatter.Dump("src_snap_id", rename.SnapshotId);
                formatter.Dump("src_snap_name", rename.OldName);
                formatter.Dump("dest_snap_name", rename.NewName);
                break;
            case JournalNumberOperation number:
                formatter.Dump("op_tid", number.OperationTid);
                formatter.Dump(number.Type == JournalEventType.Resize ? "size" : "limit", number.Value);
                break;
            case JournalTextOperation text:
                formatter.Dump("op_tid", text.OperationTid);
                formatter.Dump(text.Type == JournalEventType.Rename ? "image_name" : "key", text.Text);
                break;
            case JournalUpdateFeatures update:
                formatter.Dump("op_tid", update.OperationTid);
                formatter.Dump("features", (ulong)update.Features);
                formatter.Dump("enabled", update.Enabled);
                break;
            case JournalMetadataSet set:
                formatter.Dump("op_tid", set.OperationTid);
                formatter.Dump("key", set.Key);
                formatter.Dump("value", set.Value);
                break;
        }
    }

    private static void DumpRange(OutputFormatter formatter, ulong offset, ulong length)
    {
        formatter.Dump("offset", offset);
        formatter.Dump("length", length);
    }

    // utime_t: what is within ten years of the epoch is a number of seconds, as a duration would be.
    private static string Format(CephTimestamp time, TimeProvider clock)
    {
        if (time.Seconds < 10 * 365 * 24 * 60 * 60)
        {
            return string.Create(CultureInfo.InvariantCulture, $"{time.Seconds}.{time.Nanoseconds / 1000:D6}");
        }

        DateTimeOffset local = TimeZoneInfo.ConvertTime(time.ToDateTime(), clock.LocalTimeZone);
        return local.ToString("yyyy-MM-dd'T'HH:mm:ss.ffffff", CultureInfo.InvariantCulture)
            + local.ToString("zzz", CultureInfo.InvariantCulture).Replace(":", "", StringComparison.Ordinal);
    }
}
