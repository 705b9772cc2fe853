#include "wire/stats-wait.h"

#include "wire/call.h"

typedef struct Part {
        StatsWait *whole;
        EngineWait *wait; /* NULL: over */
} Part;

struct StatsWait {
        WireCall *call;
        size_t n, pending;
        Part parts[];
};

StatsWait *stats_wait_free(StatsWait *wait)
{
        if (!wait)
                return NULL;
        for (size_t i = 0; i < wait->n; i++)
                engine_wait_forget(wait->parts[i].wait);
        free(wait);
        return NULL;
}

static void part_ended(void *data)
{
        Part *part = data;
        StatsWait *whole = part->whole;
        WireCall *call = whole->call;

        part->wait = NULL;
        if (--whole->pending > 0)
                return;
        call->stats_wait = stats_wait_free(whole);
        call_again(call);
}

int call_stats(WireCall *call, Domain *const *domains, size_t n)
{
        StatsWait *wait;

        if (call->stats_waited)
                return WIRE_DONE;
        wait = xcalloc(1, sizeof(*wait) + n * sizeof(*wait->parts));
        wait->call = call;
        wait->n = n;
        for (size_t i = 0; i < n; i++) {
                Part *part = &wait->parts[i];

                part->whole = wait;
                part->wait = engine_refresh(call_engine(call), domains[i], part_ended, part);
                wait->pending += part->wait != NULL;
        }
        call->stats_waited = true;
        if (!wait->pending) {
                stats_wait_free(wait);
                return WIRE_DONE;
        }
        call->stats_wait = wait;
        return WIRE_LATER;
}
