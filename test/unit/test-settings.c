/* The daemon's configuration: defaults, files, overrides, and the manual page made from the table.
 * OSTLER_UPDATE_DOCS=1 writes the page's list of keys anew. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "daemon/options.h"

#include <stdlib.h>
#include <unistd.h>

#define BEGIN ".\\\" keys: OSTLER_UPDATE_DOCS=1 build/test/unit/test-settings\n"
#define END   ".\\\" end of keys\n"

static char path[] = "/tmp/ostler-settings-XXXXXX";

static int setup(void **state)
{
        int fd;

        (void) state;
        strcpy(path, "/tmp/ostler-settings-XXXXXX");
        fd = mkstemp(path);
        assert_true(fd >= 0);
        fd_close(fd);
        return 0;
}

static int teardown(void **state)
{
        (void) state;
        unlink(path);
        log_reset_areas();
        log_set_level(LOG_LEVEL_WARNING);
        return 0;
}

static void write_file(const char *text, size_t len)
{
        Error err = {};

        assert_ok(file_write_atomic(path, text, len, 0600, &err));
}

static void the_defaults_hold(void **state)
{
        Settings s;

        (void) state;
        settings_init(&s);
        assert_int_equal(s.unix_sock_rw_perms, 0600);
        assert_int_equal(s.unix_sock_ro_perms, 0600);
        assert_int_equal(s.max_clients, 5000);
        assert_int_equal(s.max_client_request_bytes, 64 << 20);
        assert_int_equal(s.log_level, LOG_LEVEL_NOTICE);
        assert_string_equal(s.unix_sock_group, "");
        assert_false(settings_given(&s, "max_clients"));
        settings_done(&s);
}

static void a_file_is_read(void **state)
{
        static const char text[] = "# a comment\n"
                                   "\n"
                                   "unix_sock_group = \"libvirt\"   # behind it\n"
                                   "  unix_sock_rw_perms=0660\n"
                                   "max_client_request_bytes = 2M\r\n"
                                   "log_level = debug # why\n"
                                   "log_filters = \"wire:error op:info\"\n"
                                   "max_clients = 7";
        Settings s;
        Error err = {};

        (void) state;
        settings_init(&s);
        write_file(text, sizeof(text) - 1);
        assert_ok(settings_read(&s, path, &err));
        assert_string_equal(s.unix_sock_group, "libvirt");
        assert_int_equal(s.unix_sock_rw_perms, 0660);
        assert_int_equal(s.max_client_request_bytes, 2 << 20);
        assert_int_equal(s.log_level, LOG_LEVEL_DEBUG);
        assert_string_equal(s.log_filters, "wire:error op:info");
        assert_int_equal(s.max_clients, 7);
        assert_true(settings_given(&s, "max_clients"));
        assert_false(settings_given(&s, "max_queue"));
        settings_done(&s);
}

static void bad_lines_are_named(void **state)
{
        static const struct {
                const char *text, *said;
        } cases[] = {
                {"max_clients = 1\nkitchen = yes\n", ":2: unknown key 'kitchen'"},
                {"\n\nmax_clients\n", ":3: 'max_clients' is not KEY = VALUE"},
                {"max_clients = 0", ":1: max_clients: '0' is not a number (number) from 1 to "},
                {"max_clients = -1", ":1: max_clients: '-1' is not a number"},
                {"max_clients = ", ":1: max_clients: '' is not a number"},
                {"max_clients = 99999999999999999999", ":1: max_clients: "},
                {"max_client_request_bytes = 99999999999999999G", ":1: max_client_request_bytes: "},
                {"max_clients = 1\n\nmax_clients = 2\n", ":3: max_clients: was set in line 1"},
                {"unix_sock_rw_perms = 0999", ":1: unix_sock_rw_perms: '0999' is not an octal"},
                {"unix_sock_rw_perms = 01777", ":1: unix_sock_rw_perms: "},
                {"unix_sock_rw_perms = 0", ":1: unix_sock_rw_perms: "},
                {"log_level = loud", ":1: log_level: 'loud' is not a level"},
                {"log_filters = qemu", ":1: log_filters: 'qemu' is not AREA:LEVEL"},
                {"log_filters = kitchen:debug", ":1: log_filters: there is no area 'kitchen'"},
                {"unix_sock_group = \"open", ":1: unix_sock_group: quotes are not closed"},
                {"unix_sock_group = \"a\" b", ":1: unix_sock_group: quotes are not closed"},
                {"= 3", ":1: unknown key ''"},
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Settings s;
                Error err = {};

                settings_init(&s);
                write_file(cases[i].text, strlen(cases[i].text));
                assert_int_equal(settings_read(&s, path, &err), -ERROR_INVALID_ARGUMENT);
                assert_int_equal(strncmp(err.message, path, strlen(path)), 0);
                if (strncmp(err.message + strlen(path), cases[i].said, strlen(cases[i].said)) != 0)
                        fail_msg("'%s' and not '%s'", err.message, cases[i].said);
                assert_null(strchr(err.message, '\n'));
                error_done(&err);
                settings_done(&s);
        }
}

static void hostile_files_are_refused(void **state)
{
        _cleanup_(free_ptr) char *huge = xcalloc(1, (2 << 20) + 1);
        Settings s;
        Error err = {};

        (void) state;
        settings_init(&s);
        write_file("max_clients = 1\0 2\n", 19);
        assert_error(settings_read(&s, path, &err), INVALID_ARGUMENT);
        memset(huge, '\n', 2 << 20);
        write_file(huge, 2 << 20);
        assert_error(settings_read(&s, path, &err), SYSTEM);
        memset(huge, 'x', 100);
        memcpy(huge, "unix_sock_group = ", 18);
        write_file(huge, 100);
        assert_error(settings_read(&s, path, &err), INVALID_ARGUMENT);
        unlink(path);
        assert_error(settings_read(&s, path, &err), SYSTEM);
        settings_done(&s);
}

static void the_command_line_wins(void **state)
{
        char *argv[] = {(char *) "ostlerd",
                        (char *) "--log-level",
                        (char *) "error",
                        (char *) "--config",
                        path,
                        (char *) "--set",
                        (char *) "max_clients=9",
                        NULL};
        static const char text[] = "log_level = debug\nmax_clients = 3\nmax_queue = 5\n";
        Options o;
        Error err = {};
        Settings again;

        (void) state;
        write_file(text, sizeof(text) - 1);
        assert_ok(options_parse(7, argv, &o, &err));
        assert_int_equal(o.settings.log_level, LOG_LEVEL_ERROR);
        assert_int_equal(o.settings.max_clients, 9);
        assert_int_equal(o.settings.max_queue, 5);

        write_file("max_queue = 6\n", 14);
        assert_ok(options_reload(&o, &again, &err));
        assert_int_equal(again.max_queue, 6);
        assert_int_equal(again.log_level, LOG_LEVEL_ERROR);
        settings_done(&again);
        write_file("max_queue = x\n", 14);
        assert_error(options_reload(&o, &again, &err), INVALID_ARGUMENT);
        options_done(&o);

        argv[6] = (char *) "kitchen=1";
        assert_error(options_parse(7, argv, &o, &err), INVALID_ARGUMENT);
}

static void levels_reach_the_log(void **state)
{
        Settings s;
        Error err = {};

        (void) state;
        settings_init(&s);
        assert_ok(settings_override(&s, "log_filters=qemu:debug", &err));
        settings_apply_log(&s);
        assert_int_equal(log_get_level(), LOG_LEVEL_DEBUG);
        assert_ok(settings_override(&s, "log_filters=", &err));
        settings_apply_log(&s);
        assert_int_equal(log_get_level(), LOG_LEVEL_NOTICE);
        settings_done(&s);
}

static void the_manual_is_up_to_date(void **state)
{
        const char *source = getenv("OSTLER_SOURCE");
        _cleanup_(free_ptr) char *page =
                path_join(source ? source : ".", "docs/man/ostlerd.conf.5");
        _cleanup_(free_ptr) char *text = NULL, *keys = settings_manual();
        _cleanup_(str_done) Str out = {};
        char *begin, *end;
        Error err = {};

        (void) state;
        assert_ok(file_read(page, 1 << 20, &text, NULL, &err));
        begin = strstr(text, BEGIN);
        end = strstr(text, END);
        assert_true(begin && end && begin < end);
        begin += strlen(BEGIN);
        if (getenv("OSTLER_UPDATE_DOCS")) {
                str_addn(&out, text, (size_t) (begin - text));
                str_add(&out, keys);
                str_add(&out, end);
                assert_ok(file_write_atomic(page, out.text, out.len, 0644, &err));
                return;
        }
        if ((size_t) (end - begin) != strlen(keys) || memcmp(begin, keys, strlen(keys)) != 0)
                fail_msg("%s is older than the program: run this test with OSTLER_UPDATE_DOCS=1",
                         page);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(the_defaults_hold),
                cmocka_unit_test_setup_teardown(a_file_is_read, setup, teardown),
                cmocka_unit_test_setup_teardown(bad_lines_are_named, setup, teardown),
                cmocka_unit_test_setup_teardown(hostile_files_are_refused, setup, teardown),
                cmocka_unit_test_setup_teardown(the_command_line_wins, setup, teardown),
                cmocka_unit_test_setup_teardown(levels_reach_the_log, setup, teardown),
                cmocka_unit_test(the_manual_is_up_to_date),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
