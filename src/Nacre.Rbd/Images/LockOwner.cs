namespace Nacre.Rbd;

/// <summary>Who holds an image's exclusive lock (rados lock <c>rbd_lock</c>).</summary>
/// <param name="Entity">Its entity name, <c>client.4123</c>.</param>
/// <param name="Cookie">Its cookie, <c>auto 140220834</c>: the watch behind it.</param>
/// <param name="Address">Its entity address, as the store blocklists it.</param>
/// <param name="WatchCookie">The watch in the cookie; 0 where it is not one of ours or librbd's.</param>
public sealed record LockOwner(string Entity, string Cookie, string Address, ulong WatchCookie);
