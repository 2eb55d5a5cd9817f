using Nacre.Rados.Embedded.Storage;

namespace Nacre.Rados.Embedded.Objects;

/// <summary>Objects in use, and as many lately used ones as memory allows.</summary>
internal sealed class ObjectTable(long capacity)
{
    private const int ShardCount = 16;
    private readonly Shard[] _shards = [.. Enumerable.Range(0, ShardCount).Select(_ => new Shard(capacity / ShardCount))];

    /// <summary>The one context of an object, kept until released.</summary>
    public ObjectContext Acquire(ObjectKey key) => ShardOf(key).Acquire(key);

    public void Release(ObjectContext context) => ShardOf(context.Key).Release(context);

    private Shard ShardOf(ObjectKey key) => _shards[(uint)key.GetHashCode() % ShardCount];

    private sealed class Shard(long capacity)
    {
        private readonly Lock _gate = new();
        private readonly Dictionary<ObjectKey, ObjectContext> _contexts = [];
        private readonly LinkedList<ObjectContext> _idle = new();
        private readonly Dictionary<ObjectContext, int> _idleWeights = [];
        private long _weight;

        public ObjectContext Acquire(ObjectKey key)
        {
            lock (_gate)
            {
                if (!_contexts.TryGetValue(key, out ObjectContext? context))
                {
                    context = new ObjectContext(key);
                    _contexts.Add(key, context);
                }

                if (context.IdleNode is { } node)
                {
                    Unlink(node);
                }

                context.Users++;
                return context;
            }
        }

        public void Release(ObjectContext context)
        {
            lock (_gate)
            {
                if (--context.Users > 0)
                {
                    return;
                }

                context.IdleNode = _idle.AddLast(context);
                int weight = context.Weight;
                _idleWeights[context] = weight;
                _weight += weight;
                while (_weight > capacity && _idle.First is { } oldest)
                {
                    Unlink(oldest);
                    _contexts.Remove(oldest.Value.Key);
                }
            }
        }

        private void Unlink(LinkedListNode<ObjectContext> node)
        {
            _idle.Remove(node);
            _idleWeights.Remove(node.Value, out int weight);
            _weight -= weight;
            node.Value.IdleNode = null;
        }
    }
}
