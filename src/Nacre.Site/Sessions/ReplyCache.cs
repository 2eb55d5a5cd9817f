using System.Diagnostics.CodeAnalysis;
using Nacre.Rados.Remote.Protocol;

namespace Nacre.Site.Sessions;

/// <summary>
/// Replies to what must not be done twice, until the client says that it has them: a request that is sent again after a broken
/// connection is answered from here, or, while still under way, by the first.
/// </summary>
internal sealed class ReplyCache
{
    private readonly Lock _gate = new();
    private readonly Dictionary<ulong, ServerFrame?> _replies = [];
    private ulong _receivedBelow = 1;

    /// <summary>True where the request is new and is to be carried out; else its reply, if there is one yet.</summary>
    public bool Begin(ulong id, out ServerFrame? reply)
    {
        lock (_gate)
        {
            reply = null;
            if (id < _receivedBelow)
            {
                return false; // answered and received: a late duplicate
            }

            if (_replies.TryGetValue(id, out reply))
            {
                return false;
            }

            _replies.Add(id, null);
            return true;
        }
    }

    public void Complete(ulong id, ServerFrame reply)
    {
        lock (_gate)
        {
            if (id >= _receivedBelow)
            {
                _replies[id] = reply;
            }
        }
    }

    /// <summary>The client has all replies below that id.</summary>
    public void Forget(ulong receivedBelow)
    {
        lock (_gate)
        {
            if (receivedBelow <= _receivedBelow)
            {
                return;
            }

            // A client that jumps far ahead must not make this loop long.
            if (receivedBelow - _receivedBelow > (ulong)_replies.Count)
            {
                foreach (ulong id in _replies.Keys.Where(k => k < receivedBelow).ToArray())
                {
                    _replies.Remove(id);
                }
            }
            else
            {
                for (ulong id = _receivedBelow; id < receivedBelow; id++)
                {
                    _replies.Remove(id);
                }
            }

            _receivedBelow = receivedBelow;
        }
    }
}
