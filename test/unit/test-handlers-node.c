/* What clients ask of the host and of what it can run. */
#include "wire-fixture.h"

#include <libvirt/libvirt.h>

enum {
        FROM_TEST = VIR_FROM_TEST,
};

static void test_cpu_statistics_with_and_without_room(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, true);
        RemoteNodeGetCpuStatsArgs args = {.cpu_num = VIR_NODE_CPU_STATS_ALL_CPUS};
        RemoteNodeGetCpuStatsRet ret;

        peer_do(&peer, REMOTE_NODE_GET_CPU_STATS, &args, &ret);
        assert_int_equal(ret.nparams, 4);
        assert_int_equal(ret.n_params, 0);
        args.nparams = 4;
        peer_do(&peer, REMOTE_NODE_GET_CPU_STATS, &args, &ret);
        assert_int_equal(ret.n_params, 4);
        assert_string_equal(ret.params[0].field, VIR_NODE_CPU_STATS_KERNEL);
        assert_string_equal(ret.params[1].field, VIR_NODE_CPU_STATS_USER);
        xdr_release(&wire_layout_remote_node_get_cpu_stats_ret, &ret);
        args.nparams = 3;
        peer_fail(&peer, REMOTE_NODE_GET_CPU_STATS, &args, VIR_ERR_INVALID_ARG, FROM_TEST,
                  "nparams in virNodeGetCPUStats must be 4");
        args.nparams = 0;
        args.cpu_num = -2;
        peer_fail(&peer, REMOTE_NODE_GET_CPU_STATS, &args, VIR_ERR_INVALID_ARG, FROM_TEST,
                  "invalid argument: Invalid cpuNum in virNodeGetCPUStats");
        peer_done(&peer);
}

static void test_memory_statistics(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, true);
        RemoteNodeGetMemoryStatsArgs args = {.cell_num = VIR_NODE_MEMORY_STATS_ALL_CELLS,
                                             .nparams = 4};
        RemoteNodeGetMemoryStatsRet ret;
        RemoteNodeGetFreeMemoryRet free_memory;
        RemoteNodeGetCellsFreeMemoryArgs cells = {.start_cell = 10000, .maxcells = 1};
        RemoteNodeGetCellsFreeMemoryArgs none = {.start_cell = 0, .maxcells = 0};

        peer_do(&peer, REMOTE_NODE_GET_MEMORY_STATS, &args, &ret);
        assert_int_equal(ret.n_params, 4);
        assert_string_equal(ret.params[0].field, VIR_NODE_MEMORY_STATS_TOTAL);
        assert_true(ret.params[0].value > ret.params[1].value);
        xdr_release(&wire_layout_remote_node_get_memory_stats_ret, &ret);
        peer_do(&peer, REMOTE_NODE_GET_FREE_MEMORY, NULL, &free_memory);
        assert_true(free_memory.free_mem > 0 && free_memory.free_mem % 1024 == 0);
        args.cell_num = 10000;
        peer_call(&peer, REMOTE_NODE_GET_MEMORY_STATS, &args);
        _cleanup_(packet_done) Packet refused = peer_next(&peer);
        assert_int_equal(refused.header.status, WIRE_STATUS_ERROR);
        peer_call(&peer, REMOTE_NODE_GET_CELLS_FREE_MEMORY, &cells);
        _cleanup_(packet_done) Packet outside = peer_next(&peer);
        assert_int_equal(outside.header.status, WIRE_STATUS_ERROR);
        peer_fail(&peer, REMOTE_NODE_GET_CELLS_FREE_MEMORY, &none, VIR_ERR_INVALID_ARG, FROM_TEST,
                  "maxCells in virNodeGetCellsFreeMemory must be greater than zero");
        peer_done(&peer);
}

static void test_the_map_of_processors(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, true);
        RemoteNodeGetCpuMapArgs args = {.need_map = 1, .need_online = 1};
        RemoteNodeGetCpuMapRet ret;
        unsigned bits = 0;

        peer_do(&peer, REMOTE_NODE_GET_CPU_MAP, &args, &ret);
        for (uint32_t i = 0; i < ret.cpumap.len * 8; i++)
                bits += ret.cpumap.data[i / 8] >> i % 8 & 1;
        assert_int_equal(bits, ret.online);
        assert_true(ret.ret >= (int32_t) ret.online);
        xdr_release(&wire_layout_remote_node_get_cpu_map_ret, &ret);
        args = (RemoteNodeGetCpuMapArgs){};
        peer_do(&peer, REMOTE_NODE_GET_CPU_MAP, &args, &ret);
        assert_int_equal(ret.cpumap.len, 0);
        assert_int_equal(ret.online, 0);
        peer_done(&peer);
}

static void test_what_can_be_run(void **state)
{
        WireFixture *f = *state;
        Peer peer = peer_open(f, false), reader = peer_open(f, true);
        RemoteConnectGetCapabilitiesRet caps;
        RemoteConnectGetDomainCapabilitiesArgs args = {.virttype = (char *) "test"};
        RemoteConnectGetDomainCapabilitiesRet ret;
        RemoteConnectGetCpuModelNamesArgs models = {.arch = (char *) "no/arch"};

        peer_do(&reader, REMOTE_CONNECT_GET_CAPABILITIES, NULL, &caps);
        assert_non_null(strstr(caps.capabilities, "<topology>"));
        assert_non_null(strstr(caps.capabilities, "<domain type='test'/>"));
        free(caps.capabilities);
        peer_do(&peer, REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, &args, &ret);
        assert_non_null(strstr(ret.capabilities, "<vcpu max='32'/>"));
        free(ret.capabilities);
        args.virttype = (char *) "kvm";
        peer_fail(&peer, REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, &args, VIR_ERR_INVALID_ARG,
                  FROM_TEST, "invalid argument: unknown virttype: kvm");
        args.virttype = NULL;
        args.arch = (char *) "nosuch";
        peer_fail(&peer, REMOTE_CONNECT_GET_DOMAIN_CAPABILITIES, &args, VIR_ERR_INVALID_ARG,
                  FROM_TEST, "invalid argument: unknown architecture: nosuch");
        peer_fail(&peer, REMOTE_CONNECT_GET_CPU_MODEL_NAMES, &models, VIR_ERR_INVALID_ARG,
                  FROM_TEST, "invalid argument: cannot find architecture no/arch");
        peer_done(&peer);
        peer_done(&reader);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                wire_test(test_cpu_statistics_with_and_without_room),
                wire_test(test_memory_statistics),
                wire_test(test_the_map_of_processors),
                wire_test(test_what_can_be_run),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
