using Nacre.Cli.Applications;
using Nacre.Cli.Commands;
using Nacre.Cli.Output;
using Nacre.Rados;
using Nacre.Rados.Clusters;

namespace Nacre.Cli.Rbd;

/// <summary>What a command of rbd works with: its arguments, the console, and the cluster once it is asked for.</summary>
internal sealed partial class RbdCommandContext(ApplicationContext application, GlobalOptions globals, CommandArguments arguments) : IAsyncDisposable
{
    private ICluster? _cluster;

    /// <summary>Console and clock.</summary>
    public ApplicationContext Application => application;

    /// <summary>Which cluster, as whom.</summary>
    public GlobalOptions Globals => globals;

    /// <summary>Options and positional arguments.</summary>
    public CommandArguments Arguments => arguments;

    /// <summary>Standard output.</summary>
    public TextWriter Output => application.Output;

    /// <summary>Standard error.</summary>
    public TextWriter Error => application.Error;

    /// <summary>The cluster; connects at the first call.</summary>
    public async Task<ICluster> ConnectAsync(CancellationToken cancellationToken)
    {
        try
        {
            return _cluster ??= await globals.ConnectAsync(application, cancellationToken);
        }
        catch (RadosException exception)
        {
            throw new CommandFailedException(exception.Code, $"{exception.Message}\nrbd: couldn't connect to the cluster!");
        }
    }

    /// <summary>Opens a pool, the default one for an empty name. Fails with rbd's words where it is absent.</summary>
    public async Task<IPool> OpenPoolAsync(string pool, string space, CancellationToken cancellationToken)
    {
        ICluster cluster = await ConnectAsync(cancellationToken);
        bool isDefault = pool.Length == 0;
        pool = isDefault ? cluster.GetOption("rbd_default_pool") ?? "rbd" : pool;
        try
        {
            return (await cluster.OpenPoolAsync(pool, cancellationToken)).WithNamespace(space);
        }
        catch (RadosException exception) when (exception.Code == Errno.ENOENT && isDefault)
        {
            throw new CommandFailedException(
                exception.Code,
                $"rbd: error opening default pool '{pool}'\nEnsure that the default pool has been created or specify an alternate pool name.");
        }
        catch (RadosException exception)
        {
            throw Failure($"error opening pool '{pool}'", exception);
        }
    }

    /// <summary>Opens the pool of a spec.</summary>
    public Task<IPool> OpenPoolAsync(RbdImageSpec spec, CancellationToken cancellationToken) =>
        OpenPoolAsync(spec.Pool, spec.Namespace, cancellationToken);

    /// <summary>Opens the pool of a spec.</summary>
    public Task<IPool> OpenPoolAsync(RbdPoolSpec spec, CancellationToken cancellationToken) =>
        OpenPoolAsync(spec.Pool, spec.Namespace, cancellationToken);

    /// <summary>The formatter of <c>--format</c>; null for plain.</summary>
    public OutputFormatter? CreateFormatter()
    {
        string format = arguments.GetChoice("format", "plain", "json", "xml") ?? "plain";
        bool pretty = arguments.Has("pretty-format");
        if (format == "plain" && pretty)
        {
            throw new CommandFailedException(Errno.EINVAL, "rbd: --pretty-format only works when --format is json or xml");
        }

        return OutputFormatter.Create(format, pretty);
    }

    /// <summary>A progress line; silent with <c>--no-progress</c>.</summary>
    public ProgressLine Progress(string operation) => new(operation, arguments.Has("no-progress") ? null : application.Error);

    /// <summary>Does something under a progress line, which ends as it does, and names the attempt in the error.</summary>
    public async Task WithProgressAsync(string operation, string attempt, Func<ProgressLine, Task> action)
    {
        ProgressLine progress = Progress(operation);
        try
        {
            await action(progress);
        }
        catch (RadosException exception)
        {
            progress.Fail();
            throw Failure(attempt, exception);
        }
        catch
        {
            progress.Fail();
            throw;
        }

        progress.Finish();
    }

    /// <summary>Does something and, where it fails, says <c>rbd: ATTEMPT: (errno) text</c>.</summary>
    public async Task<T> AttemptAsync<T>(string attempt, Func<Task<T>> action)
    {
        try
        {
            return await action();
        }
        catch (RadosException exception)
        {
            throw Failure(attempt, exception);
        }
    }

    /// <summary>Does something and, where it fails, says <c>rbd: ATTEMPT: (errno) text</c>.</summary>
    public Task AttemptAsync(string attempt, Func<Task> action) => AttemptAsync(attempt, async () =>
    {
        await action();
        return true;
    });

    /// <summary>The failure that ends the command with <c>rbd: ATTEMPT: (errno) text</c>.</summary>
    public static CommandFailedException Failure(string attempt, RadosException cause) => CommandFailedException.From("rbd", attempt, cause);

    /// <summary>The failure that ends the command with <c>rbd: TEXT</c>; by default with EINVAL.</summary>
    public static CommandFailedException Failure(string text, int code = Errno.EINVAL) => new(code, $"rbd: {text}");

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        if (_cluster is not null)
        {
            await _cluster.DisposeAsync();
        }
    }
}
