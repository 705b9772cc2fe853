/* Timers: one binary heap, and the clock that tests can stop.
 *
 * Entry points: timer_start(), timer_stop(); timers_fire(), at the end of each turn, and
 * loop_advance() call what is due. The one uv timer only ends the loop's sleep: libuv would call a
 * timer that starts itself with 0 again in the same turn, and starve everything else.
 * Invariants: an armed timer is either in the heap (index > 0), or in the list `soon`, which
 * becomes `now` when a turn begins. The uv timer ends no later than the earliest in the heap. A
 * timer leaves its place before its function runs, so that the function may start, stop or free any
 * timer. */
#include "loop/internal.h"

#include <assert.h>

struct Timer {
        Loop *loop;
        TimerFn *fn;
        void *data;
        uint64_t due, seq;
        size_t index; /* in the heap, counted from 1; 0: not there */
        ListNode soon;
};

static bool before(const Timer *a, const Timer *b)
{
        return a->due != b->due ? a->due < b->due : a->seq < b->seq;
}

static void place(TimerQueue *q, size_t index, Timer *timer)
{
        q->heap.items[index - 1] = timer;
        timer->index = index;
}

static void sift_up(TimerQueue *q, size_t index, Timer *timer)
{
        for (; index > 1 && before(timer, q->heap.items[index / 2 - 1]); index /= 2)
                place(q, index, q->heap.items[index / 2 - 1]);
        place(q, index, timer);
}

static void sift_down(TimerQueue *q, size_t index, Timer *timer)
{
        for (;;) {
                size_t child = 2 * index;

                if (child < q->heap.len && before(q->heap.items[child], q->heap.items[child - 1]))
                        child++;
                if (child > q->heap.len || !before(q->heap.items[child - 1], timer))
                        break;
                place(q, index, q->heap.items[child - 1]);
                index = child;
        }
        place(q, index, timer);
}

static void heap_remove(TimerQueue *q, Timer *timer)
{
        size_t index = timer->index;
        Timer *last = q->heap.items[--q->heap.len];

        timer->index = 0;
        if (last == timer)
                return;
        if (index > 1 && before(last, q->heap.items[index / 2 - 1]))
                sift_up(q, index, last);
        else
                sift_down(q, index, last);
}

static Timer *heap_first(const TimerQueue *q)
{
        return q->heap.len > 0 ? q->heap.items[0] : NULL;
}

/* Ends the sleep, or keeps it from beginning: libuv calls this before its poll too. */
static void on_uv_timer(uv_timer_t *uv)
{
        uv_stop(uv->loop);
}

bool timers_arm(Loop *loop)
{
        TimerQueue *q = &loop->timers;
        const Timer *first = heap_first(q);
        uint64_t now = uv_now(&loop->uv);

        if (!q->fake && first)
                (void) uv_timer_start(&q->uv, on_uv_timer, first->due > now ? first->due - now : 0,
                                      0);
        else
                (void) uv_timer_stop(&q->uv);
        list_append_all(&q->now, &q->soon);
        return !list_empty(&q->now);
}

static void fire_now(TimerQueue *q)
{
        for (Timer *t; (t = list_first(&q->now, Timer, soon));) {
                list_remove(&t->soon);
                t->fn(t->data);
        }
}

void timers_fire(Loop *loop)
{
        TimerQueue *q = &loop->timers;
        uint64_t now = loop_now_ms(loop);

        fire_now(q);
        for (Timer *t; (t = heap_first(q)) && t->due <= now;) {
                heap_remove(q, t);
                t->fn(t->data);
        }
}

int timers_init(Loop *loop)
{
        list_init(&loop->timers.soon);
        list_init(&loop->timers.now);
        return uv_timer_init(&loop->uv, &loop->timers.uv);
}

void timers_close(Loop *loop)
{
        vec_done(&loop->timers.heap);
        uv_close((uv_handle_t *) &loop->timers.uv, NULL);
}

uint64_t loop_now_ms(Loop *loop)
{
        return loop->timers.fake ? loop->timers.fake_now : uv_now(&loop->uv);
}

void loop_use_fake_clock(Loop *loop)
{
        TimerQueue *q = &loop->timers;

        if (q->fake)
                return;
        q->fake_now = uv_now(&loop->uv);
        q->fake = true;
        (void) uv_timer_stop(&q->uv);
}

void loop_advance(Loop *loop, uint64_t ms)
{
        TimerQueue *q = &loop->timers;
        uint64_t target;

        assert(q->fake && !loop->turning);
        loop->turning = true;
        if (__builtin_add_overflow(q->fake_now, ms, &target))
                target = UINT64_MAX;
        list_append_all(&q->now, &q->soon);
        fire_now(q);
        for (Timer *t; (t = heap_first(q)) && t->due <= target;) {
                q->fake_now = t->due;
                heap_remove(q, t);
                t->fn(t->data);
        }
        q->fake_now = target;
        loop->turning = false;
}

Timer *timer_new(Loop *loop, TimerFn *fn, void *data)
{
        Timer *timer = xnew0(Timer, 1);

        *timer = (Timer){.loop = loop, .fn = fn, .data = data};
        list_init(&timer->soon);
        loop->counts[LOOP_KIND_TIMER]++;
        return timer;
}

void timer_start(Timer *timer, uint64_t after_ms)
{
        TimerQueue *q = &timer->loop->timers;

        if (after_ms == 0 && !list_empty(&timer->soon))
                return;
        timer_stop(timer);
        timer->seq = ++q->seq;
        if (after_ms == 0) {
                list_append(&q->soon, &timer->soon);
                return;
        }
        if (__builtin_add_overflow(loop_now_ms(timer->loop), after_ms, &timer->due))
                timer->due = UINT64_MAX;
        *vec_push(&q->heap) = timer;
        sift_up(q, q->heap.len, timer);
}

void timer_stop(Timer *timer)
{
        if (timer->index > 0)
                heap_remove(&timer->loop->timers, timer);
        list_remove(&timer->soon);
}

bool timer_armed(const Timer *timer)
{
        return timer->index > 0 || !list_empty(&timer->soon);
}

Timer *timer_free(Timer *timer)
{
        if (!timer)
                return NULL;
        timer_stop(timer);
        timer->loop->counts[LOOP_KIND_TIMER]--;
        free(timer);
        return NULL;
}
