/* Sets of numbers, as text. */
#include "config/cpu-set.h"
#include "unit.h"

static void ranges_and_exceptions_are_read(void **state)
{
        CpuSet set;

        (void) state;
        assert_true(cpu_set_parse("0-3,8,^2", &set));
        for (unsigned i = 0; i < 10; i++)
                assert_int_equal(cpu_set_has(&set, i), i == 0 || i == 1 || i == 3 || i == 8);
        assert_int_equal(cpu_set_last(&set), 8);
        assert_true(cpu_set_parse("16383", &set));
        assert_int_equal(cpu_set_last(&set), 16383);
}

static void what_is_no_set_is_refused_and_leaves_the_result_alone(void **state)
{
        static const char *const texts[] = {"",    "a",    ",1",    "1,",
                                            "1-",  "-1",   "3-1",   "1 ",
                                            "^1",  "1,^1", "16384", "1-99999999999999999999",
                                            "^0-3"};
        CpuSet set;

        (void) state;
        assert_true(cpu_set_parse("5", &set));
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
                if (cpu_set_parse(texts[i], &set))
                        fail_msg("'%s' was taken", texts[i]);
        assert_int_equal(cpu_set_last(&set), 5);
}

static void a_set_is_written_and_read_again(void **state)
{
        static const char *const texts[] = {"0", "0-3,8", "63-64", "1,16383"};
        uint8_t bytes[4] = {0xff, 0xff, 0xff, 0xff};
        CpuSet set;

        (void) state;
        for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
                assert_true(cpu_set_parse(texts[i], &set));
                _cleanup_(free_ptr) char *text = cpu_set_text(&set);
                assert_string_equal(text, texts[i]);
        }
        assert_true(cpu_set_parse("0,9,31-40", &set));
        cpu_set_to_bytes(&set, bytes, sizeof(bytes));
        assert_memory_equal(bytes, ((uint8_t[]){1, 2, 0, 0x80}), 4);
        cpu_set_from_bytes(&set, bytes, sizeof(bytes));
        _cleanup_(free_ptr) char *text = cpu_set_text(&set);
        assert_string_equal(text, "0,9,31");
        cpu_set_from_bytes(&set, NULL, 0);
        _cleanup_(free_ptr) char *empty = cpu_set_text(&set);
        assert_string_equal(empty, "");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(ranges_and_exceptions_are_read),
                cmocka_unit_test(what_is_no_set_is_refused_and_leaves_the_result_alone),
                cmocka_unit_test(a_set_is_written_and_read_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
