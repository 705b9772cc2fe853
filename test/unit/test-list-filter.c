#include "unit.h"

#include "wire/list-filter.h"

/* The two sides of each question, and domains that differ in it alone. */
static void test_each_question(void **state)
{
        DomainConfig *some = (DomainConfig *) "not looked into";
        const struct {
                uint32_t yes, no;
                Domain is, is_not;
        } questions[] = {
                {1, 2, {.live = some, .state = DOMAIN_RUNNING}, {.config = some}},
                {4, 8, {.config = some}, {.live = some}},
                {256, 512, {.image.path = (char *) "x"}, {}},
                {1024, 2048, {.autostart = true}, {}},
                {16, 32, {.state = DOMAIN_RUNNING}, {.state = DOMAIN_PAUSED}},
                {64, 128, {.state = DOMAIN_SHUTOFF}, {.state = DOMAIN_CRASHED}},
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(questions); i++) {
                const Domain *is = &questions[i].is, *is_not = &questions[i].is_not;
                uint32_t yes = questions[i].yes, no = questions[i].no;

                assert_true(list_filter_matches(is, 0));
                assert_true(list_filter_matches(is_not, 0));
                assert_true(list_filter_matches(is, yes));
                assert_false(list_filter_matches(is_not, yes));
                assert_false(list_filter_matches(is, no));
                assert_true(list_filter_matches(is_not, no));
                assert_true(list_filter_matches(is, yes | no));
                assert_true(list_filter_matches(is_not, yes | no));
        }
}

/* Nothing has a snapshot or a checkpoint yet. */
static void test_snapshots(void **state)
{
        Domain d = {};

        (void) state;
        assert_false(list_filter_matches(&d, 4096));
        assert_true(list_filter_matches(&d, 8192));
        assert_false(list_filter_matches(&d, 16384));
        assert_true(list_filter_matches(&d, 32768));
}

static void test_groups_are_joined(void **state)
{
        DomainConfig *some = (DomainConfig *) "not looked into";
        Domain d = {.live = some, .config = some, .state = DOMAIN_PAUSED, .autostart = true};

        (void) state;
        assert_true(list_filter_matches(&d, 1 | 4 | 32 | 1024));
        assert_false(list_filter_matches(&d, 1 | 4 | 32 | 2048));
        assert_false(list_filter_matches(&d, 1 | 4 | 16 | 1024));
        assert_int_equal(list_filter_flags, 0xffff);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_each_question),
                cmocka_unit_test(test_snapshots),
                cmocka_unit_test(test_groups_are_joined),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
