/* base/log: levels, the sink, and lines that cannot be forged. */
#include "unit.h"

#include "base/log.h"
#include "base/str.h"

static Str lines;

static void sink(LogLevel level, const char *area, const char *line)
{
        str_addf(&lines, "<%s %s %s>", log_level_text(level), area, line);
}

static int setup(void **state)
{
        (void) state;
        log_set_sink(sink);
        log_set_level(LOG_LEVEL_WARNING);
        return 0;
}

static int teardown(void **state)
{
        (void) state;
        log_set_sink(NULL);
        str_done(&lines);
        return 0;
}

static void levels_filter(void **state)
{
        (void) state;
        assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
        log_debug("qemu", "hidden");
        log_at(LOG_LEVEL_NOTICE, "qemu", "hidden");
        log_at(LOG_LEVEL_WARNING, "qemu", "shown %d", 1);
        log_at(LOG_LEVEL_ERROR, "op", "shown %d", 2);
        log_set_level(LOG_LEVEL_DEBUG);
        log_debug("wire", "shown");
        log_write(LOG_LEVEL_NONE, "wire", "never");
        assert_string_equal(lines.text,
                            "<warning qemu shown 1><error op shown 2><debug wire shown>");
}

static void areas_have_levels_of_their_own(void **state)
{
        (void) state;
        assert_true(log_set_area_level("qemu", LOG_LEVEL_DEBUG));
        assert_true(log_set_area_level("wire", LOG_LEVEL_ERROR));
        assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
        log_debug("qemu", "shown");
        log_debug("op", "hidden");
        log_at(LOG_LEVEL_WARNING, "op", "shown");
        log_at(LOG_LEVEL_WARNING, "wire", "hidden");
        log_at(LOG_LEVEL_ERROR, "wire", "shown");
        log_reset_areas();
        assert_int_equal(log_get_level(), LOG_LEVEL_WARNING);
        log_debug("qemu", "hidden");
        log_at(LOG_LEVEL_WARNING, "wire", "again");
        assert_string_equal(lines.text, "<debug qemu shown><warning op shown><error wire shown>"
                                        "<warning wire again>");
        assert_false(log_set_area_level("kitchen", LOG_LEVEL_DEBUG));
}

static void filtered_arguments_are_not_computed(void **state)
{
        int calls = 0;

        (void) state;
        log_debug("qemu", "%d", ++calls);
        assert_int_equal(calls, 0);
        assert_null(lines.text);
}

static void no_forged_lines(void **state)
{
        (void) state;
        log_at(LOG_LEVEL_ERROR, "qemu", "a\nb\rc\033[0m");
        assert_string_equal(lines.text, "<error qemu a b c [0m>");
}

static void names(void **state)
{
        LogLevel level = LOG_LEVEL_INFO;

        (void) state;
        assert_true(log_level_parse("debug", &level));
        assert_int_equal(level, LOG_LEVEL_DEBUG);
        assert_true(log_level_parse("none", &level));
        assert_int_equal(level, LOG_LEVEL_NONE);
        assert_false(log_level_parse("Debug", &level));
        assert_false(log_level_parse("", &level));
        assert_int_equal(level, LOG_LEVEL_NONE);
        assert_string_equal(log_level_text((LogLevel) 99), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(levels_filter, setup, teardown),
                cmocka_unit_test_setup_teardown(filtered_arguments_are_not_computed, setup,
                                                teardown),
                cmocka_unit_test_setup_teardown(areas_have_levels_of_their_own, setup, teardown),
                cmocka_unit_test_setup_teardown(no_forged_lines, setup, teardown),
                cmocka_unit_test(names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
