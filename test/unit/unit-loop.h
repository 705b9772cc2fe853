/* Unit tests that run on a loop of their own each: `loop_test(name)` in the table of tests.
 *
 * The loop is freed, and with that its account checked, only where the test succeeded: the message
 * of a failed assertion is not hidden behind what it left registered. */
#pragma once

#include "unit.h"

#include "loop/loop.h"

static Loop *loop;

static void run_on_loop(void **state)
{
        CMUnitTestFunction test = (CMUnitTestFunction) *state;

        assert_int_equal(loop_new(&loop, NULL), 0);
        test(state);
        loop = loop_free(loop);
}

#define loop_test(test)                                                                            \
        (struct CMUnitTest)                                                                        \
        {                                                                                          \
                .name = #test, .test_func = run_on_loop, .initial_state = (void *) (test)          \
        }
