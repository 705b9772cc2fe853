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

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_host_is_told_consistently),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
