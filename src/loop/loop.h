/* The loop: one thread that owns every domain object.
 *
 * Watches, timers, children, streams and jobs are made for a loop and released by their own
 * _free(). After _free() has returned, no callback of that object runs, ever; the memory that libuv
 * still needs lives on inside loop/ until it has closed. No callback runs inside the call that made
 * or started the object. All functions belong to the loop thread unless they say otherwise. */
#pragma once

#include "base/error.h"

#include <stdint.h>

typedef struct Loop Loop;

int loop_new(Loop **ret, Error *err);
/* Every object of the loop was freed before; waits for threads and handles to close. */
Loop *loop_free(Loop *loop);
DEFINE_CLEANUP(Loop, loop_free)

/* Runs callbacks until loop_stop(). */
void loop_run(Loop *loop);
void loop_stop(Loop *loop);
/* Runs the callbacks that are due; with `wait`, sleeps until there is one. */
void loop_turn(Loop *loop, bool wait);

/* For a program with a loop of its own: a descriptor that becomes readable when there is something to
 * do, and the milliseconds after which a turn is due all the same (-1: none). */
int loop_fd(const Loop *loop);
int loop_timeout(Loop *loop);

/* Monotonic milliseconds, constant within one turn. */
uint64_t loop_now_ms(Loop *loop);

/* For tests: from now on time stands still and moves by loop_advance() alone, which fires the
 * timers that fall due, in order. */
void loop_use_fake_clock(Loop *loop);
void loop_advance(Loop *loop, uint64_t ms);
