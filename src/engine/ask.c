#include "engine/ask.h"

#include "base/fd.h"
#include "engine/engine-internal.h"
#include "loop/timer.h"

/* A renewal, UNDER WAY or STALLED. */
typedef struct Refresh {
        ListNode node; /* Engine.refreshes */
        Domain *d;     /* referenced */
        Timer *deadline;
        ListNode waits;
        uint64_t began_ms;
        bool stalled;
} Refresh;

/* One who waits for a renewal. */
struct EngineWait {
        ListNode node;
        EngineWaitFn *fn;
        void *data;
};

struct EngineAsk {
        ListNode node;        /* Engine.asks */
        DriverAnswerFn *done; /* NULL: forgotten */
        void *data;
};

/* --- statistics --- */

void engine_wait_forget(EngineWait *wait)
{
        if (!wait)
                return;
        list_remove(&wait->node);
        free(wait);
}

static void refresh_free(Refresh *refresh)
{
        LIST_FOREACH(wait, &refresh->waits, EngineWait, node)
                engine_wait_forget(wait);
        list_remove(&refresh->node);
        refresh->d->refresh = NULL;
        timer_free(refresh->deadline);
        domain_unref(refresh->d);
        free(refresh);
}

/* Who is told may forget others, and may ask again. */
static void tell(ListNode *waits)
{
        EngineWait *wait;

        while ((wait = list_first(waits, EngineWait, node))) {
                EngineWaitFn *fn = wait->fn;
                void *data = wait->data;

                engine_wait_forget(wait);
                fn(data);
        }
}

static void stalled(void *data)
{
        Refresh *refresh = data;
        ListNode waits;

        refresh->stalled = true;
        list_init(&waits);
        list_append_all(&waits, &refresh->waits);
        tell(&waits);
}

static void refreshed(void *data, const Error *err)
{
        Refresh *refresh = data;
        ListNode waits;

        (void) err; /* ignoring: the statistics tell their age */
        list_init(&waits);
        list_append_all(&waits, &refresh->waits);
        refresh_free(refresh);
        tell(&waits);
}

/* NULL: the driver cannot ask now. */
static Refresh *refresh_begin(Engine *engine, Domain *d)
{
        Driver *driver = d->list->driver;
        Refresh *refresh = xnew0(Refresh, 1);

        refresh->d = domain_ref(d);
        refresh->began_ms = loop_now_ms(engine->loop);
        list_init(&refresh->waits);
        list_append(&engine->refreshes, &refresh->node);
        refresh->deadline = timer_new(engine->loop, stalled, refresh);
        timer_start(refresh->deadline, ENGINE_REFRESH_WAIT);
        d->refresh = refresh;
        if (driver->type->refresh(driver, d, refreshed, refresh, NULL) < 0) {
                refresh_free(refresh);
                return NULL;
        }
        return refresh;
}

static bool is_fresh(const Engine *engine, const Domain *d)
{
        return d->stats.refreshed_ms &&
               loop_now_ms(engine->loop) - d->stats.refreshed_ms < ENGINE_STATS_AGE;
}

EngineWait *engine_refresh(Engine *engine, Domain *d, EngineWaitFn *fn, void *data)
{
        Refresh *refresh = d->refresh;
        EngineWait *wait;

        if (!domain_active(d) || !d->list->driver->type->refresh || is_fresh(engine, d))
                return NULL;
        if (!refresh)
                refresh = refresh_begin(engine, d);
        if (!refresh || refresh->stalled)
                return NULL;
        wait = xnew0(EngineWait, 1);
        *wait = (EngineWait){.fn = fn, .data = data};
        list_append(&refresh->waits, &wait->node);
        return wait;
}

uint64_t engine_stalled_ms(const Domain *d)
{
        const Refresh *refresh = d->refresh;

        return refresh && refresh->stalled ? loop_now_ms(d->list->loop) - refresh->began_ms : 0;
}

/* --- questions --- */

static void ask_free(EngineAsk *ask)
{
        list_remove(&ask->node);
        free(ask);
}

static void answered(void *data, DriverAnswer *answer, const Error *err)
{
        EngineAsk *ask = data;
        DriverAnswerFn *done = ask->done;
        void *done_data = ask->data;

        ask_free(ask);
        if (done)
                done(done_data, answer, err);
        if (answer)
                answer->fd = fd_close(answer->fd);
}

int engine_ask(Engine *engine, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
               void *data, EngineAsk **ret, Error *err)
{
        Driver *driver = d->list->driver;
        EngineAsk *ask;
        int r;

        if (!domain_active(d))
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        if (!driver->type->ask)
                return error_set(err, ERROR_UNSUPPORTED, "the %s driver answers no questions",
                                 driver->type->kind);
        ask = xnew0(EngineAsk, 1);
        ask->done = done;
        ask->data = data;
        list_append(&engine->asks, &ask->node);
        r = driver->type->ask(driver, d, question, answered, ask, err);
        if (r < 0) {
                ask_free(ask);
                return r;
        }
        *ret = ask;
        return 0;
}

void engine_ask_forget(EngineAsk *ask)
{
        if (ask)
                ask->done = NULL;
}

/* --- the end --- */

void engine_asks_done(Engine *engine)
{
        LIST_FOREACH(refresh, &engine->refreshes, Refresh, node)
                refresh_free(refresh);
        LIST_FOREACH(ask, &engine->asks, EngineAsk, node)
                ask_free(ask);
}
