/* The engine: domains of every driver, verbs on them, and their life across restarts.
 *
 * A verb is submitted, waits for the domain's slot, and runs as an operation; reads need no
 * function here, they look at the Domain. All of it belongs to the loop thread. */
#pragma once

#include "driver/driver.h"

typedef struct Engine Engine;
typedef struct EngineCall EngineCall;
typedef struct EngineWatch EngineWatch;

typedef struct EngineConfig {
        const char *lib_dir;              /* <root>/lib: what lasts */
        const char *run_dir;              /* <root>/run: what ends with the host */
        const char *log_dir;              /* <root>/log */
        const DriverType *const *drivers; /* NULL-terminated */
        OpHooks hooks; /* observe and fault, with their data; the rest is the engine's */
        unsigned queue_max; /* requests that wait for one domain; 0: 64 */
        uint64_t queue_ms;  /* that one waits at most; 0: 30000 */
} EngineConfig;

/* Takes the root's lock, opens the store and the drivers and loads every domain. ERROR_BUSY names the
 * process that has the root open. Blocks; before the loop runs. */
int engine_open(Loop *loop, const EngineConfig *config, Engine **ret, Error *err);
/* Reconnects to guests in parallel, then recovers the operations in the journal, then boots the
 * domains marked autostart when this is the first start on this boot of the host. */
void engine_start(Engine *engine, DriverDoneFn *done, void *data);
/* Stops where it is: guests run on, operations stay in the journal, no callback comes any more. */
Engine *engine_close(Engine *engine);
DEFINE_CLEANUP(Engine, engine_close)

/* The driver of that name, or the first where name is NULL; NULL when there is none. */
Driver *engine_driver(Engine *engine, const char *name);
Loop *engine_loop(Engine *engine);

/* Called once when the verb has ended; `d` is the domain (NULL where there is none), good during
 * the call. Never called from inside engine_submit(). */
typedef void EngineDoneFn(void *data, Domain *d, const Error *err);

/* Asks for a verb. `d` is NULL for DEFINE, CREATE and RESTORE, which find theirs by what they are
 * given, and for LEARN, which has none. `args` is taken over. A negative return refuses at once, and `done` is not called. */
int engine_submit(Engine *engine, Driver *driver, Domain *d, DomainVerb verb, OpArgs *args,
                  EngineDoneFn *done, void *data, EngineCall **ret, Error *err);
/* The asker has gone: the operation goes on, `done` is not called. NULL is fine. */
void engine_forget(EngineCall *call);

/* The job that clients see: the operation that holds the domain, when it is one worth watching. */
typedef struct EngineJob {
        bool active;
        DomainVerb verb;
        uint64_t elapsed_ms;
        OpProgress progress;
        const char *step;
} EngineJob;

void engine_job(const Domain *d, EngineJob *ret);
/* Cancels it. ERROR_OPERATION_INVALID, in libvirt's words, when there is none. */
int engine_abort_job(Domain *d, Error *err);

/* Hears the events of one driver's domains, from now on. */
EngineWatch *engine_watch(Engine *engine, Driver *driver, DomainEventFn *fn, void *data);
EngineWatch *engine_unwatch(EngineWatch *watch);
