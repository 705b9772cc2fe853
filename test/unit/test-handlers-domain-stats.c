/* Statistics of one domain, over the wire. */
#include "wire-fixture.h"

#include <libvirt/libvirt.h>
#include <libvirt/virterror.h>

#define TEST VIR_FROM_TEST

static const char disks_xml[] =
        "<domain type='test'><name>a</name><memory unit='MiB'>16</memory><vcpu>2</vcpu>"
        "<os><type>hvm</type></os><devices>"
        "<disk type='file' device='disk'><source file='/t.img'/><target dev='vda' bus='virtio'/>"
        "</disk><disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>"
        "<interface type='user'><mac address='52:54:00:00:00:01'/></interface>"
        "</devices></domain>";

static WireDomain define(Peer *peer)
{
        RemoteDomainDefineXmlArgs args = {.xml = (char *) disks_xml};
        RemoteDomainDefineXmlRet ret;

        peer_do(peer, REMOTE_DOMAIN_DEFINE_XML, &args, &ret);
        return ret.dom;
}

static void disks(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = define(&peer);
        RemoteDomainBlockStatsArgs args = {.dom = dom, .path = (char *) "vda"};
        RemoteDomainBlockStatsRet ret;
        RemoteDomainBlockStatsFlagsArgs flags = {.dom = dom, .path = (char *) "", .flags = 4};
        RemoteDomainBlockStatsFlagsRet params;
        RemoteDomainGetBlockInfoArgs info = {.dom = dom, .path = (char *) "hdc"};
        RemoteDomainGetDiskErrorsArgs errors = {.dom = dom};
        RemoteDomainGetDiskErrorsRet faults;

        peer_fail(&peer, REMOTE_DOMAIN_BLOCK_STATS, &args, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: domain is not running");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_BLOCK_STATS, &args, &ret);
        assert_int_equal(ret.rd_req, 0);
        assert_int_equal(ret.errs, -1);
        args.path = (char *) "/t.img";
        peer_do(&peer, REMOTE_DOMAIN_BLOCK_STATS, &args, &ret);
        args.path = (char *) "nix";
        peer_fail(&peer, REMOTE_DOMAIN_BLOCK_STATS, &args, VIR_ERR_INVALID_ARG, TEST,
                  "invalid argument: invalid path: nix");

        /* how many there are, then as many as there is room for */
        peer_do(&peer, REMOTE_DOMAIN_BLOCK_STATS_FLAGS, &flags, &params);
        assert_int_equal(params.nparams, 8);
        assert_int_equal(params.n_params, 0);
        flags.nparams = 8;
        peer_do(&peer, REMOTE_DOMAIN_BLOCK_STATS_FLAGS, &flags, &params);
        assert_int_equal(params.n_params, 8);
        assert_string_equal(params.params[2].field, "rd_bytes");
        assert_int_equal(params.params[2].tag, WIRE_PARAM_LLONG);
        xdr_release(&wire_layout_remote_domain_block_stats_flags_ret, &params);
        flags.nparams = 2;
        peer_do(&peer, REMOTE_DOMAIN_BLOCK_STATS_FLAGS, &flags, &params);
        assert_int_equal(params.n_params, 2);
        xdr_release(&wire_layout_remote_domain_block_stats_flags_ret, &params);

        peer_fail(&peer, REMOTE_DOMAIN_GET_BLOCK_INFO, &info, VIR_ERR_INVALID_ARG, TEST,
                  "invalid argument: disk 'hdc' does not currently have a source assigned");
        info.path = (char *) "nix";
        peer_fail(&peer, REMOTE_DOMAIN_GET_BLOCK_INFO, &info, VIR_ERR_INVALID_ARG, TEST,
                  "invalid argument: invalid path nix not assigned to domain");

        peer_do(&peer, REMOTE_DOMAIN_GET_DISK_ERRORS, &errors, &faults);
        assert_int_equal(faults.nerrors, 2);
        errors.maxerrors = 2;
        engine_domain(*state, "a")->stats.disks.items[0].fault = DISK_FAULT_NO_SPACE;
        peer_do(&peer, REMOTE_DOMAIN_GET_DISK_ERRORS, &errors, &faults);
        assert_int_equal(faults.nerrors, 1);
        assert_string_equal(faults.errors[0].disk, "vda");
        assert_int_equal(faults.errors[0].error, VIR_DOMAIN_DISK_ERROR_NO_SPACE);
        xdr_release(&wire_layout_remote_domain_get_disk_errors_ret, &faults);
        free(dom.name);
        peer_done(&peer);
}

static void interfaces(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = define(&peer);
        RemoteDomainInterfaceStatsArgs args = {.dom = dom, .device = (char *) "52:54:0:0:0:1"};
        RemoteDomainInterfaceStatsRet ret;
        DomainConfig *live;
        NetStats *net;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_fail(&peer, REMOTE_DOMAIN_INTERFACE_STATS, &args, VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC,
                  "internal error: Interface name not provided");
        args.device = (char *) "tap9";
        peer_fail(&peer, REMOTE_DOMAIN_INTERFACE_STATS, &args, VIR_ERR_INVALID_ARG, TEST,
                  "invalid argument: invalid path, 'tap9' is not a known interface");

        live = engine_domain(*state, "a")->live;
        live->interfaces.items[0].target_dev = xstrdup("tap9");
        net = vec_push(&engine_domain(*state, "a")->stats.nets);
        *net = (NetStats){.device = xstrdup("tap9"), .rx_bytes = 7, .tx_drop = 8};
        peer_do(&peer, REMOTE_DOMAIN_INTERFACE_STATS, &args, &ret);
        assert_int_equal(ret.rx_bytes, 7);
        assert_int_equal(ret.tx_drop, 8);
        free(dom.name);
        peer_done(&peer);
}

static void memory_and_cpus(void **state)
{
        Peer peer = peer_open(*state, false);
        WireDomain dom = define(&peer);
        RemoteDomainMemoryStatsArgs memory = {.dom = dom, .max_stats = 1};
        RemoteDomainMemoryStatsRet stats;
        RemoteDomainGetVcpusArgs vcpus = {.dom = dom, .maxinfo = 2, .maplen = 3};
        RemoteDomainGetVcpusRet info;
        RemoteDomainGetCpuStatsArgs total = {.dom = dom, .start_cpu = -1, .ncpus = 1};
        RemoteDomainGetCpuStatsRet params;

        peer_fail(&peer, REMOTE_DOMAIN_GET_VCPUS, &vcpus, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: cannot retrieve vcpu information for "
                  "inactive domain");
        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_do(&peer, REMOTE_DOMAIN_MEMORY_STATS, &memory, &stats);
        assert_int_equal(stats.n_stats, 1);
        assert_int_equal(stats.stats[0].tag, VIR_DOMAIN_MEMORY_STAT_ACTUAL_BALLOON);
        assert_int_equal(stats.stats[0].val, 16 * 1024);
        xdr_release(&wire_layout_remote_domain_memory_stats_ret, &stats);
        memory.max_stats = 0;
        peer_do(&peer, REMOTE_DOMAIN_MEMORY_STATS, &memory, &stats);
        assert_int_equal(stats.n_stats, 0);

        peer_do(&peer, REMOTE_DOMAIN_GET_VCPUS, &vcpus, &info);
        assert_int_equal(info.n_info, 2);
        assert_int_equal(info.info[1].number, 1);
        assert_int_equal(info.info[1].state, VIR_VCPU_RUNNING);
        assert_int_equal(info.cpumaps.len, 6);
        assert_int_equal(info.cpumaps.data[3], 1);
        xdr_release(&wire_layout_remote_domain_get_vcpus_ret, &info);
        vcpus.maxinfo = -1;
        peer_fail(&peer, REMOTE_DOMAIN_GET_VCPUS, &vcpus, VIR_ERR_RPC, VIR_FROM_RPC,
                  "vCPU map buffer length exceeds maximum");
        vcpus.maxinfo = 16384;
        vcpus.maplen = INT32_MAX;
        peer_fail(&peer, REMOTE_DOMAIN_GET_VCPUS, &vcpus, VIR_ERR_RPC, VIR_FROM_RPC,
                  "vCPU map buffer length exceeds maximum");

        peer_do(&peer, REMOTE_DOMAIN_GET_CPU_STATS, &total, &params);
        assert_int_equal(params.nparams, 3);
        assert_int_equal(params.n_params, 0);
        total.nparams = 3;
        peer_do(&peer, REMOTE_DOMAIN_GET_CPU_STATS, &total, &params);
        assert_string_equal(params.params[0].field, "cpu_time");
        xdr_release(&wire_layout_remote_domain_get_cpu_stats_ret, &params);
        total.start_cpu = 0;
        peer_fail(&peer, REMOTE_DOMAIN_GET_CPU_STATS, &total, VIR_ERR_OPERATION_INVALID, TEST,
                  "Requested operation is not valid: cgroup CPUACCT controller is not mounted");
        free(dom.name);
        peer_done(&peer);
}

/* A client that goes while its call waits for statistics takes nothing with it. */
static void a_client_that_leaves_while_it_waits(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false), other = peer_open(f, false);
        WireDomain dom = define(&peer);
        RemoteConnectGetAllDomainStatsArgs all = {};
        RemoteConnectGetAllDomainStatsRet ret;

        peer_on(&peer, REMOTE_DOMAIN_CREATE, &dom);
        peer_call(&peer, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &all);
        peer_done(&peer);
        peer_do(&other, REMOTE_CONNECT_GET_ALL_DOMAIN_STATS, &all, &ret);
        assert_int_equal(ret.n_ret_stats, 1);
        xdr_release(&wire_layout_remote_connect_get_all_domain_stats_ret, &ret);
        free(dom.name);
        peer_done(&other);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(disks),
                wire_test(interfaces),
                wire_test(memory_and_cpus),
                wire_test(a_client_that_leaves_while_it_waits),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
