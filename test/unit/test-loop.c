/* loop/loop: turns, stopping, the two clocks, and the account that loop_free() checks. */
#include "unit.h"

#include "base/clock.h"
#include "loop/child.h"
#include "loop/job.h"
#include "loop/stream.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct Fixture {
        Loop *loop;
        char trace[16];
        size_t n;
} Fixture;

static void mark(Fixture *f, char c)
{
        assert_true(f->n < sizeof(f->trace) - 1);
        f->trace[f->n++] = c;
}

static void on_timer(void *data)
{
        mark(data, 't');
}

static void on_stop_timer(void *data)
{
        Fixture *f = data;

        mark(f, 's');
        loop_stop(f->loop);
}

static void on_ready(void *data, int events)
{
        (void) events;
        mark(data, 'w');
}

static void runs_until_stopped(void **state)
{
        _cleanup_(error_done) Error err = {};
        Fixture f = {};

        (void) state;
        assert_ok(loop_new(&f.loop, &err));
        Timer *first = timer_new(f.loop, on_timer, &f),
              *stop = timer_new(f.loop, on_stop_timer, &f),
              *after = timer_new(f.loop, on_timer, &f);
        timer_start(stop, 2);
        timer_start(first, 1);
        timer_start(after, UINT64_MAX);
        loop_run(f.loop);
        assert_string_equal(f.trace, "ts");

        /* A stop before the run is not lost, and ends one run. */
        loop_stop(f.loop);
        loop_run(f.loop);
        timer_start(stop, 0);
        loop_run(f.loop);
        assert_string_equal(f.trace, "tss");

        timer_free(first);
        timer_free(stop);
        timer_free(after);
        loop_free(f.loop);
}

/* An answer that is there when its deadline passes came in time. */
static void ready_descriptors_go_before_timers(void **state)
{
        _cleanup_(error_done) Error err = {};
        Fixture f = {};
        Watch *watch;
        int fds[2];

        (void) state;
        assert_ok(loop_new(&f.loop, &err));
        assert_int_equal(pipe(fds), 0);
        assert_ok(watch_new(f.loop, fds[0], WATCH_IN, on_ready, &f, &watch, &err));
        Timer *timer = timer_new(f.loop, on_timer, &f);
        timer_start(timer, 1);
        assert_int_equal(write(fds[1], "x", 1), 1);
        while (clock_monotonic_ms() < loop_now_ms(f.loop) + 5)
                ;
        loop_turn(f.loop, true);
        assert_string_equal(f.trace, "wt");

        watch_free(watch);
        timer_free(timer);
        close(fds[0]);
        close(fds[1]);
        loop_free(f.loop);
}

static void time_is_monotonic_and_stands_still_outside_turns(void **state)
{
        _cleanup_(error_done) Error err = {};
        Loop *loop;

        (void) state;
        assert_ok(loop_new(&loop, &err));
        loop_turn(loop, false);
        uint64_t now = loop_now_ms(loop), real = clock_monotonic_ms();
        while (clock_monotonic_ms() < real + 10)
                ;
        assert_true(loop_now_ms(loop) == now);
        loop_turn(loop, false);
        assert_true(loop_now_ms(loop) >= now + 5); /* the loop's clock may be a coarse one */
        loop_free(loop);
}

static void fake_time_moves_by_advance_alone(void **state)
{
        _cleanup_(error_done) Error err = {};
        Fixture f = {};

        (void) state;
        assert_ok(loop_new(&f.loop, &err));
        loop_use_fake_clock(f.loop);
        uint64_t start = loop_now_ms(f.loop), real = clock_monotonic_ms();
        Timer *timer = timer_new(f.loop, on_timer, &f), *soon = timer_new(f.loop, on_timer, &f);

        timer_start(timer, 1);
        while (clock_monotonic_ms() < real + 3)
                ;
        loop_turn(f.loop, false);
        assert_true(loop_now_ms(f.loop) == start);
        assert_int_equal(f.n, 0);

        /* 0 is the next turn, under this clock too, and ends its wait. */
        timer_start(soon, 0);
        loop_turn(f.loop, true);
        assert_int_equal(f.n, 1);

        loop_use_fake_clock(f.loop); /* again: nothing changes */
        loop_advance(f.loop, 1);
        assert_int_equal(f.n, 2);
        assert_true(loop_now_ms(f.loop) == start + 1);
        loop_advance(f.loop, UINT64_MAX);
        assert_true(loop_now_ms(f.loop) == UINT64_MAX);

        timer_free(timer);
        timer_free(soon);
        loop_free(f.loop);
}

static void leaves_no_descriptor(void **state)
{
        _cleanup_(error_done) Error err = {};
        Loop *a, *b;

        (void) state;
        assert_ok(loop_new(&a, &err));
        loop_free(a); /* libuv keeps a pipe for the process from the first loop on */
        int before = count_fds();
        for (int i = 0; i < 20; i++) {
                assert_ok(loop_new(&a, &err));
                assert_ok(loop_new(&b, &err));
                loop_turn(a, false);
                loop_free(a);
                loop_turn(b, false);
                loop_free(b);
        }
        assert_null(loop_free(NULL));
        assert_int_equal(count_fds(), before);
}

static void ignore_end(void *data, const ChildStatus *status)
{
        (void) data;
        (void) status;
}

static void ignore_run(void *data)
{
        (void) data;
}

static void ignore_done(void *data, bool abandoned)
{
        (void) data;
        (void) abandoned;
}

static void leak(Loop *loop, const char *kind)
{
        static const StreamOps ops = {};
        char *argv[] = {(char *) "true", NULL};
        Watch *watch;
        Stream *stream;
        Child *child;
        int fds[2];

        if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0)
                _exit(1);
        if (strcmp(kind, "timer") == 0)
                (void) timer_new(loop, on_timer, NULL);
        else if (strcmp(kind, "watch") == 0)
                (void) watch_new(loop, fds[0], WATCH_IN, on_ready, NULL, &watch, NULL);
        else if (strcmp(kind, "stream") == 0)
                (void) stream_new(loop, fds[0], &ops, NULL, NULL, &stream, NULL);
        else if (strcmp(kind, "child") == 0)
                (void) child_spawn(loop, &(ChildSpec){.path = "/bin/true", .argv = argv},
                                   ignore_end, NULL, &child, NULL);
        else if (strcmp(kind, "job") == 0)
                (void) job_start(loop, ignore_run, ignore_done, NULL);
}

/* What was not freed would call back into nowhere: loop_free() ends the program and names the kind.
 */
static void a_leak_is_named(void **state)
{
        static const char *const kinds[] = {"timer", "watch", "stream", "child", "job"};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(kinds); i++) {
                char text[4096] = "", expect[32];
                size_t len = 0;
                int fds[2], status;
                ssize_t n;

                assert_int_equal(pipe(fds), 0);
                pid_t pid = fork();
                assert_true(pid >= 0);
                if (pid == 0) {
                        Loop *loop;

                        setrlimit(RLIMIT_CORE, &(struct rlimit){});
                        dup2(fds[1], 2);
                        if (loop_new(&loop, NULL) < 0)
                                _exit(1);
                        leak(loop, kinds[i]);
                        loop_free(loop);
                        _exit(0);
                }
                close(fds[1]);
                while (len < sizeof(text) - 1 &&
                       (n = read(fds[0], text + len, sizeof(text) - 1 - len)) > 0)
                        len += (size_t) n;
                close(fds[0]);
                assert_int_equal(waitpid(pid, &status, 0), pid);
                assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
                snprintf(expect, sizeof(expect), "1 object(s) of kind %s ", kinds[i]);
                if (!strstr(text, expect))
                        fail_msg("no '%s' in: %s", expect, text);
        }
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(runs_until_stopped),
                cmocka_unit_test(ready_descriptors_go_before_timers),
                cmocka_unit_test(time_is_monotonic_and_stands_still_outside_turns),
                cmocka_unit_test(fake_time_moves_by_advance_alone),
                cmocka_unit_test(leaves_no_descriptor),
                cmocka_unit_test(a_leak_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
