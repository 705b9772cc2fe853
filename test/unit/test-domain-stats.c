/* Statistics as libvirt's typed parameters: names, types, order, and what is left out. */
#include "unit.h"

#include "base/str.h"
#include "wire/domain-stats.h"

#include <libvirt/libvirt.h>

static const char xml[] = "<domain type='qemu'><name>a</name><memory>2048</memory>"
                          "<currentMemory>1024</currentMemory><vcpu current='1'>2</vcpu>"
                          "<os><type>hvm</type></os><devices>"
                          "<disk type='file' device='disk'><source file='/t.qcow2'/>"
                          "<target dev='vda' bus='virtio'/></disk>"
                          "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/></disk>"
                          "<interface type='user'/>"
                          "<interface type='ethernet'><target dev='tap0'/></interface>"
                          "</devices></domain>";

static DomainConfig *config_of(void)
{
        DomainConfig *config;
        Error err = {};

        assert_ok(domain_config_from_xml(xml, strlen(xml), &config, &err));
        return config;
}

static char *list_of(const Domain *d, uint32_t groups, bool backing)
{
        static const char types[] = "?iulUdbs";
        TypedParams params = {};
        Str out = {};

        domain_stats_add(&params, d, groups, backing);
        for (size_t i = 0; i < params.len; i++) {
                WireTypedParam *param = &params.items[i];

                str_addf(&out, "%s:%c=", param->field, types[param->tag]);
                if (param->tag == WIRE_PARAM_STRING)
                        str_addf(&out, "%s\n", param->value.s);
                else if (param->tag == WIRE_PARAM_ULLONG)
                        str_addf(&out, "%llu\n", (unsigned long long) param->value.ul);
                else
                        str_addf(&out, "%d\n", param->value.i);
                if (param->tag == WIRE_PARAM_STRING)
                        free(param->value.s);
                free(param->field);
        }
        vec_done(&params);
        return str_take(&out);
}

static void check(const Domain *d, uint32_t groups, bool backing, const char *want)
{
        _cleanup_(free_ptr) char *got = list_of(d, groups, backing);

        assert_string_equal(got, want);
}

static void add_disk(DomainStats *stats, const char *target, unsigned layer, const char *path)
{
        *vec_push(&stats->disks) = (DiskStats){
                .target = xstrdup(target),
                .path = xstrdup_null(path),
                .layer = layer,
                .has_io = layer == 0,
                .has_size = path != NULL,
                .rd_ops = 1,
                .rd_bytes = 2,
                .rd_ns = 3,
                .wr_ops = 4,
                .wr_bytes = 5,
                .wr_ns = 6,
                .flush_ops = 7,
                .flush_ns = 8,
                .highest = 9,
                .capacity = 10,
                .allocated = 11,
                .length = 12,
        };
}

static void a_running_guest_in_full(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *live = config_of();
        Domain d = {.live = live, .state = DOMAIN_RUNNING, .reason = REASON_BOOTED};
        DomainStats *stats = &d.stats;

        (void) state;
        stats->refreshed_ms = 1;
        stats->cpu_time_ns = 30;
        stats->cpu_user_ns = 20;
        stats->cpu_system_ns = 10;
        stats->balloon_kib = 1000;
        stats->rss_kib = 900;
        stats->memory.reports = true;
        memory_stats_set(&stats->memory, MEMORY_SWAP_IN, 1);
        memory_stats_set(&stats->memory, MEMORY_HUGE_FAILED, 2);
        *vec_push(&stats->vcpus) =
                (VcpuStats){.number = 0, .has_times = true, .time_ns = 5, .delay_ns = 6};
        *vec_push(&stats->vcpus) = (VcpuStats){.number = 1};
        *vec_push(&stats->iothreads) = (IothreadStats){.number = 4, .poll_max_ns = 32768};
        *vec_push(&stats->nets) = (NetStats){.device = xstrdup("tap0"),
                                             .rx_bytes = 1,
                                             .rx_packets = 2,
                                             .rx_errs = 3,
                                             .rx_drop = 4,
                                             .tx_bytes = 5,
                                             .tx_packets = 6,
                                             .tx_errs = 7,
                                             .tx_drop = 8};
        add_disk(stats, "vda", 0, "/t.qcow2");
        add_disk(stats, "vda", 1, "/b.qcow2");
        add_disk(stats, "hdc", 0, NULL);

        check(&d, domain_stats_groups & ~(uint32_t) VIR_DOMAIN_STATS_BLOCK, false,
              "state.state:i=1\nstate.reason:i=1\n"
              "cpu.time:U=30\ncpu.user:U=20\ncpu.system:U=10\n"
              "balloon.current:U=1000\nballoon.maximum:U=2048\nballoon.swap_in:U=1\n"
              "balloon.hugetlb_pgfail:U=2\nballoon.last-update:U=0\nballoon.rss:U=900\n"
              "vcpu.current:u=1\nvcpu.maximum:u=2\nvcpu.0.state:i=1\nvcpu.0.time:U=5\n"
              "vcpu.0.wait:U=0\nvcpu.0.delay:U=6\nvcpu.1.state:i=1\n"
              "net.count:u=2\nnet.1.name:s=tap0\nnet.1.rx.bytes:U=1\nnet.1.rx.pkts:U=2\n"
              "net.1.rx.errs:U=3\nnet.1.rx.drop:U=4\nnet.1.tx.bytes:U=5\nnet.1.tx.pkts:U=6\n"
              "net.1.tx.errs:U=7\nnet.1.tx.drop:U=8\n"
              "iothread.count:u=1\niothread.4.poll-max-ns:U=32768\n"
              "iothread.4.poll-grow:u=0\niothread.4.poll-shrink:u=0\n");

#define VDA                                                                                        \
        "block.0.name:s=vda\nblock.0.path:s=/t.qcow2\nblock.0.rd.reqs:U=1\n"                       \
        "block.0.rd.bytes:U=2\nblock.0.rd.times:U=3\nblock.0.wr.reqs:U=4\n"                        \
        "block.0.wr.bytes:U=5\nblock.0.wr.times:U=6\nblock.0.fl.reqs:U=7\n"                        \
        "block.0.fl.times:U=8\nblock.0.allocation:U=9\nblock.0.capacity:U=10\n"                    \
        "block.0.physical:U=11\n"
#define HDC(n)                                                                                     \
        "block." n ".name:s=hdc\nblock." n ".rd.reqs:U=1\nblock." n ".rd.bytes:U=2\nblock." n      \
        ".rd.times:U=3\nblock." n ".wr.reqs:U=4\nblock." n ".wr.bytes:U=5\nblock." n               \
        ".wr.times:U=6\nblock." n ".fl.reqs:U=7\nblock." n ".fl.times:U=8\n"

        check(&d, VIR_DOMAIN_STATS_BLOCK, false, "block.count:u=2\n" VDA HDC("1"));
        check(&d, VIR_DOMAIN_STATS_BLOCK, true,
              "block.count:u=3\n" VDA "block.1.name:s=vda\nblock.1.path:s=/b.qcow2\n"
              "block.1.allocation:U=9\nblock.1.capacity:U=10\nblock.1.physical:U=11\n" HDC("2"));
        stats_clear(stats);
}

static void a_guest_that_has_not_answered_yet(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *live = config_of();
        Domain d = {.live = live, .state = DOMAIN_PAUSED, .reason = REASON_STARTING_UP};

        (void) state;
        check(&d, domain_stats_groups & ~(uint32_t) VIR_DOMAIN_STATS_CPU_TOTAL, false,
              "state.state:i=3\nstate.reason:i=11\nballoon.current:U=1024\n"
              "balloon.maximum:U=2048\nvcpu.current:u=1\nvcpu.maximum:u=2\nnet.count:u=2\n"
              "block.count:u=2\nblock.0.name:s=vda\nblock.0.path:s=/t.qcow2\n"
              "block.1.name:s=hdc\n");
}

static void a_domain_that_is_off(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config = config_of();
        Domain d = {.config = config, .state = DOMAIN_SHUTOFF};

        (void) state;
        check(&d, domain_stats_groups, true,
              "state.state:i=5\nstate.reason:i=0\nballoon.current:U=1024\n"
              "balloon.maximum:U=2048\nvcpu.current:u=1\nvcpu.maximum:u=2\n"
              "block.count:u=2\nblock.0.name:s=vda\nblock.0.path:s=/t.qcow2\n"
              "block.1.name:s=hdc\n");
        check(&d, 1u << 20, false, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_running_guest_in_full),
                cmocka_unit_test(a_guest_that_has_not_answered_yet),
                cmocka_unit_test(a_domain_that_is_off),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
