#include "unit.h"

#include "op/group.h"

typedef struct Seen {
        int calls;
        char text[64];
} Seen;

static void done(void *data, const Error *err)
{
        Seen *seen = data;

        seen->calls++;
        snprintf(seen->text, sizeof(seen->text), "%s",
                 error_is_set(err) ? error_text(err) : "success");
}

static void test_ends_when_every_member_has(void **state)
{
        Seen seen = {};
        Group group;

        (void) state;
        group_init(&group, done, &seen);
        group_add(&group);
        group_add(&group);
        group_end(&group, NULL); /* the caller's own */
        group_end(&group, NULL);
        assert_int_equal(seen.calls, 0);
        group_end(&group, NULL);
        assert_int_equal(seen.calls, 1);
        assert_string_equal(seen.text, "success");
}

static void test_ends_with_the_first_error(void **state)
{
        Error first = {}, second = {};
        Seen seen = {};
        Group group;

        (void) state;
        error_set(&first, ERROR_SYSTEM, "first");
        error_set(&second, ERROR_SYSTEM, "second");
        group_init(&group, done, &seen);
        group_add(&group);
        group_add(&group);
        group_end(&group, &first);
        group_end(&group, &second);
        group_end(&group, NULL);
        assert_int_equal(seen.calls, 1);
        assert_string_equal(seen.text, "first");
        error_done(&first);
        error_done(&second);
}

static void test_with_no_member_ends_at_once(void **state)
{
        Seen seen = {};
        Group group;

        (void) state;
        group_init(&group, done, &seen);
        group_end(&group, NULL);
        assert_int_equal(seen.calls, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ends_when_every_member_has),
                cmocka_unit_test(test_ends_with_the_first_error),
                cmocka_unit_test(test_with_no_member_ends_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
