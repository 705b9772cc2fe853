/* base/str: buffers that stay terminated, and numbers that are whole or nothing. */
#include "unit.h"

#include "base/str.h"

static void duplicates(void **state)
{
        _cleanup_(free_ptr) char *a = xstrndup("abc", 2), *b = xstrndup("abc", 9),
                                 *c = xasprintf("%s-%d", "x", 5), *d = xstrndup("", 0);

        (void) state;
        assert_string_equal(a, "ab");
        assert_string_equal(b, "abc");
        assert_string_equal(c, "x-5");
        assert_string_equal(d, "");
        assert_null(xstrdup_null(NULL));
}

static void comparisons(void **state)
{
        (void) state;
        assert_true(str_eq("a", "a"));
        assert_false(str_eq("a", "b"));
        assert_true(str_eq(NULL, NULL));
        assert_false(str_eq(NULL, ""));
        assert_false(str_eq("", NULL));
        assert_string_equal(str_after("qemu:///system", "qemu:"), "///system");
        assert_string_equal(str_after("x", "x"), "");
        assert_null(str_after("x", "xy"));
        assert_true(str_ends("a.xml", ".xml"));
        assert_true(str_ends("a", ""));
        assert_false(str_ends("xml", ".xml"));
}

static void numbers(void **state)
{
        static const char *const bad[] = {"",
                                          " 1",
                                          "1 ",
                                          "+1",
                                          "-",
                                          "0x10",
                                          "1a",
                                          "--1",
                                          "1.0",
                                          "١",
                                          "1\n",
                                          "18446744073709551616",
                                          "99999999999999999999999"};
        uint64_t u64 = 7;
        uint32_t u32 = 7;
        int64_t i64 = 7;

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_false(str_to_u64(bad[i], &u64));
                assert_false(str_to_u32(bad[i], &u32));
                assert_false(str_to_i64(bad[i], &i64));
        }
        assert_false(str_to_u64("-1", &u64));
        assert_false(str_to_u32("4294967296", &u32));
        assert_false(str_to_i64("9223372036854775808", &i64));
        assert_false(str_to_i64("-9223372036854775809", &i64));
        assert_true(u64 == 7 && u32 == 7 && i64 == 7);

        assert_true(str_to_u64("18446744073709551615", &u64) && u64 == UINT64_MAX);
        assert_true(str_to_u64("007", &u64) && u64 == 7);
        assert_true(str_to_u32("4294967295", &u32) && u32 == UINT32_MAX);
        assert_true(str_to_i64("9223372036854775807", &i64) && i64 == INT64_MAX);
        assert_true(str_to_i64("-9223372036854775808", &i64) && i64 == INT64_MIN);
        assert_true(str_to_i64("-0", &i64) && i64 == 0);
}

static void buffer_grows_and_stays_terminated(void **state)
{
        _cleanup_(str_done) Str s = {};

        (void) state;
        assert_null(s.text);
        for (size_t i = 0; i < 1000; i++) {
                str_addc(&s, (char) ('a' + i % 26));
                assert_int_equal(s.len, i + 1);
                assert_int_equal(strlen(s.text), i + 1);
        }
        for (size_t i = 0; i < 1000; i++)
                assert_int_equal(s.text[i], 'a' + i % 26);

        str_clear(&s);
        assert_string_equal(s.text, "");
        str_add(&s, "x");
        str_addf(&s, "%03d", 7);
        str_addn(&s, "yz\0w", 4);
        assert_int_equal(s.len, 8);
        assert_memory_equal(s.text, "x007yz\0w", 9);

        _cleanup_(free_ptr) char *taken = str_take(&s), *empty = str_take(&s);
        assert_string_equal(taken, "x007yz");
        assert_string_equal(empty, "");
        assert_null(s.text);
        assert_int_equal(s.len, 0);
}

static void string_lists(void **state)
{
        _cleanup_(strv_freep) char **list = NULL;

        (void) state;
        assert_int_equal(strv_len(NULL), 0);
        for (int i = 0; i < 100; i++)
                strv_addf(&list, "item %d", i);
        strv_add(&list, xstrdup("last"));
        assert_int_equal(strv_len(list), 101);
        assert_string_equal(list[42], "item 42");
        assert_string_equal(list[100], "last");
        assert_null(list[101]);
        assert_null(strv_free(NULL));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(duplicates),   cmocka_unit_test(comparisons),
                cmocka_unit_test(numbers),      cmocka_unit_test(buffer_grows_and_stays_terminated),
                cmocka_unit_test(string_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
