namespace Nacre.Cli.Tests;

/// <content>Tokens of peers: each command by Ceph's rbd and by ours.</content>
public sealed partial class BesideCephTests
{
    [Fact]
    public async Task Tokens_are_equal_and_so_are_the_failures()
    {
        string pool = await PoolAsync();
        await SameAsync($"mirror pool peer bootstrap create {pool}");
        await _cluster.RbdAsync("mirror", "pool", "enable", pool, "image");
        await SameAsync($"mirror pool peer bootstrap create {pool} --site-name here");
        string token = await _cluster.RbdAsync("mirror", "pool", "peer", "bootstrap", "create", pool);
        string file = Path.Combine(_cluster.Directory, "token");
        await File.WriteAllTextAsync(file, token, TestContext.Current.CancellationToken);
        foreach (string command in (string[])["create none", "create", $"import {pool}", $"import {pool} none", $"import {pool} {file} --direction tx-only"])
        {
            await SameAsync("mirror pool peer bootstrap " + command);
        }
    }
}
