/* base/clock: clocks that go forward and agree with the system's. */
#include "unit.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#include <time.h>

static void monotonic(void **state)
{
        uint64_t before = clock_monotonic_ns();

        (void) state;
        for (int i = 0; i < 1000; i++) {
                uint64_t now = clock_monotonic_ns();

                assert_true(now >= before);
                before = now;
        }
        uint64_t ms = clock_monotonic_ms();
        assert_true(ms >= before / 1000000);
        assert_true(ms <= clock_monotonic_ns() / 1000000);
}

static void realtime(void **state)
{
        time_t before = time(NULL);
        uint64_t ms = clock_realtime_ms();

        (void) state;
        /* time() reads a coarse clock, which may be a tick behind. */
        assert_true(ms / 1000 >= (uint64_t) before);
        assert_true(ms / 1000 <= (uint64_t) time(NULL) + 1);
}

static void boot_id(void **state)
{
        _cleanup_(free_ptr) char *text = NULL;
        _cleanup_(error_done) Error err = {};

        (void) state;
        assert_ok(file_read("/proc/sys/kernel/random/boot_id", 100, &text, NULL, &err));
        text[strcspn(text, "\n")] = '\0';
        assert_int_equal(strlen(clock_boot_id()), 36);
        assert_string_equal(clock_boot_id(), text);
        assert_ptr_equal(clock_boot_id(), clock_boot_id());
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(monotonic),
                cmocka_unit_test(realtime),
                cmocka_unit_test(boot_id),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
