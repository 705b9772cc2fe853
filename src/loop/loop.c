/* The loop over libuv: its life, its turns, and the account of what is registered.
 *
 * Entry points: loop_new(), loop_run(), loop_turn(), loop_free(). A turn is
 * one poll: the callbacks of what is ready, then the timers that are due, so that an answer that
 * came in time is not taken for a late one on a busy host. Turns never nest. */
#include "loop/internal.h"

#include "base/str.h"

#include <assert.h>
#include <stdio.h>

static const char *const kind_texts[] = {
#define X(name, text) [LOOP_KIND_##name] = text,
        LOOP_KINDS(X)
#undef X
};

int loop_new(Loop **ret, Error *err)
{
        Loop *loop = xnew0(Loop, 1);
        int r = uv_loop_init(&loop->uv);

        if (r < 0) {
                free(loop);
                return error_set_errno(err, -r, "cannot create the event loop");
        }
        list_init(&loop->orphans);
        r = timers_init(loop);
        if (r == 0)
                r = jobs_init(loop);
        if (r < 0) {
                timers_close(loop);
                (void) uv_run(&loop->uv, UV_RUN_DEFAULT);
                (void) uv_loop_close(&loop->uv);
                free(loop);
                return error_set_errno(err, -r, "cannot create the event loop");
        }
        *ret = loop;
        return 0;
}

/* A leaked object would call back into freed memory later: end here, and say which kind it is. */
static void check_nothing_registered(const Loop *loop)
{
        bool leaked = false;

        for (unsigned i = 0; i < _LOOP_KIND_MAX; i++)
                if (loop->counts[i] > 0) {
                        fprintf(stderr, "loop_free: %u object(s) of kind %s not freed\n",
                                loop->counts[i], kind_texts[i]);
                        leaked = true;
                }
        assert(!leaked);
}

Loop *loop_free(Loop *loop)
{
        if (!loop)
                return NULL;
        assert(!loop->turning);
        children_close(loop);
        check_nothing_registered(loop);
        jobs_close(loop);
        timers_close(loop);
        while (uv_loop_close(&loop->uv) == UV_EBUSY)
                (void) uv_run(&loop->uv, UV_RUN_DEFAULT);
        free(loop);
        return NULL;
}

void loop_turn(Loop *loop, bool wait)
{
        assert(!loop->turning);
        loop->turning = true;
        if (timers_arm(loop))
                wait = false;
        (void) uv_run(&loop->uv, wait ? UV_RUN_ONCE : UV_RUN_NOWAIT);
        timers_fire(loop);
        loop->turning = false;
}

int loop_fd(const Loop *loop)
{
        return uv_backend_fd(&loop->uv);
}

int loop_timeout(Loop *loop)
{
        return timers_arm(loop) ? 0 : uv_backend_timeout(&loop->uv);
}

void loop_run(Loop *loop)
{
        while (!loop->stop)
                loop_turn(loop, true);
        loop->stop = false;
}

void loop_stop(Loop *loop)
{
        loop->stop = true;
}
