/* What is asked of a running guest's hypervisor beside every operation: it takes no slot, waits for
 * none, and no guest's silence delays the answers about another.
 *
 * Statistics live in memory with a bounded age. The renewal of a domain's is shared by all who ask
 * while it is under way:
 *
 *   none -> UNDER WAY        engine_refresh() finds them older than ENGINE_STATS_AGE
 *   UNDER WAY -> STALLED     ENGINE_REFRESH_WAIT is over: who waits goes on with what is known, and
 *                            nobody waits for this domain until the hypervisor speaks again
 *   both -> none             the driver has answered */
#pragma once

#include "engine/engine.h"

enum {
        ENGINE_STATS_AGE = 1000,    /* ms that statistics stay good */
        ENGINE_REFRESH_WAIT = 1000, /* ms that one waits at most for new ones */
};

typedef struct EngineWait EngineWait;
typedef struct EngineAsk EngineAsk;
typedef void EngineWaitFn(void *data);

/* Sees to it that d->stats are good. NULL: they are, as far as can be had without waiting. Else
 * `fn` is called once, on a later turn, unless it is forgotten. */
EngineWait *engine_refresh(Engine *engine, Domain *d, EngineWaitFn *fn, void *data);
void engine_wait_forget(EngineWait *wait);
/* For how many ms the hypervisor of an active domain has been silent; 0: it is not. */
uint64_t engine_stalled_ms(const Domain *d);

/* Asks; ERROR_OPERATION_INVALID when the domain is off. `done` is called once, on a later turn,
 * unless it is forgotten. */
int engine_ask(Engine *engine, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
               void *data, EngineAsk **ret, Error *err);
void engine_ask_forget(EngineAsk *ask);
