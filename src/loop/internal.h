/* What the files of this room share: the Loop itself, and who initialises which part of it.
 *
 * Each part belongs to the file named beside it; loop.c alone calls _init and _close. */
#pragma once

#include "base/list.h"
#include "base/vec.h"
#include "loop/loop.h"
#include "loop/timer.h"

#include <pthread.h>
#include <uv.h>

#define LOOP_KINDS(X)                                                                              \
        X(TIMER, "timer") X(WATCH, "watch") X(CHILD, "child") X(STREAM, "stream") X(JOB, "job")

typedef enum LoopKind {
#define X(name, text) LOOP_KIND_##name,
        LOOP_KINDS(X)
#undef X
                _LOOP_KIND_MAX,
} LoopKind;

/* timer.c */
typedef struct TimerQueue {
        uv_timer_t uv;     /* ends a sleep at `due` of the earliest; idle under the fake clock */
        VEC(Timer *) heap; /* by due time, then by the order of starting */
        ListNode soon;     /* started with 0: the next turn's */
        ListNode now;      /* started with 0 before this turn */
        uint64_t seq;      /* of the last start */
        bool fake;         /* time stands at fake_now */
        uint64_t fake_now;
} TimerQueue;

/* job.c */
typedef struct JobPool {
        uv_async_t ended; /* a thread put something into `finished` */
        uv_timer_t retry; /* the system refused a thread and none is running */
        ListNode queued;  /* wait for a thread */
        unsigned running; /* threads whose end was not seen yet */
        unsigned owed;    /* `done` calls still to make */
        pthread_mutex_t lock;
        ListNode finished; /* under `lock` */
} JobPool;

struct Loop {
        uv_loop_t uv;
        bool turning, stop;
        unsigned counts[_LOOP_KIND_MAX]; /* objects made and not freed */
        TimerQueue timers;
        JobPool jobs;
        ListNode orphans; /* child.c: freed while running, reaped when they end */
};

int timers_init(Loop *loop);
/* At the beginning of a turn: its sleep ends when the earliest timer is due. True when one is now.
 */
bool timers_arm(Loop *loop);
/* Calls what is due now. */
void timers_fire(Loop *loop);
void timers_close(Loop *loop);

int jobs_init(Loop *loop);
/* Runs the loop until every thread has ended and every `done` was called. */
void jobs_close(Loop *loop);

/* Forgets the children that still run, and reaps those that do not. */
void children_close(Loop *loop);
