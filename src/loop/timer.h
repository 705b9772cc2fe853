/* One-shot timers. Thousands are cheap: they share one libuv timer.
 *
 * States: IDLE (new, stopped or fired) and ARMED. timer_start(): any -> ARMED. timer_stop(), or the
 * call of `fn`: -> IDLE. `fn` may start, stop or free its own timer. */
#pragma once

#include "loop/loop.h"

typedef struct Timer Timer;
typedef void TimerFn(void *data);

Timer *timer_new(Loop *loop, TimerFn *fn, void *data);
/* Fires once, `after_ms` from now; 0 means the next turn. Starting again replaces the old time, but
 * 0 after 0 keeps the turn that was to come: who starts a timer each turn does not put it off. */
void timer_start(Timer *timer, uint64_t after_ms);
void timer_stop(Timer *timer);
bool timer_armed(const Timer *timer);
Timer *timer_free(Timer *timer);
DEFINE_CLEANUP(Timer, timer_free)
