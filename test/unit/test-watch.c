/* loop/watch: readiness as poll(2) tells it, and nothing after watch_free(). */
#include "unit-loop.h"

#include "base/fd.h"
#include "loop/watch.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct Seen {
        unsigned calls;
        int events;
} Seen;

static void on_ready(void *data, int events)
{
        Seen *seen = data;

        seen->calls++;
        seen->events = events;
}

static void turn(Seen *seen)
{
        *seen = (Seen){};
        loop_turn(loop, false);
}

static void follows_the_descriptor(void **state)
{
        _cleanup_(error_done) Error err = {};
        Watch *watch;
        Seen seen;
        int fds[2];
        char byte;

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_ok(watch_new(loop, fds[0], WATCH_IN, on_ready, &seen, &watch, &err));
        assert_true(fcntl(fds[0], F_GETFL) & O_NONBLOCK);
        turn(&seen);
        assert_int_equal(seen.calls, 0);

        assert_int_equal(write(fds[1], "x", 1), 1);
        for (int i = 0; i < 3; i++) { /* for as long as it is ready */
                turn(&seen);
                assert_int_equal(seen.calls, 1);
                assert_int_equal(seen.events, WATCH_IN);
        }
        watch_set(watch, WATCH_IN | WATCH_OUT);
        turn(&seen);
        assert_int_equal(seen.events, WATCH_IN | WATCH_OUT);
        watch_set(watch, WATCH_OUT);
        turn(&seen);
        assert_int_equal(seen.events, WATCH_OUT);
        watch_set(watch, 0);
        turn(&seen);
        assert_int_equal(seen.calls, 0);
        watch_set(watch, WATCH_IN);
        turn(&seen);
        assert_int_equal(seen.events, WATCH_IN);
        assert_int_equal(read(fds[0], &byte, 1), 1);
        turn(&seen);
        assert_int_equal(seen.calls, 0);

        assert_null(watch_free(watch));
        assert_null(watch_free(NULL));
        assert_int_equal(write(fds[1], "x", 1), 1);
        turn(&seen);
        assert_int_equal(seen.calls, 0);
        close(fds[0]);
        close(fds[1]);
}

static void made_paused(void **state)
{
        _cleanup_(error_done) Error err = {};
        Watch *watch;
        Seen seen;
        int fds[2];

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        close(fds[1]);
        assert_ok(watch_new(loop, fds[0], 0, on_ready, &seen, &watch, &err));
        turn(&seen);
        assert_int_equal(seen.calls, 0);
        watch_set(watch, WATCH_IN | WATCH_OUT);
        turn(&seen);
        assert_int_equal(seen.events, WATCH_IN | WATCH_OUT); /* the hang-up */
        watch_free(watch);
        close(fds[0]);
}

/* A pipe without a reader is an error for its writer: shown as the event asked for, each turn. */
static void an_error_stays_visible(void **state)
{
        _cleanup_(error_done) Error err = {};
        Watch *watch;
        Seen seen;
        int fds[2];

        (void) state;
        for (int events = WATCH_IN; events <= (WATCH_IN | WATCH_OUT); events++) {
                assert_int_equal(pipe(fds), 0);
                close(fds[0]);
                assert_ok(watch_new(loop, fds[1], events, on_ready, &seen, &watch, &err));
                for (int i = 0; i < 3; i++) {
                        turn(&seen);
                        assert_int_equal(seen.calls, 1);
                        assert_int_equal(seen.events, events);
                }
                watch_set(watch, 0);
                turn(&seen);
                assert_int_equal(seen.calls, 0);
                watch_free(watch);
                close(fds[1]);
        }
}

static void refusals(void **state)
{
        _cleanup_(error_done) Error err = {};
        _cleanup_(fd_closep) int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        Watch *watch = NULL;

        (void) state;
        assert_true(file >= 0);
        assert_error(watch_new(loop, file, WATCH_IN, on_ready, NULL, &watch, &err), SYSTEM);
        assert_error(watch_new(loop, 9999, WATCH_IN, on_ready, NULL, &watch, &err), SYSTEM);
        assert_null(watch);
}

/* Three ready descriptors; each callback frees any subset of the watches, and puts a silent pipe
 * where a freed one's descriptor was: what is freed, or new under an old number, is not called. */

enum {
        FEW = 3,
};

static Watch *few[FEW], *replacements[FEW];
static int few_fds[FEW], peers[FEW], silent[FEW];
static unsigned frees[FEW], freed, called;

static void on_silent(void *data, int events)
{
        (void) data;
        (void) events;
        fail_msg("a descriptor without news was reported");
}

static void replace(unsigned k)
{
        int number = few_fds[k], fds[2];

        few[k] = watch_free(few[k]);
        close(number);
        assert_int_equal(pipe(fds), 0);
        if (fds[0] != number) {
                assert_int_equal(dup2(fds[0], number), number);
                close(fds[0]);
        }
        silent[k] = fds[1] == number ? -1 : fds[1];
        assert_int_equal(watch_new(loop, number, WATCH_IN, on_silent, NULL, &replacements[k], NULL),
                         0);
}

static void on_few(void *data, int events)
{
        unsigned i = (unsigned) (uintptr_t) data;

        assert_int_equal(events, WATCH_IN);
        assert_false(freed & 1U << i);
        called |= 1U << i;
        for (unsigned k = 0; k < FEW; k++)
                if (frees[i] & 1U << k && !(freed & 1U << k)) {
                        freed |= 1U << k;
                        replace(k);
                }
}

static void no_callback_after_free(void **state)
{
        _cleanup_(error_done) Error err = {};
        int before = count_fds();

        (void) state;
        for (unsigned mask = 0; mask < 1U << (FEW * FEW); mask++) {
                freed = called = 0;
                for (unsigned i = 0; i < FEW; i++) {
                        int fds[2];

                        frees[i] = mask >> (FEW * i) & ((1U << FEW) - 1);
                        silent[i] = -1;
                        replacements[i] = NULL;
                        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
                        few_fds[i] = fds[0];
                        peers[i] = fds[1];
                        assert_int_equal(write(peers[i], "x", 1), 1);
                        assert_ok(watch_new(loop, few_fds[i], WATCH_IN, on_few,
                                            (void *) (uintptr_t) i, &few[i], &err));
                }
                loop_turn(loop, false);
                assert_int_equal(called | freed, (1U << FEW) - 1);
                loop_turn(loop, false);
                for (unsigned i = 0; i < FEW; i++) {
                        few[i] = watch_free(few[i]);
                        watch_free(replacements[i]);
                        fd_close(few_fds[i]);
                        fd_close(peers[i]);
                        fd_close(silent[i]);
                }
        }
        assert_int_equal(count_fds(), before);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(follows_the_descriptor), loop_test(made_paused),
                loop_test(an_error_stays_visible), loop_test(refusals),
                loop_test(no_callback_after_free),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
