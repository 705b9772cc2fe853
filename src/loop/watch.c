/* Watches over uv_poll.
 *
 * libuv stops a poll handle that saw an error, and the error would be told once. Here it is started
 * again, so that an error shows for as long as it lasts, as it does with poll(2). */
#include "loop/watch.h"

#include "loop/internal.h"

struct Watch {
        uv_poll_t uv; /* lives until libuv has closed it */
        Loop *loop;
        WatchFn *fn;
        void *data;
        int events;
};

static void on_poll(uv_poll_t *uv, int status, int uv_events);

static int apply(Watch *watch)
{
        int uv_events = (watch->events & WATCH_IN ? UV_READABLE : 0) |
                        (watch->events & WATCH_OUT ? UV_WRITABLE : 0);

        return uv_events ? uv_poll_start(&watch->uv, uv_events, on_poll) : uv_poll_stop(&watch->uv);
}

static void on_poll(uv_poll_t *uv, int status, int uv_events)
{
        Watch *watch = container_of(uv, Watch, uv);
        int events = (uv_events & UV_READABLE ? WATCH_IN : 0) |
                     (uv_events & UV_WRITABLE ? WATCH_OUT : 0);

        if (status < 0) {
                events = watch->events;
                (void) apply(watch);
        }
        if (events)
                watch->fn(watch->data, events);
}

static void on_closed(uv_handle_t *handle)
{
        free(container_of((uv_poll_t *) handle, Watch, uv));
}

int watch_new(Loop *loop, int fd, int events, WatchFn *fn, void *data, Watch **ret, Error *err)
{
        Watch *watch = xnew0(Watch, 1);
        int r = uv_poll_init(&loop->uv, &watch->uv, fd);

        if (r < 0) {
                free(watch);
                return error_set_errno(err, -r, "cannot watch descriptor %d", fd);
        }
        watch->loop = loop;
        watch->fn = fn;
        watch->data = data;
        watch->events = events;
        (void) apply(watch);
        loop->counts[LOOP_KIND_WATCH]++;
        *ret = watch;
        return 0;
}

void watch_set(Watch *watch, int events)
{
        if (watch->events == events)
                return;
        watch->events = events;
        (void) apply(watch);
}

Watch *watch_free(Watch *watch)
{
        if (!watch)
                return NULL;
        watch->loop->counts[LOOP_KIND_WATCH]--;
        uv_close((uv_handle_t *) &watch->uv, on_closed);
        return NULL;
}
