namespace Nacre.Journal.Formats;

/// <summary>librbd::journal::EventType.</summary>
public enum JournalEventType : uint
{
    /// <summary>A range was discarded.</summary>
    Discard = 0,
    /// <summary>A range was written.</summary>
    Write = 1,
    /// <summary>A flush.</summary>
    Flush = 2,
    /// <summary>An operation came to its end.</summary>
    OperationFinish = 3,
    /// <summary>A snapshot was made.</summary>
    SnapCreate = 4,
    /// <summary>A snapshot was removed.</summary>
    SnapRemove = 5,
    /// <summary>A snapshot was renamed.</summary>
    SnapRename = 6,
    /// <summary>A snapshot was protected.</summary>
    SnapProtect = 7,
    /// <summary>A snapshot was unprotected.</summary>
    SnapUnprotect = 8,
    /// <summary>The image was rolled back.</summary>
    SnapRollback = 9,
    /// <summary>The image was renamed.</summary>
    Rename = 10,
    /// <summary>The image was resized.</summary>
    Resize = 11,
    /// <summary>The image was flattened.</summary>
    Flatten = 12,
    /// <summary>The image was demoted or promoted: nothing after it in this tag.</summary>
    DemotePromote = 13,
    /// <summary>Snapshots were limited.</summary>
    SnapLimit = 14,
    /// <summary>Features were switched.</summary>
    UpdateFeatures = 15,
    /// <summary>Metadata were set.</summary>
    MetadataSet = 16,
    /// <summary>Metadata were removed.</summary>
    MetadataRemove = 17,
    /// <summary>A range was filled with a pattern.</summary>
    WriteSame = 18,
    /// <summary>A range was written where it held something.</summary>
    CompareAndWrite = 19,
}
