/* What the files of engine/ share. */
#pragma once

#include "engine/engine.h"

#include "store/table-operation.h"
#include "store/table-runtime.h"

typedef struct Recovery Recovery;

enum {
        ENGINE_QUEUE_MAX = 64,         /* EngineConfig.queue_max where it is not given */
        ENGINE_QUEUE_DEADLINE = 30000, /* EngineConfig.queue_ms */
        ENGINE_DRIVERS_MAX = 8,
};

/* A driver with what it is lent. */
typedef struct EngineDriver {
        Driver driver;
        DomainList domains;
        char *lib_dir, *run_dir, *log_dir, *save_dir;
} EngineDriver;

struct Engine {
        Loop *loop;
        Store *store;
        OpRunner *runner;
        OpHooks hooks; /* of the program */
        EngineDriver drivers[ENGINE_DRIVERS_MAX];
        size_t n_drivers;
        unsigned queue_max;
        uint64_t queue_ms;
        char *run_dir;
        int lock_fd; /* one engine a root */
        ListNode calls;     /* EngineCall.node */
        ListNode watches;   /* EngineWatch.node */
        ListNode refreshes, asks; /* of ask.c */
        Recovery *recovery; /* until the end of engine_start() */
};

/* One verb on its way: WAITING in the domain's queue -> RUNNING as an operation -> told and freed.
 * A verb without a domain begins RUNNING. */
struct EngineCall {
        Engine *engine;
        Driver *driver;
        Domain *d; /* referenced; for verbs that find theirs, set on the way */
        DomainVerb verb;
        OpArgs args; /* until the operation has them */
        Op *op;      /* while RUNNING */
        EngineDoneFn *done;
        void *data;
        /* private */
        ListNode node;  /* Engine.calls */
        ListNode queue; /* Domain.queue, while WAITING */
        Timer *deadline;
        uint64_t queued_ms;
};

/* The call behind an operation: every operation of the engine has one. */
static inline EngineCall *call_of(Op *op)
{
        return op->done_data;
}

/* Operations of the engine's own; NULL where the driver has to have one. */
const OpType *engine_op_type(DomainVerb verb, bool has_domain);
/* The operation of a journal row. */
const OpType *engine_op_by_name(const Driver *driver, const char *name, DomainVerb *ret_verb);

/* Cancels what a call asked for, running or waiting; `done` comes as ever. */
void engine_cancel(EngineCall *call);
/* A call for an operation that recovery begins: it holds the domain. */
EngineCall *engine_call_recovered(Engine *engine, Domain *d, DomainVerb verb, const OpType *type,
                                  EngineDoneFn *done, void *data);
/* Takes a recovered call back whose operation never started. */
void engine_call_drop(EngineCall *call);
/* The domain may be changed again: the next in its queue begins. */
void engine_grant_next(Domain *d);
/* Forgets every call without a word; the engine closes. */
void engine_calls_done(Engine *engine);
/* The same for what was asked; the drivers are closed. */
void engine_asks_done(Engine *engine);

/* Reads the tables into domains; what engine_start() needs of them is kept in engine->recovery. */
int engine_load(Engine *engine, Error *err);
Recovery *recovery_new(Engine *engine);
void recovery_keep_guest(Recovery *recovery, Domain *d, const RuntimeRow *row);
void recovery_keep_operation(Recovery *recovery, const OperationRow *row);
Recovery *recovery_free(Recovery *recovery);

/* A domain in the making that did not begin goes. NULL is fine. */
void engine_unclaim(Domain *d);

extern const OpType define_op, undefine_op, create_op, restore_op, image_remove_op,
        set_autostart_op, learn_op, edit_op, rename_op;
