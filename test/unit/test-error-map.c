#include "unit.h"

#include "wire/error-map.h"
#include "wire/xdr.h"

#include <libvirt/virterror.h>

static void check(ErrorCode code, const char *text, int32_t number, int32_t domain,
                  const char *message)
{
        ErrorContext context = {.driver = "qemu"};
        _cleanup_(error_done) Error err = {};
        WireError wire;

        error_set(&err, code, "%s", text);
        error_map(&err, &context, &wire);
        assert_int_equal(wire.code, number);
        assert_int_equal(wire.domain, domain);
        assert_string_equal(wire.message, message);
        assert_string_equal(wire.str2, text);
        assert_int_equal(wire.level, VIR_ERR_ERROR);
        assert_int_equal(wire.int1, -1);
        assert_int_equal(wire.int2, -1);
        assert_null(wire.str3);
        xdr_release(&wire_layout_error, &wire);
}

/* Numbers and phrases that clients branch on. */
static void test_what_clients_depend_on(void **state)
{
        (void) state;
        check(ERROR_NO_DOMAIN, "no domain with matching name 'X'", 42, 10,
              "Domain not found: no domain with matching name 'X'");
        check(ERROR_OPERATION_INVALID, "domain is not running", 55, 10,
              "Requested operation is not valid: domain is not running");
        check(ERROR_NOT_SUPPORTED, "virDomainGetTime", 3, 20,
              "this function is not supported by the connection driver: virDomainGetTime");
        check(ERROR_NO_CONNECT, "foo:///x", 5, 0, "no connection driver available for foo:///x");
        check(ERROR_DENIED, "read only access prevents virDomainDestroy", 29, 20,
              "operation forbidden: read only access prevents virDomainDestroy");
        check(ERROR_NO_METADATA, "Requested metadata element is not present", 80, 20,
              "metadata not found: Requested metadata element is not present");
        check(ERROR_PROTOCOL, "unknown procedure: 7", 39, 7, "unknown procedure: 7");
        check(ERROR_EXISTS, "domain 'a' already exists with uuid u", 9, 20,
              "operation failed: domain 'a' already exists with uuid u");
        check(ERROR_XML_SYNTAX, "(domain_definition):1: no", 35, 20, "(domain_definition):1: no");
        check(ERROR_XML_INVALID, "unsupported element <x>, line 1", 27, 20,
              "XML error: unsupported element <x>, line 1");
        check(ERROR_ABORTED, "x", 78, 10, "operation aborted: x");
        check(ERROR_INTERNAL, "connection already open", 1, 7,
              "internal error: connection already open");
}

/* 39 is a broken connection to virsh, so nothing but the protocol may say it. 61 to 65 are changed
 * by the client library unless they come from a certain place. */
static void test_numbers_with_a_second_meaning_are_avoided(void **state)
{
        (void) state;
        for (ErrorCode code = ERROR_OK + 1; code < _ERROR_CODE_MAX; code++) {
                ErrorContext context = {.driver = "qemu"};
                _cleanup_(error_done) Error err = {};
                WireError wire;

                error_set(&err, code, "x");
                error_map(&err, &context, &wire);
                assert_true(wire.code > 0);
                assert_int_equal(wire.code == VIR_ERR_RPC, code == ERROR_PROTOCOL);
                assert_true(wire.code < 61 || wire.code > 65);
                assert_non_null(strstr(wire.message, "x"));
                xdr_release(&wire_layout_error, &wire);
        }
}

static void test_system_errors_tell_errno(void **state)
{
        ErrorContext context = {.driver = "qemu"};
        _cleanup_(error_done) Error err = {};
        WireError wire;

        (void) state;
        error_set_errno(&err, 2, "Failed to open file '/x'");
        error_map(&err, &context, &wire);
        assert_int_equal(wire.code, 38);
        assert_int_equal(wire.domain, 10);
        assert_int_equal(wire.int1, 2);
        assert_string_equal(wire.message, "Failed to open file '/x': No such file or directory");
        xdr_release(&wire_layout_error, &wire);
}

static void test_a_callers_mistake_names_function_and_argument(void **state)
{
        ErrorContext context = {.driver = "qemu", .function = "virX", .argument = "flags"};
        _cleanup_(error_done) Error err = {};
        WireError wire;

        (void) state;
        error_set(&err, ERROR_INVALID_ARGUMENT, "unsupported flags (0x8) in function virX");
        error_map(&err, &context, &wire);
        assert_int_equal(wire.code, 8);
        assert_string_equal(wire.message, "unsupported flags (0x8) in function virX");
        assert_string_equal(wire.str1, "virX");
        assert_string_equal(wire.str2, "flags");
        assert_int_equal(wire.int1, 0);
        xdr_release(&wire_layout_error, &wire);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_what_clients_depend_on),
                cmocka_unit_test(test_numbers_with_a_second_meaning_are_avoided),
                cmocka_unit_test(test_system_errors_tell_errno),
                cmocka_unit_test(test_a_callers_mistake_names_function_and_argument),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
