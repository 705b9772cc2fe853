/* base/error: one error per failure, with its code, its message and its errno. */
#include "unit.h"

#include <errno.h>

static void set_returns_the_code(void **state)
{
        _cleanup_(error_done) Error err = {};

        (void) state;
        assert_false(error_is_set(&err));
        assert_int_equal(error_set(&err, ERROR_NO_DOMAIN, "no domain '%s'", "a"), -ERROR_NO_DOMAIN);
        assert_true(error_is_set(&err));
        assert_string_equal(error_text(&err), "no domain 'a'");
        assert_int_equal(err.sys_errno, 0);

        assert_int_equal(error_set(&err, ERROR_BUSY, "%d%%", 5), -ERROR_BUSY);
        assert_int_equal(err.code, ERROR_BUSY);
        assert_string_equal(err.message, "5%");
}

static void errno_is_kept_and_told(void **state)
{
        _cleanup_(error_done) Error err = {};

        (void) state;
        errno = EPERM;
        assert_int_equal(error_set_errno(&err, ENOENT, "cannot open '%s'", "/x"), -ERROR_SYSTEM);
        assert_int_equal(err.sys_errno, ENOENT);
        assert_string_equal(err.message, "cannot open '/x': No such file or directory");
}

static void prefix_keeps_the_rest(void **state)
{
        _cleanup_(error_done) Error err = {};

        (void) state;
        assert_int_equal(error_prefix(&err, "nothing to prefix"), 0);
        assert_false(error_is_set(&err));

        error_set_errno(&err, EIO, "cannot read");
        assert_int_equal(error_prefix(&err, "domain '%s'", "a"), -ERROR_SYSTEM);
        assert_string_equal(err.message, "domain 'a': cannot read: Input/output error");
        assert_int_equal(err.sys_errno, EIO);
}

static void null_learns_the_code_alone(void **state)
{
        _cleanup_(error_done) Error err = {};

        (void) state;
        assert_int_equal(error_set(NULL, ERROR_TIMEOUT, "late"), -ERROR_TIMEOUT);
        assert_int_equal(error_set_errno(NULL, EIO, "x"), -ERROR_SYSTEM);
        assert_true(error_prefix(NULL, "x") < 0); /* `return error_prefix(...)` stays an error */
        assert_false(error_is_set(NULL));

        error_set(&err, ERROR_TIMEOUT, "late");
        assert_int_equal(error_copy(NULL, &err), -ERROR_TIMEOUT);
        assert_int_equal(error_move(NULL, &err), -ERROR_TIMEOUT);
        assert_false(error_is_set(&err));
        assert_null(err.message);
}

static void copy_and_move(void **state)
{
        _cleanup_(error_done) Error a = {}, b = {}, c = {};

        (void) state;
        error_set_errno(&a, EIO, "a");
        error_set(&b, ERROR_BUSY, "replaced");
        assert_int_equal(error_copy(&b, &a), -ERROR_SYSTEM);
        assert_string_equal(b.message, a.message);
        assert_ptr_not_equal(b.message, a.message);
        assert_int_equal(b.sys_errno, EIO);

        const char *message = a.message;
        assert_int_equal(error_move(&c, &a), -ERROR_SYSTEM);
        assert_ptr_equal(c.message, message);
        assert_false(error_is_set(&a));
        assert_null(a.message);
}

static void every_code_has_name_and_text(void **state)
{
        (void) state;
        for (int code = 0; code < _ERROR_CODE_MAX; code++) {
                Error err = {.code = (ErrorCode) code};

                assert_true(error_text(&err)[0]);
                assert_string_not_equal(error_code_name((ErrorCode) code), "?");
        }
        assert_string_equal(error_code_name(ERROR_BAD_IMAGE), "BAD_IMAGE");
        assert_string_equal(error_code_name(_ERROR_CODE_MAX), "?");
        assert_string_equal(error_code_name((ErrorCode) -1), "?");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(set_returns_the_code),
                cmocka_unit_test(errno_is_kept_and_told),
                cmocka_unit_test(prefix_keeps_the_rest),
                cmocka_unit_test(null_learns_the_code_alone),
                cmocka_unit_test(copy_and_move),
                cmocka_unit_test(every_code_has_name_and_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
