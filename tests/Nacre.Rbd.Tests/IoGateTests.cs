namespace Nacre.Rbd.Tests;

public class IoGateTests
{
    [Fact]
    public async Task A_block_waits_for_those_inside_and_holds_others_back()
    {
        var gate = new IoGate();
        await gate.EnterAsync(TestContext.Current.CancellationToken);
        Task blocking = gate.BlockAsync(TestContext.Current.CancellationToken);
        Assert.False(blocking.IsCompleted);
        Task entering = gate.EnterAsync(TestContext.Current.CancellationToken).AsTask();
        Assert.False(entering.IsCompleted);
        gate.Exit();
        await blocking;
        Assert.False(entering.IsCompleted);
        gate.Unblock();
        await entering;
    }

    [Fact]
    public async Task A_block_that_is_given_up_lets_others_in()
    {
        var gate = new IoGate();
        await gate.EnterAsync(TestContext.Current.CancellationToken);
        using var stop = new CancellationTokenSource();
        Task blocking = gate.BlockAsync(stop.Token);
        await stop.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocking);
        Assert.True(gate.TryEnter(out _));
    }
}
