namespace Nacre.Testing.Ceph;

/// <summary>The conf file of a <see cref="CephMicroCluster"/>.</summary>
internal static class CephMicroClusterConf
{
    public static string Write(string directory, string name, string fsid, int port) => $"""
        [global]
        fsid = {fsid}
        mon host = [v2:127.0.0.1:{port}]
        public network = 127.0.0.0/8
        auth cluster required = cephx
        auth service required = cephx
        auth client required = cephx
        keyring = {directory}/{name}.$name.keyring
        osd pool default size = 1
        osd pool default min size = 1
        osd crush chooseleaf type = 0
        osd pool default pg num = 8
        osd pool default pg autoscale mode = off
        mon allow pool size one = true
        mon allow pool delete = true
        mon max pg per osd = 2000
        mon warn on pool no redundancy = false
        mon data avail warn = 1
        auth allow insecure global id reclaim = false
        osd class load list = *
        osd class default list = *
        run dir = {directory}/{name}/run
        log file = {directory}/{name}/log/$name.log
        admin socket = {directory}/{name}/run/$cluster-$name.$pid.asok
        pid file =
        [mon]
        mon data = {directory}/{name}/mon
        [mgr]
        mgr data = {directory}/{name}/mgr
        mgr initial modules = rbd_support
        [osd]
        osd data = {directory}/{name}/osd$id
        osd objectstore = bluestore
        bluestore block size = 10737418240
        osd memory target = 939524096
        [mon.a]
        keyring = {directory}/{name}/mon.keyring
        [client]
        log file =

        """;
}
