using System.Net;
using System.Net.Sockets;
using Nacre.Rados;
using Nacre.Rados.Configuration;
using Nacre.Rados.Embedded;
using Nacre.Site.Users;

namespace Nacre.Site.Hosting;

/// <summary><c>nacre site create</c>. The settings file is written last but for what clients need: a site is there when it is.</summary>
internal static class SiteCreation
{
    public static async Task CreateAsync(
        SiteLayout layout, string address, int? port, TimeProvider time, CancellationToken cancellationToken, string? host = null)
    {
        if (!IPAddress.TryParse(address, out IPAddress? ip))
        {
            throw new RadosException(Errno.EINVAL, $"'{address}' is no IP address to listen at");
        }

        if (host is null && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)))
        {
            throw new RadosException(Errno.EINVAL, $"a site that listens at {address} needs --host, by which clients reach it");
        }

        Refuse(layout);
        const UnixFileMode ownerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
        Directory.CreateDirectory(layout.Parent);
        Directory.CreateDirectory(layout.Data, ownerOnly);

        SiteSettings settings = SiteSettings.New(address, port ?? FreePort(ip));
        (string certificate, string privateKey, string fingerprint) = SiteCertificate.Create(layout.Name, address, time);
        await WriteAsync(layout.PrivateKey, privateKey, true, cancellationToken);
        await WriteAsync(layout.Certificate, certificate, false, cancellationToken);

        var caps = new Dictionary<string, string> { ["mds"] = "allow *", ["mgr"] = "allow *", ["mon"] = "allow *", ["osd"] = "allow *" };
        var admin = new SiteUser(EntityName.Admin, CephSecret.Generate(time), caps);
        await using (EmbeddedStore store = await EmbeddedStore.OpenAsync(
            layout.Store, new EmbeddedStoreOptions { CreateIfMissing = true, Fsid = settings.Fsid, Time = time }, cancellationToken))
        {
            var users = new UserDirectory(store.Metadata);
            await users.ChangeAsync(admin.Name, _ => admin, cancellationToken);
        }

        var keyring = new Keyring();
        keyring.Set(new KeyringEntry(admin.Name, admin.Key, admin.Caps));
        await WriteAsync(layout.AdminKeyring, keyring.ToString(), true, cancellationToken);
        await WriteAsync(layout.Conf, Conf(layout, settings, host, fingerprint), false, cancellationToken);
        await DurableFile.WriteAsync(layout.Settings, settings.ToJson(), true, cancellationToken);
    }

    private static void Refuse(SiteLayout layout)
    {
        if (File.Exists(layout.Settings))
        {
            throw new RadosException(Errno.EEXIST, $"there is a site at {layout.Data} already");
        }

        // Left by a creation that was interrupted; a store of unknown origin stays untouched.
        if (Directory.Exists(layout.Data) && Directory.EnumerateFileSystemEntries(layout.Data).Any() && !File.Exists(layout.PrivateKey))
        {
            throw new RadosException(Errno.ENOTEMPTY, $"{layout.Data} is not empty and holds no site");
        }

        foreach (string path in new[] { layout.Conf, layout.AdminKeyring }.Where(p => File.Exists(p) && !File.Exists(layout.PrivateKey)))
        {
            throw new RadosException(Errno.EEXIST, $"{path} is there already: of another cluster?");
        }

        if (Directory.Exists(layout.Store))
        {
            Directory.Delete(layout.Store, recursive: true);
        }
    }

    private static string Conf(SiteLayout layout, SiteSettings settings, string? host, string fingerprint)
    {
        host ??= settings.Address;
        host = IPAddress.TryParse(host, out IPAddress? ip) && ip.AddressFamily == AddressFamily.InterNetworkV6 ? $"[{host}]" : host;
        return $"""
            # An embedded site of Nacre. Copy this file, and the keyrings of the users that are needed there, to wherever the site is used from.
            [global]
            fsid = {settings.Fsid}
            mon host = https://{host}:{settings.Port}
            nacre certificate sha256 = {fingerprint}
            keyring = {layout.Parent}/$cluster.$name.keyring,/etc/ceph/$cluster.$name.keyring

            """;
    }

    private static Task WriteAsync(string path, string text, bool secret, CancellationToken cancellationToken) =>
        DurableFile.WriteAsync(path, System.Text.Encoding.UTF8.GetBytes(text), secret, cancellationToken);

    private static int FreePort(IPAddress address)
    {
        using var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(address, 0));
        }
        catch (SocketException e)
        {
            throw new RadosException(Errno.EINVAL, $"cannot listen at {address}: {e.Message}", e);
        }

        return ((IPEndPoint)socket.LocalEndPoint!).Port;
    }
}
