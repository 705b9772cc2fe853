#include "unit.h"

#include "base/str.h"
#include "wire/typed-params.h"
#include "wire/xdr.h"

static void test_a_list_is_built_and_handed_over(void **state)
{
        RemoteDomainGetJobStatsRet ret = {};
        TypedParams params = {};
        OpProgress progress = {.done = 30, .total = 100};

        (void) state;
        params_add_int(&params, "operation", -2);
        params_add_boolean(&params, "success", true);
        params_add_ullong(&params, "time_elapsed", 1ull << 40);
        params_add_string(&params, "errmsg", "why");
        params_add_progress(&params, &progress);
        params_take(&params, &ret.params, &ret.n_params);
        assert_int_equal(params.len, 0);
        assert_int_equal(ret.n_params, 10);
        assert_int_equal(ret.params[0].value.i, -2);
        assert_int_equal(ret.params[1].tag, WIRE_PARAM_BOOLEAN);
        assert_int_equal(ret.params[2].value.ul, 1ull << 40);
        assert_string_equal(params_string(ret.params, ret.n_params, "errmsg"), "why");
        assert_null(params_string(ret.params, ret.n_params, "operation"));
        assert_null(params_string(ret.params, ret.n_params, "nothing"));
        assert_string_equal(ret.params[6].field, "data_remaining");
        assert_int_equal(ret.params[6].value.ul, 70);
        xdr_release(&wire_layout_remote_domain_get_job_stats_ret, &ret);
}

/* A total that was too small a guess never makes the rest negative. */
static void test_progress_beyond_its_total(void **state)
{
        RemoteDomainGetJobStatsRet ret = {};
        TypedParams params = {};
        OpProgress progress = {.done = 30};

        (void) state;
        params_add_progress(&params, &progress);
        params_take(&params, &ret.params, &ret.n_params);
        assert_int_equal(ret.params[0].value.ul, 30);
        assert_int_equal(ret.params[2].value.ul, 0);
        xdr_release(&wire_layout_remote_domain_get_job_stats_ret, &ret);
}

static void test_strange_parameters_are_refused(void **state)
{
        static const char *const known[] = {"file", "dxml", NULL};
        WireTypedParam good[] = {
                {.field = (char *) "file", .tag = WIRE_PARAM_STRING, .value.s = (char *) "/x"},
                {.field = (char *) "dxml", .tag = WIRE_PARAM_STRING, .value.s = (char *) "<x/>"},
        };
        WireTypedParam unknown = {
                .field = (char *) "other", .tag = WIRE_PARAM_STRING, .value.s = (char *) "/x"};
        WireTypedParam number = {.field = (char *) "file", .tag = WIRE_PARAM_INT};
        WireTypedParam twice[] = {good[0], good[0]};
        Error err = {};

        (void) state;
        assert_ok(params_check_strings(good, 2, known, &err));
        assert_ok(params_check_strings(NULL, 0, known, &err));
        assert_error(params_check_strings(&unknown, 1, known, &err), INVALID_ARGUMENT);
        assert_error(params_check_strings(&number, 1, known, &err), INVALID_ARGUMENT);
        assert_error(params_check_strings(twice, 2, known, &err), INVALID_ARGUMENT);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_a_list_is_built_and_handed_over),
                cmocka_unit_test(test_progress_beyond_its_total),
                cmocka_unit_test(test_strange_parameters_are_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
