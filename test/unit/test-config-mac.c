#include "config/mac.h"

#include "base/alloc.h"
#include "unit.h"

static void addresses_are_read_and_written(void **state _unused_)
{
        char text[MAC_TEXT_SIZE];
        Mac mac;

        assert_true(mac_parse("52:54:00:AB:cd:0f", &mac));
        assert_string_equal(mac_format(&mac, text), "52:54:00:ab:cd:0f");
        assert_true(mac_parse("0:1:2:3:4:5", &mac));
        assert_string_equal(mac_format(&mac, text), "00:01:02:03:04:05");
}

static void anything_else_is_refused(void **state _unused_)
{
        static const char *const bad[] = {"",
                                          "52:54:00:ab:cd",
                                          "52:54:00:ab:cd:0f:11",
                                          "52-54-00-ab-cd-0f",
                                          "52:54:00:ab:cd:0g",
                                          "525400abcd0f",
                                          " 52:54:00:ab:cd:0f",
                                          "52:54:00:ab:cd:0f ",
                                          "52::00:ab:cd:0f",
                                          "152:54:00:ab:cd:0f"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                Mac mac = {{9}};
                assert_false(mac_parse(bad[i], &mac));
                assert_int_equal(mac.bytes[0], 9);
        }
}

static void new_ones_are_of_the_emulators_range(void **state _unused_)
{
        char text[MAC_TEXT_SIZE];
        Mac a = mac_new(), b = mac_new(), c = mac_new();

        mac_format(&a, text);
        assert_memory_equal(text, "52:54:00:", 9);
        assert_false(mac_equal(&a, &b) && mac_equal(&b, &c));
        assert_false(mac_is_null(&a));
        assert_true(mac_is_null(&(Mac){}));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(addresses_are_read_and_written),
                cmocka_unit_test(anything_else_is_refused),
                cmocka_unit_test(new_ones_are_of_the_emulators_range),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
