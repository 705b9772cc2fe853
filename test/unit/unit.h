/* What every unit test includes: cmocka, and checks for functions that fill an Error. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/error.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* The call `f(..., &err)` succeeds; else its message is shown. `err` is in scope. */
#define assert_ok(call)                                                                            \
        do {                                                                                       \
                if ((call) < 0)                                                                    \
                        fail_msg("%s: %s", #call, error_text(&err));                               \
        } while (0)

/* The call fails with ERROR_<code>, with a message of one phrase. `err` is emptied. */
#define assert_error(call, error_code)                                                             \
        do {                                                                                       \
                assert_int_equal((call), -ERROR_##error_code);                                     \
                assert_int_equal(err.code, ERROR_##error_code);                                    \
                assert_non_null(err.message);                                                      \
                assert_true(err.message[0] && !strchr(err.message, '\n'));                         \
                error_done(&err);                                                                  \
        } while (0)

/* How many descriptors this process has open. */
static inline __attribute__((unused)) int count_fds(void)
{
        DIR *dir = opendir("/proc/self/fd");
        int n = -1; /* the one of opendir */

        assert_non_null(dir);
        while (readdir(dir))
                n++;
        closedir(dir);
        return n - 2;
}
