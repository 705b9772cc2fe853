/* base/fd: transfers to the end, bounded reads, and files that are replaced whole or not at all. */
#include "unit.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

static char dir[] = "/tmp/ostler-test-fd-XXXXXX";

static int make_dir(void **state)
{
        (void) state;
        return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
        (void) state;
        return rmdir(dir);
}

static void close_keeps_errno(void **state)
{
        int fd = dup(2);

        (void) state;
        errno = EXDEV;
        assert_int_equal(fd_close(fd), -1);
        assert_int_equal(fcntl(fd, F_GETFD), -1);
        errno = EXDEV;
        assert_int_equal(fd_close(-1), -1);
        assert_int_equal(errno, EXDEV);
}

static void flags(void **state)
{
        int pipe_fds[2];

        (void) state;
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_int_equal(fd_set_nonblock(pipe_fds[0], true), 0);
        assert_true(fcntl(pipe_fds[0], F_GETFL) & O_NONBLOCK);
        assert_int_equal(fd_set_nonblock(pipe_fds[0], false), 0);
        assert_false(fcntl(pipe_fds[0], F_GETFL) & O_NONBLOCK);
        assert_int_equal(fd_set_cloexec(pipe_fds[0], false), 0);
        assert_int_equal(fcntl(pipe_fds[0], F_GETFD), 0);
        assert_int_equal(fd_set_cloexec(pipe_fds[0], true), 0);
        assert_int_equal(fcntl(pipe_fds[0], F_GETFD), FD_CLOEXEC);
        fd_close(pipe_fds[0]);
        fd_close(pipe_fds[1]);
        assert_int_equal(fd_set_nonblock(pipe_fds[0], true), -1);
}

enum {
        BIG = 1 << 20,
};

static void *write_big(void *data)
{
        int fd = *(int *) data;
        uint8_t *bytes = xcalloc(1, BIG);

        for (size_t i = 0; i < BIG; i++)
                bytes[i] = (uint8_t) (i * 7 >> 3);
        int r = fd_write_all(fd, bytes, BIG);
        free(bytes);
        fd_close(fd);
        return r == 0 ? data : NULL;
}

/* A pipe takes 64 KiB at a time, so both sides see short transfers. */
static void whole_transfers(void **state)
{
        _cleanup_(free_ptr) uint8_t *bytes = xcalloc(1, BIG);
        int pipe_fds[2];
        pthread_t thread;
        void *result;

        (void) state;
        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        assert_int_equal(pthread_create(&thread, NULL, write_big, &pipe_fds[1]), 0);
        assert_int_equal(fd_read_all(pipe_fds[0], bytes, BIG), 0);
        for (size_t i = 0; i < BIG; i++)
                if (bytes[i] != (uint8_t) (i * 7 >> 3))
                        fail_msg("byte %zu differs", i);
        assert_int_equal(pthread_join(thread, &result), 0);
        assert_non_null(result);
        assert_int_equal(fd_read_all(pipe_fds[0], bytes, 1), -1);
        assert_int_equal(errno, ENODATA);
        fd_close(pipe_fds[0]);
        assert_int_equal(fd_write_all(-1, "x", 1), -1);
        assert_int_equal(errno, EBADF);
}

static void atomic_write_and_bounded_read(void **state)
{
        _cleanup_(free_ptr) char *path = path_join(dir, "file"), *temp = path_join(dir, "file.new"),
                                 *text = NULL;
        _cleanup_(error_done) Error err = {};
        struct stat st;
        size_t len;

        (void) state;
        umask(022);
        assert_error(file_read(path, 100, &text, &len, &err), SYSTEM);

        /* What an interrupted write left behind is in nobody's way. */
        fd_close(open(temp, O_WRONLY | O_CREAT, 0777));
        assert_ok(file_write_atomic(path, "a\0b", 3, 0600, &err));
        assert_int_equal(access(temp, F_OK), -1);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);

        assert_ok(file_read(path, 3, &text, &len, &err));
        assert_int_equal(len, 3);
        assert_memory_equal(text, "a\0b", 4);
        char *before = text;
        assert_error(file_read(path, 2, &text, &len, &err), SYSTEM);
        assert_ptr_equal(text, before);

        assert_ok(file_write_atomic(path, "", 0, 0600, &err));
        free(TAKE_PTR(text));
        assert_ok(file_read(path, 0, &text, NULL, &err));
        assert_string_equal(text, "");
        assert_int_equal(unlink(path), 0);
}

static void failed_write_changes_nothing(void **state)
{
        _cleanup_(free_ptr) char *path = path_join(dir, "sub"), *temp = path_join(dir, "sub.new");
        _cleanup_(error_done) Error err = {};

        (void) state;
        /* A folder cannot be replaced by a file. */
        assert_int_equal(mkdir(path, 0700), 0);
        assert_error(file_write_atomic(path, "x", 1, 0600, &err), SYSTEM);
        assert_int_equal(access(temp, F_OK), -1);
        assert_int_equal(rmdir(path), 0);
        assert_error(file_write_atomic("/nonexistent/x", "x", 1, 0600, &err), SYSTEM);
        assert_error(file_sync_parent("/nonexistent/x", &err), SYSTEM);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(close_keeps_errno),
                cmocka_unit_test(flags),
                cmocka_unit_test(whole_transfers),
                cmocka_unit_test(atomic_write_and_bounded_read),
                cmocka_unit_test(failed_write_changes_nothing),
        };

        return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
