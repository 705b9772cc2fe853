/* base/vec: growth, order-keeping removal, zeroed new elements. */
#include "unit.h"

#include "base/vec.h"

static void push_and_remove(void **state)
{
        VEC(int) v = {};

        (void) state;
        for (int i = 0; i < 1000; i++) {
                int *item = vec_push(&v);

                assert_int_equal(*item, 0);
                *item = i;
        }
        assert_int_equal(v.len, 1000);
        for (size_t i = 0; i < v.len; i++)
                vec_remove(&v, i); /* every second one */
        assert_int_equal(v.len, 500);
        for (size_t i = 0; i < v.len; i++)
                assert_int_equal(v.items[i], 2 * i + 1);

        /* What a removal leaves behind does not show in a later push. */
        assert_int_equal(*vec_push(&v), 0);
        vec_done(&v);
        assert_null(v.items);
        assert_int_equal(v.len, 0);
        vec_done(&v);
}

static void remove_each_place(void **state)
{
        (void) state;
        for (size_t gone = 0; gone < 8; gone++) {
                VEC(char) v = {};
                char expect[8] = "";

                for (size_t i = 0; i < 8; i++) {
                        *vec_push(&v) = (char) ('a' + i);
                        if (i != gone)
                                expect[i - (i > gone)] = (char) ('a' + i);
                }
                assert_int_equal(v.cap, 8); /* full: the removal must not look past the end */
                vec_remove(&v, gone);
                assert_int_equal(v.len, 7);
                assert_memory_equal(v.items, expect, 7);
                vec_done(&v);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(push_and_remove),
                cmocka_unit_test(remove_each_place),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
