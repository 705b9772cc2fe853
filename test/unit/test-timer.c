/* loop/timer: order, restarts, and freeing from within callbacks in every combination. */
#include "unit-loop.h"

#include "base/clock.h"
#include "loop/timer.h"
#include "loop/watch.h"

#include <unistd.h>

static void count(void *data)
{
        (*(unsigned *) data)++;
}

static void states(void **state)
{
        unsigned n = 0;
        Timer *t = timer_new(loop, count, &n);

        (void) state;
        loop_use_fake_clock(loop);
        assert_false(timer_armed(t));
        timer_stop(t);
        loop_advance(loop, 1000);
        assert_int_equal(n, 0);

        timer_start(t, 10);
        assert_true(timer_armed(t));
        loop_advance(loop, 9);
        assert_int_equal(n, 0);
        loop_advance(loop, 1);
        assert_int_equal(n, 1);
        assert_false(timer_armed(t));

        timer_start(t, 10);
        loop_advance(loop, 5);
        timer_start(t, 10); /* replaces the old time */
        loop_advance(loop, 9);
        assert_int_equal(n, 1);
        loop_advance(loop, 1);
        assert_int_equal(n, 2);

        timer_start(t, 10);
        timer_stop(t);
        timer_start(t, 0);
        assert_true(timer_armed(t));
        timer_stop(t);
        assert_false(timer_armed(t));
        loop_turn(loop, false);
        loop_advance(loop, 1000);
        assert_int_equal(n, 2);

        timer_start(t, 0);
        timer_start(t, 5);
        loop_turn(loop, false);
        assert_int_equal(n, 2);
        timer_start(t, 0);
        loop_turn(loop, false);
        assert_int_equal(n, 3);
        loop_advance(loop, 5);
        assert_int_equal(n, 3);

        timer_start(t, UINT64_MAX);
        loop_advance(loop, UINT64_MAX / 2);
        assert_int_equal(n, 3);
        assert_null(timer_free(t));
        assert_null(timer_free(NULL));
}

/* A model of many timers: what is due fires, at its time, in the order of time and then of start.
 */

enum {
        MANY = 200,
        STEPS = 4000,
};

typedef struct Modelled {
        Timer *timer;
        bool armed;
        uint64_t due;
        unsigned seq;
} Modelled;

static Modelled many[MANY];
static uint64_t last_due;
static unsigned last_seq, next_seq, fired;

static void model_start(Modelled *m, uint64_t after)
{
        timer_start(m->timer, after);
        m->armed = true;
        m->due = loop_now_ms(loop) + after;
        m->seq = ++next_seq;
}

static void on_modelled(void *data)
{
        Modelled *m = data;

        assert_true(m->armed);
        assert_true(m->due == loop_now_ms(loop));
        assert_true(m->due > last_due || (m->due == last_due && m->seq > last_seq));
        last_due = m->due;
        last_seq = m->seq;
        m->armed = false;
        fired++;
        if (random() % 3 == 0)
                model_start(m, 1 + (uint64_t) random() % 50);
        else if (random() % 3 == 0) {
                Modelled *other = &many[random() % MANY];

                timer_stop(other->timer);
                other->armed = false;
        }
}

static void agrees_with_a_model(void **state)
{
        (void) state;
        loop_use_fake_clock(loop);
        srandom(2);
        for (unsigned i = 0; i < MANY; i++)
                many[i] = (Modelled){.timer = timer_new(loop, on_modelled, &many[i])};
        for (unsigned step = 0; step < STEPS; step++) {
                Modelled *m = &many[random() % MANY];

                switch (random() % 4) {
                case 0:
                case 1:
                        model_start(m, 1 + (uint64_t) random() % 50);
                        break;
                case 2:
                        timer_stop(m->timer);
                        m->armed = false;
                        break;
                case 3:
                        loop_advance(loop, (uint64_t) random() % 8);
                        for (unsigned i = 0; i < MANY; i++) {
                                assert_int_equal(timer_armed(many[i].timer), many[i].armed);
                                assert_true(!many[i].armed || many[i].due > loop_now_ms(loop));
                        }
                }
        }
        assert_true(fired > STEPS / 10);
        for (unsigned i = 0; i < MANY; i++)
                timer_free(many[i].timer);
}

/* Four timers due at once; each frees any subset of the four, itself included: all 2^16 cases. */

enum {
        FEW = 4,
};

static Timer *few[FEW];
static unsigned frees[FEW], expected, freed;

static void on_few(void *data)
{
        unsigned i = (unsigned) (uintptr_t) data;

        assert_false(freed & 1U << i);
        assert_true(expected & 1U << i);
        expected &= ~(1U << i);
        for (unsigned k = 0; k < FEW; k++)
                if (frees[i] & 1U << k && !(freed & 1U << k)) {
                        freed |= 1U << k;
                        expected &= ~(1U << k);
                        few[k] = timer_free(few[k]);
                }
}

static void free_in_every_order(uint64_t after)
{
        for (unsigned mask = 0; mask < 1U << (FEW * FEW); mask++) {
                freed = 0;
                expected = (1U << FEW) - 1;
                for (unsigned i = 0; i < FEW; i++) {
                        frees[i] = mask >> (FEW * i) & ((1U << FEW) - 1);
                        few[i] = timer_new(loop, on_few, (void *) (uintptr_t) i);
                        timer_start(few[i], after);
                }
                loop_advance(loop, after);
                assert_int_equal(expected, 0);
                for (unsigned i = 0; i < FEW; i++)
                        few[i] = timer_free(few[i]);
        }
}

static void no_callback_after_free(void **state)
{
        (void) state;
        loop_use_fake_clock(loop);
        free_in_every_order(1);
        free_in_every_order(0);
}

typedef struct Restart {
        Timer *timer;
        Timer *from_watch;
        unsigned turns, ready, from_watches;
} Restart;

static void on_restart(void *data)
{
        Restart *restart = data;

        restart->turns++;
        timer_start(restart->timer, 0);
}

static void on_ready(void *data, int events)
{
        Restart *restart = data;

        (void) events;
        restart->ready++;
        if (restart->from_watch)
                timer_start(restart->from_watch, 0);
}

/* A timer that always asks for the next turn gets one call a turn and starves nobody. */
static void next_turn_is_not_this_turn(void **state)
{
        _cleanup_(error_done) Error err = {};
        Restart restart = {};
        Watch *watch;
        int fds[2];

        (void) state;
        assert_int_equal(pipe(fds), 0);
        assert_int_equal(write(fds[1], "x", 1), 1);
        restart.timer = timer_new(loop, on_restart, &restart);
        restart.from_watch = timer_new(loop, count, &restart.from_watches);
        timer_start(restart.timer, 0);
        assert_int_equal(restart.turns, 0);
        assert_ok(watch_new(loop, fds[0], WATCH_IN, on_ready, &restart, &watch, &err));
        for (unsigned i = 1; i <= 10; i++) {
                loop_turn(loop, true);
                assert_int_equal(restart.turns, i);
                assert_int_equal(restart.ready, i);
                assert_int_equal(restart.from_watches,
                                 i / 2); /* begun in one, called in the next */
        }
        watch_free(watch);
        timer_free(restart.from_watch);
        timer_free(restart.timer);
        close(fds[0]);
        close(fds[1]);
}

static void next_turn_under_the_fake_clock(void **state)
{
        Restart restart = {};

        (void) state;
        loop_use_fake_clock(loop);
        restart.timer = timer_new(loop, on_restart, &restart);
        timer_start(restart.timer, 0);
        loop_advance(loop, 100);
        assert_int_equal(restart.turns, 1);
        loop_turn(loop, true);
        assert_int_equal(restart.turns, 2);
        timer_free(restart.timer);
}

typedef struct Late {
        uint64_t due;
        bool fired;
} Late;

static void on_late(void *data)
{
        Late *late = data;

        assert_true(loop_now_ms(loop) >= late->due);
        late->fired = true;
}

/* On the real clock a timer is never early. */
static void real_time(void **state)
{
        static const uint64_t afters[] = {7, 3, 0, 3, 12, 1};
        Timer *timers[ELEMENTSOF(afters)];
        Late late[ELEMENTSOF(afters)] = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(afters); i++) {
                late[i].due = loop_now_ms(loop) + afters[i];
                timers[i] = timer_new(loop, on_late, &late[i]);
                timer_start(timers[i], afters[i]);
        }
        for (size_t i = 0; i < ELEMENTSOF(afters); i++)
                while (!late[i].fired)
                        loop_turn(loop, true);
        for (size_t i = 0; i < ELEMENTSOF(afters); i++)
                timer_free(timers[i]);
}

/* Due already when the turn begins: the turn does not wait. */
static void due_before_the_turn(void **state)
{
        unsigned n = 0;
        Timer *timer = timer_new(loop, count, &n);

        (void) state;
        for (unsigned i = 1; i <= 3; i++) {
                uint64_t start = clock_monotonic_ms();

                timer_start(timer, 1);
                while (clock_monotonic_ms() < start + 20)
                        ;
                loop_turn(loop, true);
                assert_int_equal(n, i);
        }
        timer_free(timer);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(states),
                loop_test(agrees_with_a_model),
                loop_test(no_callback_after_free),
                loop_test(next_turn_is_not_this_turn),
                loop_test(next_turn_under_the_fake_clock),
                loop_test(real_time),
                loop_test(due_before_the_turn),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
