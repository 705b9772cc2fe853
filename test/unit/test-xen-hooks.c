/* xen/hooks against a libxl that is played here: what it registers, and what it is told, in orders
 * that the real one takes only now and then. */
#include "unit-loop.h"

#include "base/fd.h"
#include "xen/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- libxl --- */

static const libxl_osevent_hooks *hooks;
static const libxl_childproc_hooks *child_hooks;
static void *user;
static struct {
        unsigned fds, timeouts, children;
        int fd, status;
        void *for_libxl;
        pid_t pid;
        void *deregister; /* inside of the next telling of a descriptor */
} told;

/* Exported by libxl, declared in its headers. */
void libxl_osevent_register_hooks(libxl_ctx *ctx _unused_, const libxl_osevent_hooks *h, void *data)
{
        hooks = h;
        user = data;
}

void libxl_childproc_setmode(libxl_ctx *ctx _unused_, const libxl_childproc_hooks *h, void *data)
{
        child_hooks = h;
        assert_ptr_equal(data, user);
}

void libxl_osevent_occurred_fd(libxl_ctx *ctx _unused_, void *for_libxl, int fd,
                               short events _unused_, short revents _unused_)
{
        told.fds++;
        told.fd = fd;
        told.for_libxl = for_libxl;
        if (told.deregister)
                hooks->fd_deregister(user, fd, TAKE_PTR(told.deregister));
}

void libxl_osevent_occurred_timeout(libxl_ctx *ctx _unused_, void *for_libxl)
{
        told.timeouts++;
        told.for_libxl = for_libxl;
}

int libxl_childproc_reaped(libxl_ctx *ctx _unused_, pid_t pid, int status)
{
        told.children++;
        told.pid = pid;
        told.status = status;
        return 0;
}

/* --- the tests --- */

static XenHooks *begin(void)
{
        memset(&told, 0, sizeof(told));
        return xen_hooks_new(loop, NULL);
}

static void *watch(int fd, short events, void *for_libxl)
{
        void *registration = NULL;

        assert_int_equal(hooks->fd_register(user, fd, &registration, events, for_libxl), 0);
        return registration;
}

static void a_descriptor_stays_as_it_is(void **state _unused_)
{
        XenHooks *h = begin();
        int fds[2], mark;

        assert_int_equal(pipe(fds), 0);
        void *registration = watch(fds[0], POLLIN, &mark);
        assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
        loop_turn(loop, false);
        assert_int_equal(told.fds, 0);
        assert_int_equal(write(fds[1], "x", 1), 1);
        loop_turn(loop, true);
        assert_int_equal(told.fds, 1);
        assert_int_equal(told.fd, fds[0]);
        assert_ptr_equal(told.for_libxl, &mark);
        assert_int_equal(hooks->fd_modify(user, fds[0], &registration, 0), 0);
        loop_turn(loop, false);
        assert_int_equal(told.fds, 1);
        assert_int_equal(hooks->fd_modify(user, fds[0], &registration, POLLIN), 0);
        loop_turn(loop, true);
        assert_int_equal(told.fds, 2);
        hooks->fd_deregister(user, fds[0], registration);
        loop_turn(loop, false);
        assert_int_equal(told.fds, 2);
        fd_close(fds[0]);
        fd_close(fds[1]);
        xen_hooks_free(h);
}

static void a_regular_file_is_ready_each_turn(void **state _unused_)
{
        char path[] = "/tmp/ostler-hooks.XXXXXX";
        int fd = mkstemp(path);
        XenHooks *h = begin();
        void *registration = watch(fd, POLLOUT, NULL);

        unlink(path);
        assert_int_equal(told.fds, 0); /* not from inside the hook */
        for (unsigned i = 1; i <= 3; i++) {
                loop_turn(loop, true);
                assert_int_equal(told.fds, i);
        }
        assert_int_equal(hooks->fd_modify(user, fd, &registration, 0), 0);
        loop_turn(loop, false);
        assert_int_equal(told.fds, 3);
        assert_int_equal(hooks->fd_modify(user, fd, &registration, POLLIN), 0);
        told.deregister = registration;
        loop_turn(loop, true);
        assert_int_equal(told.fds, 4);
        loop_turn(loop, false);
        assert_int_equal(told.fds, 4);
        fd_close(fd);
        xen_hooks_free(h);
}

static void registered_twice_told_twice(void **state _unused_)
{
        XenHooks *h = begin();
        int fds[2], first, second;

        assert_int_equal(pipe(fds), 0);
        void *a = watch(fds[0], POLLIN, &first), *b = watch(fds[0], POLLIN, &second);
        assert_int_equal(write(fds[1], "x", 1), 1);
        while (told.fds < 2)
                loop_turn(loop, true);
        assert_int_equal(told.fd, fds[0]);
        hooks->fd_deregister(user, fds[0], a);
        told.fds = 0;
        loop_turn(loop, true);
        assert_int_equal(told.fds, 1);
        assert_ptr_equal(told.for_libxl, &second);
        assert_int_equal(told.fd, fds[0]);
        hooks->fd_deregister(user, fds[0], b);
        fd_close(fds[0]);
        fd_close(fds[1]);
        xen_hooks_free(h);
}

static void *timeout_at(long seconds, void *for_libxl)
{
        struct timeval when;
        void *registration = NULL;

        gettimeofday(&when, NULL);
        when.tv_sec += seconds;
        assert_int_equal(hooks->timeout_register(user, &registration, when, for_libxl), 0);
        return registration;
}

static void a_time_that_is_past_is_told(void **state _unused_)
{
        XenHooks *h = begin();
        int mark;

        timeout_at(-1000000, &mark);
        assert_int_equal(told.timeouts, 0);
        assert_true(xen_hooks_busy(h));
        loop_turn(loop, true);
        assert_int_equal(told.timeouts, 1);
        assert_ptr_equal(told.for_libxl, &mark);
        assert_false(xen_hooks_busy(h));
        xen_hooks_free(h);
}

/* 2^31 ms are 24.8 days. */
static void a_time_far_away_waits(void **state _unused_)
{
        XenHooks *h = begin();
        void *registration = timeout_at(60L * 24 * 3600, NULL);

        loop_turn(loop, false);
        assert_int_equal(told.timeouts, 0);
        assert_int_equal(hooks->timeout_modify(user, &registration, (struct timeval){}), 0);
        assert_int_equal(told.timeouts, 0); /* not from inside the hook */
        loop_turn(loop, true);
        assert_int_equal(told.timeouts, 1);
        xen_hooks_free(h);
}

static void children_are_told_strangers_are_not_reaped(void **state _unused_)
{
        XenHooks *h = begin();
        pid_t stranger = fork(), ours;
        int status;

        if (stranger == 0)
                _exit(3);
        ours = child_hooks->fork_replacement(user);
        if (ours == 0)
                _exit(7);
        assert_true(ours > 0);
        assert_int_equal(child_hooks->chldowner, libxl_sigchld_owner_mainloop);
        while (!told.children)
                loop_turn(loop, true);
        assert_int_equal(told.pid, ours);
        assert_true(WIFEXITED(told.status));
        assert_int_equal(WEXITSTATUS(told.status), 7);
        assert_int_equal(waitpid(stranger, &status, 0), stranger);
        assert_int_equal(WEXITSTATUS(status), 3);
        assert_false(xen_hooks_busy(h));

        ours = child_hooks->fork_replacement(user);
        if (ours == 0) {
                raise(SIGKILL);
                _exit(1);
        }
        while (told.children < 2)
                loop_turn(loop, true);
        assert_true(WIFSIGNALED(told.status));
        assert_int_equal(WTERMSIG(told.status), SIGKILL);
        xen_hooks_free(h);
}

static void nothing_comes_after_the_release(void **state _unused_)
{
        XenHooks *h = begin();
        int fds[2];
        pid_t child;

        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], "x", 1), 1);
        watch(fds[0], POLLIN, NULL);
        watch(fds[0], POLLIN, NULL);
        timeout_at(-1, NULL);
        timeout_at(1000, NULL);
        child = child_hooks->fork_replacement(user);
        if (child == 0)
                _exit(0);
        xen_hooks_free(h);
        loop_turn(loop, false);
        assert_int_equal(told.fds + told.timeouts + told.children, 0);
        while (waitpid(child, NULL, WNOHANG) == 0) /* the loop reaps it */
                loop_turn(loop, true);
        fd_close(fds[0]);
        fd_close(fds[1]);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(a_descriptor_stays_as_it_is),
                loop_test(a_regular_file_is_ready_each_turn),
                loop_test(registered_twice_told_twice),
                loop_test(a_time_that_is_past_is_told),
                loop_test(a_time_far_away_waits),
                loop_test(children_are_told_strangers_are_not_reaped),
                loop_test(nothing_comes_after_the_release),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
