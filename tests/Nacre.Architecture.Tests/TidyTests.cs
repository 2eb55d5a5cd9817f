namespace Nacre.Architecture.Tests;

/// <summary>Files stay short enough to be read at once.</summary>
public class TidyTests
{
    private const int MaximumLines = 500;
    private const int MaximumColumns = 170;

    [Fact]
    public void No_source_file_is_too_long_to_be_read_at_once()
    {
        Assert.Empty(
            from file in Repository.SourceFiles()
            let lines = File.ReadLines(file).Count()
            where lines > MaximumLines
            select $"{Path.GetRelativePath(Repository.Root, file)}: {lines} lines");
    }

    [Fact]
    public void No_line_is_wider_than_a_screen()
    {
        Assert.Empty(
            from file in Repository.SourceFiles()
            from line in File.ReadLines(file).Select((text, index) => (text, index))
            where line.text.Length > MaximumColumns
            select $"{Path.GetRelativePath(Repository.Root, file)}:{line.index + 1}");
    }
}
