/* What a QEMU process needs from us: the monitor's socket and the log. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/process.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

static int set_up(void **state)
{
        char *dir = xstrdup("/tmp/ostler-process-XXXXXX");

        assert_non_null(mkdtemp(dir));
        *state = dir;
        return 0;
}

static int tear_down(void **state)
{
        _cleanup_(free_ptr) char *dir = *state;
        _cleanup_(free_ptr) char *command = xasprintf("rm -rf '%s'", dir);

        return system(command);
}

static void connects_at_once(const char *path)
{
        Error err = {};
        struct stat st;
        int listener, fd, peer;
        char byte;

        assert_ok(monitor_bind(path, &listener, &err));
        assert_int_equal(stat(path, &st), 0);
        assert_true(S_ISSOCK(st.st_mode));
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_true(fcntl(listener, F_GETFD) & FD_CLOEXEC);
        assert_ok(monitor_connect(path, &fd, &err)); /* before anybody accepts */
        assert_int_equal(write(fd, "x", 1), 1);
        peer = accept(listener, NULL, NULL);
        assert_int_equal(read(peer, &byte, 1), 1);
        fd_close(peer);
        fd_close(fd);
        fd_close(listener);
}

static void a_monitor_is_bound_and_connected(void **state)
{
        _cleanup_(free_ptr) char *path = path_join(*state, "m.qmp");

        connects_at_once(path);
        connects_at_once(path); /* over what the first left */
}

static void a_path_of_any_length_will_do(void **state)
{
        char name[201] = {};
        _cleanup_(free_ptr) char *folder = NULL;
        _cleanup_(free_ptr) char *path = NULL;
        Error err = {};
        int before = count_fds();

        memset(name, 'd', 200);
        folder = path_join(*state, name);
        path = path_join(folder, "6e2b5c1e-0b5a-4d8e-9f27-2d1f0a7c4e11.qmp");
        assert_ok(path_make_dirs(folder, 0700, &err));
        connects_at_once(path);
        assert_int_equal(count_fds(), before);
}

static void a_monitor_that_is_not_there_is_named(void **state)
{
        _cleanup_(free_ptr) char *path = path_join(*state, "none.qmp");
        _cleanup_(free_ptr) char *nowhere = path_join(*state, "none/m.qmp");
        Error err = {};
        int fd;

        assert_int_equal(monitor_connect(path, &fd, &err), -ERROR_SYSTEM);
        assert_non_null(strstr(err.message, path));
        assert_error(monitor_bind(nowhere, &fd, &err), SYSTEM);
}

static void log_is(void **state, const char *text, const char *tail)
{
        static char *const argv[] = {(char *) "/usr/bin/qemu", (char *) "-S", NULL};
        _cleanup_(free_ptr) char *path = path_join(*state, "guest.log");
        _cleanup_(free_ptr) char *got = NULL;
        _cleanup_(fd_closep) int fd = -1;
        Error err = {};
        off_t start;

        assert_ok(process_log_open(path, argv, &fd, &start, &err));
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
        got = process_log_tail(path, start);
        if (!str_eq(got, tail))
                fail_msg("'%s' instead of '%s'", got, tail);
}

static void the_tail_is_what_this_run_wrote(void **state)
{
        log_is(state, "old line\n", "old line");
        log_is(state, "", NULL);
        log_is(state, "\n\r\n", NULL);
        log_is(state, "one\r\ntwo\n", "one; two");
        log_is(state, "no newline", "no newline");
        log_is(state,
               "a\tb\x01\x7f"
               "c\n",
               "a b  c");
        log_is(state, "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n", "3; 4; 5; 6; 7; 8; 9; 10");
}

static void the_tail_is_bounded(void **state)
{
        _cleanup_(str_done) Str text = {};
        char expected[2049] = {};

        for (int i = 0; i < 10000; i++)
                str_addc(&text, 'x');
        memset(expected, 'x', 2048);
        log_is(state, text.text, expected);
        str_add(&text, "\nlast\n");
        log_is(state, text.text, "last");
}

static void the_log_shows_the_command_line(void **state)
{
        static char *const argv[] = {(char *) "/usr/bin/qemu", (char *) "-name", (char *) "a b",
                                     NULL};
        _cleanup_(free_ptr) char *path = path_join(*state, "guest.log");
        _cleanup_(free_ptr) char *text = NULL;
        Error err = {};
        off_t start;
        int fd;

        assert_ok(process_log_open(path, argv, &fd, &start, &err));
        fd_close(fd);
        assert_ok(file_read(path, 4096, &text, NULL, &err));
        assert_non_null(strstr(text, "starting '/usr/bin/qemu' '-name' 'a b'\n"));
        assert_int_equal(start, strlen(text));
}

static void a_log_that_is_a_link_is_refused(void **state)
{
        static char *const argv[] = {(char *) "/usr/bin/qemu", NULL};
        _cleanup_(free_ptr) char *path = path_join(*state, "guest.log");
        Error err = {};
        off_t start;
        int fd;

        assert_int_equal(symlink("/tmp/elsewhere", path), 0);
        assert_error(process_log_open(path, argv, &fd, &start, &err), SYSTEM);
        assert_null(process_log_tail(path, 0));
}

#define process_test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
        const struct CMUnitTest tests[] = {
                process_test(a_monitor_is_bound_and_connected),
                process_test(a_path_of_any_length_will_do),
                process_test(a_monitor_that_is_not_there_is_named),
                process_test(the_tail_is_what_this_run_wrote),
                process_test(the_tail_is_bounded),
                process_test(the_log_shows_the_command_line),
                process_test(a_log_that_is_a_link_is_refused),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
