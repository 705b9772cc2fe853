/* QEMU's answers become statistics; what it says that is no answer becomes none. */
#include "unit.h"

#include "base/str.h"
#include "qemu/stats.h"

static DomainConfig *config_of(void)
{
        static const char xml[] =
                "<domain type='qemu'><name>a</name><memory>1</memory><vcpu>2</vcpu>"
                "<os><type>hvm</type></os><devices>"
                "<disk type='file' device='disk'><source file='/t.qcow2'/>"
                "<target dev='vda' bus='virtio'/></disk>"
                "<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/>"
                "</disk>"
                "<memballoon model='virtio'></memballoon>"
                "</devices></domain>";
        DomainConfig *config;
        Error err = {};

        assert_ok(domain_config_from_xml(xml, strlen(xml), &config, &err));
        config->disks.items[0].info.alias = xstrdup("virtio-disk0");
        config->disks.items[1].info.alias = xstrdup("ide0-1-0");
        return config;
}

static void take(DomainStats *stats, QemuStatsFn *fn, const char *text)
{
        _cleanup_(domain_config_freep) DomainConfig *config = config_of();
        json_t *value = json_loads(text, JSON_DECODE_ANY, NULL);

        assert_non_null(value);
        fn(stats, config, value);
        json_decref(value);
}

#define IO(n)                                                                                      \
        "\"stats\": {\"rd_operations\": " #n "1, \"rd_bytes\": " #n "2, \"rd_total_time_ns\": " #n \
        "3, \"wr_operations\": " #n "4, \"wr_bytes\": " #n "5, \"wr_total_time_ns\": " #n          \
        "6, \"flush_operations\": " #n "7, \"flush_total_time_ns\": " #n                           \
        "8, \"wr_highest_offset\": " #n "9}"

static const char
        blockstats
                [] =
                        "[{\"qdev\": \"/machine/peripheral/virtio-disk0/virtio-backend\", " IO(1) ", \"parent\": {\"node-name\": \"vda-storage\", " IO(
                                2) "}, \"backing\": {" IO(3) ", \"parent\": {\"node-name\": "
                                                             "\"#b1\", " IO(4) "}}}, "
                                                                               "{\"qdev\": "
                                                                               "\"ide0-1-0\", " IO(
                                                                                       5) "}, "
                                                                                          "{\"qdev"
                                                                                          "\": "
                                                                                          "\"other"
                                                                                          "\", " IO(6) "}]";

static void disks_are_found_with_their_layers(void **state)
{
        DomainStats stats = {};
        const DiskStats *top, *cdrom;

        (void) state;
        take(&stats, qemu_stats_blockstats, blockstats);
        take(&stats, qemu_stats_block,
             "[{\"qdev\": \"/machine/peripheral/virtio-disk0/virtio-backend\", "
             "\"io-status\": \"nospace\", \"inserted\": {\"image\": {\"virtual-size\": 1000, "
             "\"actual-size\": 300, \"filename\": \"/t.qcow2\", \"backing-image\": "
             "{\"virtual-size\": 900, \"filename\": \"/b.qcow2\"}}}}, "
             "{\"qdev\": \"ide0-1-0\", \"io-status\": \"ok\"}]");
        take(&stats, qemu_stats_nodes,
             "[{\"node-name\": \"vda-storage\", \"image\": {\"virtual-size\": 512}}]");
        assert_int_equal(stats.disks.len, 3);
        top = stats_disk(&stats, "vda");
        assert_non_null(top);
        assert_true(top->has_io);
        assert_int_equal(top->rd_ops, 11);
        assert_int_equal(top->rd_bytes, 12);
        assert_int_equal(top->rd_ns, 13);
        assert_int_equal(top->wr_ops, 14);
        assert_int_equal(top->wr_bytes, 15);
        assert_int_equal(top->wr_ns, 16);
        assert_int_equal(top->flush_ops, 17);
        assert_int_equal(top->flush_ns, 18);
        assert_int_equal(top->highest, 29);
        assert_int_equal(top->capacity, 1000);
        assert_int_equal(top->allocated, 300);
        assert_int_equal(top->length, 512);
        assert_int_equal(top->fault, DISK_FAULT_NO_SPACE);

        assert_int_equal(stats.disks.items[1].layer, 1);
        assert_false(stats.disks.items[1].has_io);
        assert_int_equal(stats.disks.items[1].highest, 49);
        assert_string_equal(stats.disks.items[1].path, "/b.qcow2");
        assert_int_equal(stats.disks.items[1].allocated, 900);

        cdrom = stats_disk(&stats, "hdc");
        assert_int_equal(cdrom->rd_ops, 51);
        assert_false(cdrom->has_size);
        assert_null(stats_disk(&stats, "other"));
        stats_clear(&stats);
}

static void memory_that_is_not_reported_is_absent(void **state)
{
        DomainStats stats = {};

        (void) state;
        take(&stats, qemu_stats_balloon, "{\"actual\": 134217728}");
        take(&stats, qemu_stats_memory,
             "{\"last-update\": 77, \"stats\": {\"stat-swap-in\": 4096, \"stat-swap-out\": -1, "
             "\"stat-major-faults\": 5, \"stat-free-memory\": 0}}");
        assert_int_equal(stats.balloon_kib, 131072);
        assert_true(stats.memory.reports);
        assert_int_equal(stats.memory.last_update, 77);
        assert_int_equal(stats.memory.present,
                         1 << MEMORY_SWAP_IN | 1 << MEMORY_MAJOR_FAULT | 1 << MEMORY_UNUSED);
        assert_int_equal(stats.memory.value[MEMORY_SWAP_IN], 4);
        assert_int_equal(stats.memory.value[MEMORY_MAJOR_FAULT], 5);
        stats_clear(&stats);
}

static void threads_are_listed(void **state)
{
        DomainStats stats = {};

        (void) state;
        take(&stats, qemu_stats_cpus,
             "[{\"cpu-index\": 0, \"thread-id\": 10}, {\"cpu-index\": 1, \"thread-id\": 11}]");
        take(&stats, qemu_stats_iothreads,
             "[{\"id\": \"iothread3\", \"thread-id\": 9, \"poll-max-ns\": 32768, "
             "\"poll-grow\": 1, \"poll-shrink\": 2}, {\"id\": \"mine\"}]");
        assert_int_equal(stats.vcpus.len, 2);
        assert_int_equal(stats.vcpus.items[1].thread, 11);
        assert_int_equal(stats.iothreads.len, 1);
        assert_int_equal(stats.iothreads.items[0].number, 3);
        assert_int_equal(stats.iothreads.items[0].poll_max_ns, 32768);
        stats_clear(&stats);
}

static void nonsense_is_no_statistics(void **state)
{
        static QemuStatsFn *const all[] = {
                qemu_stats_blockstats, qemu_stats_block, qemu_stats_nodes,    qemu_stats_balloon,
                qemu_stats_memory,     qemu_stats_cpus,  qemu_stats_iothreads};
        static const char *const texts[] = {
                "{}",
                "[]",
                "7",
                "null",
                "[7, null, [], {}]",
                "[{\"qdev\": 7, \"stats\": [], \"parent\": 1, \"backing\": []}]",
                ("[{\"qdev\": \"/machine/peripheral/virtio-disk0\", \"stats\": 1, \"backing\": 2, "
                 "\"inserted\": [], \"io-status\": {}, \"node-name\": 3}]"),
                "{\"stats\": 7, \"last-update\": -3, \"actual\": \"x\"}",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                DomainStats stats = {};

                for (size_t k = 0; k < ELEMENTSOF(all); k++)
                        take(&stats, all[k], texts[i]);
                assert_int_equal(stats.memory.present, 0);
                assert_int_equal(stats.iothreads.len, 0);
                for (size_t k = 0; k < stats.disks.len; k++)
                        assert_int_equal(stats.disks.items[k].rd_ops, 0);
                stats_clear(&stats);
        }
}

static void the_balloon_is_found_by_its_alias(void **state)
{
        _cleanup_(domain_config_freep) DomainConfig *config = config_of();
        _cleanup_(free_ptr) char *path = qemu_balloon_path(config);

        (void) state;
        assert_string_equal(path, "/machine/peripheral/balloon0");
        config->memballoon->model = MEMBALLOON_MODEL_NONE;
        assert_null(qemu_balloon_path(config));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(disks_are_found_with_their_layers),
                cmocka_unit_test(memory_that_is_not_reported_is_absent),
                cmocka_unit_test(threads_are_listed),
                cmocka_unit_test(nonsense_is_no_statistics),
                cmocka_unit_test(the_balloon_is_found_by_its_alias),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
