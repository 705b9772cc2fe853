#include "unit.h"

#include "wire/host.h"

#include <unistd.h>

/* Whatever the machine: the figures fit together and none is missing that clients divide by. */
static void test_the_host_is_told_consistently(void **state)
{
        WireHost host;

        (void) state;
        host_read(&host);
        assert_non_null(host.hostname);
        assert_true(host.hostname[0]);
        assert_true(strlen(host.model) > 0);
        assert_int_equal(host.cpus, sysconf(_SC_NPROCESSORS_ONLN));
        assert_int_equal(host.nodes * host.sockets * host.cores * host.threads, host.cpus);
        assert_true(host.memory_kib > 1024);
        host_done(&host);
        assert_null(host.hostname);
}

static void test_processors_and_pages_are_told(void **state)
{
        WireHost host;

        (void) state;
        host_read(&host);
        assert_int_equal(host.online.len, host.cpus);
        assert_true(host.present >= host.cpus);
        for (size_t i = 0; i < host.online.len; i++)
                assert_true(host.online.items[i].siblings[0]);
        assert_true(host.pages.len >= 1);
        assert_true(host.pages.items[0].base);
        assert_int_equal(host.pages.items[0].size_kib, sysconf(_SC_PAGESIZE) / 1024);
        host_done(&host);
}

static void test_times_grow(void **state)
{
        HostCpuTimes one, all, later;
        Error err = {};

        (void) state;
        assert_ok(host_cpu_times(-1, &all, &err));
        assert_ok(host_cpu_times(0, &one, &err));
        assert_ok(host_cpu_times(-1, &later, &err));
        assert_true(all.user + all.kernel + all.idle > 0);
        assert_true(one.user <= later.user);
        assert_true(later.kernel >= all.kernel && later.user >= all.user);
        assert_int_equal(host_cpu_times(1 << 20, &one, &err), -ERROR_INVALID_ARGUMENT);
        error_done(&err);
}

static void test_memory_of_the_host_and_of_a_node(void **state)
{
        HostMemory all, node;
        Error err = {};

        (void) state;
        assert_ok(host_memory(-1, &all, &err));
        assert_true(all.total > all.free && all.free > 0 && all.cached > 0);
        if (access("/sys/devices/system/node/node0/meminfo", F_OK) == 0) {
                assert_ok(host_memory(0, &node, &err));
                assert_true(node.total > 0 && node.buffers == 0);
        }
        assert_int_equal(host_memory(1 << 20, &node, &err), -ERROR_SYSTEM);
        error_done(&err);
}

static void test_the_document_counts_every_processor(void **state)
{
        static const char *const types[] = {"qemu", "kvm", NULL};
        WireHost host;
        size_t n = 0;

        (void) state;
        host_read(&host);
        _cleanup_(free_ptr) char *xml = host_to_xml(&host, types);
        for (const char *at = xml; (at = strstr(at, "<cpu id='")); at++)
                n++;
        assert_int_equal(n, host.cpus);
        assert_non_null(strstr(xml, "<baselabel type='kvm'>"));
        assert_non_null(strstr(xml, "<iommu support='no'/>"));
        host_done(&host);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_host_is_told_consistently),
                cmocka_unit_test(test_processors_and_pages_are_told),
                cmocka_unit_test(test_times_grow),
                cmocka_unit_test(test_memory_of_the_host_and_of_a_node),
                cmocka_unit_test(test_the_document_counts_every_processor),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
