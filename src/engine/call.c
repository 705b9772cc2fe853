/* Verbs on their way: the slot of each domain, its queue, and the end of a call.
 *
 * One changing operation holds a domain (Domain.holder), the others wait in its queue, bounded in
 * number and time. Destroy does not wait: it ends the guest's process, cancels the holder, and is
 * next. The state x verb table is asked when the verb begins, not when it was submitted. */
#include "engine/engine-internal.h"

#include "base/str.h"

#include <assert.h>

static void op_ended(void *data, Op *op);

static bool takes_slot(DomainVerb verb)
{
        return verb != VERB_DEFINE && verb != VERB_SET_AUTOSTART;
}

static void call_free(EngineCall *call)
{
        list_remove(&call->node);
        list_remove(&call->queue);
        timer_free(call->deadline);
        op_args_done(&call->args);
        domain_unref(call->d);
        free(call);
}

/* Tells the asker and frees. */
static void finish(EngineCall *call, const Error *err)
{
        static const Error none = {};

        list_remove(&call->queue);
        if (call->done)
                call->done(call->data, call->d, err ? err : &none);
        call_free(call);
}

/* --- beginning --- */

/* The operation for a call that may begin now. A start from an image is the driver's restore. */
static const OpType *choose(EngineCall *call)
{
        const OpType *type = engine_op_type(call->verb, call->d != NULL);
        Domain *d = call->d;

        if (type)
                return type;
        if (call->verb == VERB_START && d->image.path && !call->args.force_boot) {
                call->verb = VERB_RESTORE;
                free(call->args.path);
                call->args.path = xstrdup(d->image.path);
                call->args.managed = true;
        }
        return call->driver->type->ops[call->verb];
}

static int begin(EngineCall *call, Error *err)
{
        const OpType *type = choose(call);
        Op *op;

        if (!type)
                return error_set(err, ERROR_UNSUPPORTED, "the %s driver cannot %s a domain",
                                 call->driver->type->kind, domain_verb_text(call->verb));

        op = op_new(call->engine->runner, type, call->d);
        op_args_done(&op->args);
        op->args = call->args;
        op_args_init(&call->args);
        op->done = op_ended;
        op->done_data = call;
        call->op = op;
        if (call->d && takes_slot(call->verb))
                call->d->holder = op;
        op_start(op);
        return 0;
}

/* The slot is free and the call is the first. */
static int grant(EngineCall *call, Error *err)
{
        int r;

        list_remove(&call->queue);
        call->deadline = timer_free(call->deadline);
        if (call->verb != VERB_DESTROY) { /* which was asked before it ended the guest */
                r = domain_check_verb(call->d, call->verb, err);
                if (r < 0)
                        return r;
        }
        return begin(call, err);
}

void engine_grant_next(Domain *d)
{
        _cleanup_(domain_unrefp) Domain *held = domain_ref(d);

        while (!held->holder && !held->reconnecting && !list_empty(&held->queue)) {
                EngineCall *call = list_first(&held->queue, EngineCall, queue);
                _cleanup_(error_done) Error err = {};

                if (grant(call, &err) < 0)
                        finish(call, &err);
        }
}

/* --- ending --- */

static void op_ended(void *data, Op *op)
{
        EngineCall *call = data;
        _cleanup_(domain_unrefp) Domain *d = call->d ? domain_ref(call->d) : NULL;
        _cleanup_(error_done) Error err = {};

        if (op->phase == OP_DEGRADED)
                error_set(&err, ERROR_OPERATION_FAILED,
                          "%s is done but for step '%s', which the daemon tries again when it "
                          "starts: %s",
                          op->type->name, op_current_step(op)->name, error_text(&op->error));
        else if (op->phase == OP_FAILED)
                error_copy(&err, &op->error);

        call->op = NULL;
        if (d && d->holder == op)
                d->holder = NULL;
        finish(call, &err);
        if (d)
                engine_grant_next(d);
}

/* --- waiting --- */

static void waited_too_long(void *data)
{
        EngineCall *call = data;
        const Op *holder = call->d->holder;
        uint64_t now = loop_now_ms(call->engine->loop);
        _cleanup_(error_done) Error err = {};

        if (holder)
                error_set(&err, ERROR_TIMEOUT,
                          "cannot acquire state change lock: %s holds domain '%s' for %llu s, in "
                          "step '%s'%s%s",
                          holder->type->name, call->d->name,
                          (unsigned long long) (now - holder->started_ms) / 1000,
                          op_current_step(holder)->name ? op_current_step(holder)->name : "end",
                          holder->waits_for ? ", waiting for " : "",
                          holder->waits_for ? holder->waits_for : "");
        else
                error_set(&err, ERROR_TIMEOUT,
                          "cannot acquire state change lock: domain '%s' has not answered since "
                          "the daemon started",
                          call->d->name);
        finish(call, &err);
}

static int enqueue(EngineCall *call, Error *err)
{
        Domain *d = call->d;
        size_t waiting = 0;

        LIST_FOREACH(other, &d->queue, EngineCall, queue)
                waiting++;
        if (waiting >= call->engine->queue_max)
                return error_set(err, ERROR_BUSY, "%zu requests wait for domain '%s' already",
                                 waiting, d->name);

        if (call->verb == VERB_DESTROY) {
                list_prepend(&d->queue, &call->queue);
                return 0;
        }
        list_append(&d->queue, &call->queue);
        call->deadline = timer_new(call->engine->loop, waited_too_long, call);
        timer_start(call->deadline, call->engine->queue_ms);
        return 0;
}

/* What destroy does before its turn comes. */
static void preempt(EngineCall *call)
{
        Domain *d = call->d;
        _cleanup_(error_done) Error why = {};

        call->driver->type->kill(call->driver, d);
        if (!d->holder)
                return;
        error_set(&why, ERROR_ABORTED, "domain '%s' was destroyed", d->name);
        (void) op_cancel(d->holder, &why, NULL); /* ignoring: behind its commit it ends by itself */
}

/* --- doors --- */

static EngineCall *call_new(Engine *engine, Driver *driver, Domain *d, DomainVerb verb,
                            EngineDoneFn *done, void *data)
{
        EngineCall *call = xnew0(EngineCall, 1);

        call->engine = engine;
        call->driver = driver;
        call->d = d ? domain_ref(d) : NULL;
        call->verb = verb;
        call->done = done;
        call->data = data;
        call->queued_ms = loop_now_ms(engine->loop);
        op_args_init(&call->args);
        list_init(&call->queue);
        list_append(&engine->calls, &call->node);
        return call;
}

static int place(EngineCall *call, Error *err)
{
        Domain *d = call->d;
        int r;

        if (!d || !takes_slot(call->verb)) {
                r = d ? domain_check_verb(d, call->verb, err) : 0;
                return r < 0 ? r : begin(call, err);
        }
        if (call->verb == VERB_DESTROY) {
                r = domain_check_verb(d, call->verb, err);
                if (r < 0)
                        return r;
                preempt(call);
        }
        if (d->holder || d->reconnecting || !list_empty(&d->queue))
                return enqueue(call, err);
        return grant(call, err);
}

int engine_submit(Engine *engine, Driver *driver, Domain *d, DomainVerb verb, OpArgs *args,
                  EngineDoneFn *done, void *data, EngineCall **ret, Error *err)
{
        EngineCall *call = call_new(engine, driver, d, verb, done, data);
        int r;

        if (args) {
                op_args_done(&call->args);
                call->args = *args;
                op_args_init(args);
        }
        r = place(call, err);
        if (r < 0) {
                call_free(call);
                return r;
        }
        if (ret)
                *ret = call;
        return 0;
}

EngineCall *engine_call_recovered(Engine *engine, Domain *d, DomainVerb verb, const OpType *type,
                                  EngineDoneFn *done, void *data)
{
        EngineCall *call = call_new(engine, d->list->driver, d, verb, done, data);

        call->op = op_new(engine->runner, type, d);
        call->op->done = op_ended;
        call->op->done_data = call;
        d->holder = call->op;
        return call;
}

void engine_forget(EngineCall *call)
{
        if (call)
                call->done = NULL;
}

void engine_call_drop(EngineCall *call)
{
        call->d->holder = NULL;
        op_free(call->op);
        call_free(call);
}

static void cancelled_in_queue(void *data)
{
        EngineCall *call = data;
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_ABORTED, "%s was cancelled before it began",
                  domain_verb_text(call->verb));
        finish(call, &err);
}

void engine_cancel(EngineCall *call)
{
        if (call->op) {
                (void) op_cancel(call->op, NULL, NULL); /* ignoring: then it ends by itself */
                return;
        }
        timer_free(call->deadline);
        call->deadline = timer_new(call->engine->loop, cancelled_in_queue, call);
        timer_start(call->deadline, 0);
}

void engine_calls_done(Engine *engine)
{
        LIST_FOREACH(call, &engine->calls, EngineCall, node)
                call_free(call);
}

/* --- jobs --- */

static bool worth_watching(DomainVerb verb)
{
        return verb == VERB_SAVE || verb == VERB_MANAGED_SAVE || verb == VERB_RESTORE;
}

void engine_job(const Domain *d, EngineJob *ret)
{
        const Op *op = d->holder;
        const EngineCall *call = op ? op->done_data : NULL;

        *ret = (EngineJob){};
        if (!call || !worth_watching(call->verb))
                return;
        *ret = (EngineJob){
                .active = true,
                .verb = call->verb,
                .elapsed_ms = loop_now_ms(call->engine->loop) - op->started_ms,
                .progress = op->progress,
                .step = op_current_step(op)->name,
        };
}

int engine_abort_job(Domain *d, Error *err)
{
        EngineJob job;

        engine_job(d, &job);
        if (!job.active)
                return error_set(err, ERROR_OPERATION_INVALID, "no job is active on the domain");
        return op_cancel(d->holder, NULL, err);
}
