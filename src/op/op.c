/* The operation runner: see op.h for the states and the contract.
 *
 * One function moves an operation: advance(), always from its own turn of the loop (`turn`), never
 * from inside a leaf or a caller. What happened in between (a wake, a cancel) is noted in
 * OpPrivate.
 *
 *   advance()    FORWARD: next step, journal it, run it, until it waits     -> forward(),
 * run_step() BACK:    undo the completed steps, until one waits         -> backward() op_wake()
 * notes the result of the wait, asks for a turn op_cancel()  notes the wish, tells the waiting
 * leaf, asks for a turn finish()     clears the journal, then end() tells the owner and frees */
#include "op/op.h"

#include "base/clock.h"
#include "base/str.h"

#include <assert.h>

enum {
        RETRY_FIRST_MS = 100,
};

typedef enum Wait {
        WAIT_NONE,    /* between steps, or a turn is due */
        WAIT_JOURNAL, /* the store writes the step's name; then run() */
        WAIT_LEAF,    /* run() or undo() gave itself to a leaf */
        WAIT_RETRY,   /* a pause after a failure behind the commit */
        WAIT_END,     /* the store removes the journal row, or end() comes on the next turn */
} Wait;

typedef struct OpPrivate {
        Timer *turn; /* advance() on the next turn of the loop, or after a pause */
        Timer *deadline;
        Wait wait;
        bool in_call;    /* run(), undo() or cancel() is on the stack */
        bool again;      /* the step runs again after its wait */
        bool journalled; /* the current step's name is in the store */
        bool has_row;    /* the journal holds this operation */
        bool woken;      /* the leaf has ended, result in `woke` */
        bool fault_cancel;
        bool abandoned;
        unsigned retries;
        size_t undone;  /* BACK: steps below this index are to be undone */
        OpPhase ending; /* the phase to end in, while WAIT_END */
        Error woke;
        Error cancel_error;
} OpPrivate;

struct OpRunner {
        Loop *loop;
        Store *store;
        OpHooks hooks;
        ListNode ops;
        uint64_t last_id;
};

static void advance(void *data);

/* --- runner --- */

OpRunner *op_runner_new(Loop *loop, Store *store, const OpHooks *hooks)
{
        OpRunner *runner = xnew0(OpRunner, 1);

        runner->loop = loop;
        runner->store = store;
        runner->hooks = *hooks;
        list_init(&runner->ops);
        return runner;
}

static void release(Op *op)
{
        OpPrivate *p = op->priv;

        list_remove(&op->node);
        job_abandon(op->job);
        if (op->type->release)
                op->type->release(op);
        timer_free(p->turn);
        timer_free(p->deadline);
        error_done(&p->woke);
        error_done(&p->cancel_error);
        free(p);
        error_done(&op->error);
        op_args_done(&op->args);
        free(op->state);
        free(op);
}

OpRunner *op_runner_free(OpRunner *runner)
{
        if (!runner)
                return NULL;
        LIST_FOREACH(op, &runner->ops, Op, node) {
                assert(op->priv->abandoned);
                release(op);
        }
        free(runner);
        return NULL;
}

void op_runner_abandon(OpRunner *runner)
{
        LIST_FOREACH(op, &runner->ops, Op, node) {
                op->priv->abandoned = true;
                timer_stop(op->priv->turn);
                timer_stop(op->priv->deadline);
        }
}

ListNode *op_runner_list(OpRunner *runner)
{
        return &runner->ops;
}

Loop *op_loop(const Op *op)
{
        return op->runner->loop;
}

Store *op_store(const Op *op)
{
        return op->runner->store;
}

/* --- words --- */

const OpStep *op_current_step(const Op *op)
{
        return &op->type->steps[op->step];
}

const char *op_phase_text(OpPhase phase)
{
        static const char *const texts[] = {
#define X(name, text) [OP_##name] = text,
                OP_PHASES(X)
#undef X
        };

        return (unsigned) phase < _OP_PHASE_MAX ? texts[phase] : "?";
}

static void observe(Op *op, OpEvent event, const Error *err)
{
        const OpHooks *hooks = &op->runner->hooks;

        if (hooks->observe)
                hooks->observe(hooks->data, op, event, err);
}

static OpFault fault_at(Op *op, OpPoint point)
{
        const OpHooks *hooks = &op->runner->hooks;

        return hooks->fault ? hooks->fault(hooks->data, op, point) : OP_FAULT_NONE;
}

/* --- journal --- */

static void journal_row(StoreTx *tx, Op *op, bool committed)
{
        const OpHooks *hooks = &op->runner->hooks;
        _cleanup_(free_ptr) char *args = op_args_to_json(&op->args);
        OperationRow row = {
                .id = op->id,
                .type = op->type->name,
                .args = args,
                .step = op_current_step(op)->name,
                .committed = committed,
                .started = clock_realtime_ms() - (loop_now_ms(op_loop(op)) - op->started_ms),
        };

        hooks->describe(hooks->data, op, &row);
        operation_row_put(tx, &row);
        op->priv->has_row = true;
}

static void journal_written(void *data, const Error *err)
{
        Op *op = data;

        if (op->priv->abandoned)
                return;
        assert(op->priv->wait == WAIT_JOURNAL);
        op->priv->wait = WAIT_NONE;
        op->priv->journalled = true;
        error_done(&op->priv->woke);
        if (error_is_set(err)) {
                error_copy(&op->priv->woke, err);
                error_prefix(&op->priv->woke, "cannot write the journal");
        }
        timer_start(op->priv->turn, 0);
}

static void journal_step(Op *op)
{
        StoreTx *tx = store_tx_new(op->runner->store);
        bool durable = op_current_step(op)->flags & OP_DURABLE;

        journal_row(tx, op, op->committed);
        op->priv->wait = WAIT_JOURNAL;
        store_commit(tx, durable ? STORE_DURABLE : STORE_ORDERED, journal_written, op);
}

/* --- the end --- */

static void end(Op *op)
{
        op->phase = op->priv->ending;
        op->ended_ms = loop_now_ms(op_loop(op));
        list_remove(&op->node);
        observe(op, OP_EVENT_END, error_is_set(&op->error) ? &op->error : NULL);
        if (op->done)
                op->done(op->done_data, op);
        release(op);
}

static void journal_cleared(void *data, const Error *err)
{
        Op *op = data;

        (void) err; /* ignoring: recovery takes a row that stayed for one that was interrupted */
        if (op->priv->abandoned)
                return;
        end(op);
}

static void finish(Op *op, OpPhase phase)
{
        OpPrivate *p = op->priv;

        p->ending = phase;
        p->wait = WAIT_END;
        timer_stop(p->deadline);
        if (!p->has_row || phase == OP_DEGRADED) {
                timer_start(p->turn, 0);
                return;
        }

        StoreTx *tx = store_tx_new(op->runner->store);
        operation_row_delete(tx, op->id);
        store_commit(tx, STORE_ORDERED, journal_cleared, op);
}

/* --- back --- */

static void backward(Op *op)
{
        OpPrivate *p = op->priv;

        while (p->undone > 0) {
                _cleanup_(error_done) Error err = {};
                const OpStep *step;
                int r = OP_NEXT;

                op->step = p->undone - 1;
                op->waits_for = NULL;
                step = op_current_step(op);
                if (p->woken) {
                        p->woken = false;
                        r = error_is_set(&p->woke) ? error_move(&err, &p->woke)
                            : p->again             ? OP_AGAIN
                                                   : OP_NEXT;
                } else if (step->undo) {
                        r = OP_AGAIN;
                }
                if (r == OP_AGAIN) {
                        observe(op, OP_EVENT_UNDO, NULL);
                        if (fault_at(op, OP_BEFORE_UNDO) == OP_FAULT_FAIL) {
                                r = error_set(&err, ERROR_INTERNAL, "fault in undo of '%s'",
                                              step->name);
                        } else {
                                p->in_call = true;
                                r = step->undo(op, &err);
                                p->in_call = false;
                        }
                }
                if (r == OP_WAIT || r == OP_AGAIN) {
                        p->wait = WAIT_LEAF;
                        p->again = r == OP_AGAIN;
                        return;
                }
                if (r < 0)
                        observe(op, OP_EVENT_UNDO_FAILED, &err);
                p->undone--;
        }
        finish(op, OP_FAILED);
}

/* The steps below `completed` are done and to be undone. Takes the error's content. */
static void go_back(Op *op, size_t completed, Error *why)
{
        OpPrivate *p = op->priv;

        op->phase = OP_BACK;
        p->undone = completed;
        p->woken = false;
        timer_stop(p->deadline);
        error_move(&op->error, error_is_set(&p->cancel_error) ? &p->cancel_error : why);
        backward(op);
}

/* --- forward --- */

static void step_failed(Op *op, Error *err)
{
        OpPrivate *p = op->priv;

        if (!op->committed) {
                go_back(op, op->step, err);
                return;
        }
        if (p->retries < OP_RETRIES) {
                observe(op, OP_EVENT_RETRY, err);
                p->wait = WAIT_RETRY;
                timer_start(p->turn, (uint64_t) RETRY_FIRST_MS << (2 * p->retries++));
                return;
        }
        error_move(&op->error, err);
        finish(op, OP_DEGRADED);
}

static void step_done(Op *op)
{
        OpPrivate *p = op->priv;

        if (op_current_step(op)->flags & OP_COMMITS)
                op->committed = true;
        (void) fault_at(op, OP_AFTER_RUN);
        op->step++;
        op->waits_for = NULL;
        p->journalled = false;
        p->retries = 0;
}

/* Whether the current step may run now; false: it was failed, passed over, or waits for the
 * journal. */
static bool step_ready(Op *op)
{
        const OpHooks *hooks = &op->runner->hooks;
        const OpStep *step = op_current_step(op);
        _cleanup_(error_done) Error err = {};

        if (step->needs && hooks->check(hooks->data, op, step->needs, &err) < 0) {
                if (op->committed)
                        step_done(op);
                else
                        step_failed(op, &err);
                return false;
        }
        if (!op->priv->journalled && !(op->type->flags & OP_UNJOURNALLED)) {
                journal_step(op);
                return false;
        }
        return true;
}

static int run_step(Op *op, Error *err)
{
        const OpStep *step = op_current_step(op);
        OpPrivate *p = op->priv;
        OpFault fault;
        int r;

        observe(op, OP_EVENT_STEP, NULL);
        fault = fault_at(op, OP_BEFORE_RUN);
        if (fault == OP_FAULT_FAIL)
                return error_set(err, ERROR_INTERNAL, "fault in step '%s'", step->name);
        p->fault_cancel = fault == OP_FAULT_CANCEL;

        p->in_call = true;
        r = step->run(op, err);
        p->in_call = false;
        return r;
}

static void forward(Op *op)
{
        OpPrivate *p = op->priv;

        while (op->phase == OP_FORWARD && p->wait == WAIT_NONE) {
                _cleanup_(error_done) Error err = {};
                bool repeat = false;
                int r;

                if (p->woken) {
                        p->woken = false;
                        repeat = p->again;
                        if (error_is_set(&p->woke)) {
                                error_move(&err, &p->woke);
                                step_failed(op, &err);
                                continue;
                        }
                        if (!repeat)
                                step_done(op);
                } else if (error_is_set(&p->woke)) { /* of the journal */
                        error_move(&err, &p->woke);
                        step_failed(op, &err);
                        continue;
                }
                if (!op_current_step(op)->name) {
                        finish(op, OP_DONE);
                        return;
                }
                if (op->cancelled && !op->committed) {
                        /* A step between two of its runs may have left something: its undo runs
                         * too. */
                        go_back(op, op->step + repeat, &err);
                        return;
                }
                if (!step_ready(op))
                        continue;

                r = run_step(op, &err);
                if (r == OP_WAIT || r == OP_AGAIN) {
                        p->wait = WAIT_LEAF;
                        p->again = r == OP_AGAIN;
                        if (p->fault_cancel)
                                (void) op_cancel(op, NULL, NULL);
                } else if (r < 0) {
                        step_failed(op, &err);
                } else {
                        step_done(op);
                        if (p->fault_cancel)
                                (void) op_cancel(op, NULL, NULL);
                }
        }
}

static void advance(void *data)
{
        Op *op = data;

        if (op->priv->wait == WAIT_RETRY)
                op->priv->wait = WAIT_NONE;
        if (op->priv->wait == WAIT_END)
                end(op);
        else if (op->phase == OP_FORWARD)
                forward(op);
        else if (op->phase == OP_BACK && op->priv->wait == WAIT_NONE)
                backward(op);
}

/* --- the doors --- */

static void deadline_passed(void *data)
{
        Op *op = data;
        const OpStep *step = op_current_step(op);
        _cleanup_(error_done) Error why = {};

        error_set(&why, ERROR_TIMEOUT, "%s did not end within %llu s, in step '%s'%s%s",
                  op->type->name, (unsigned long long) op->deadline_ms / 1000,
                  step->name ? step->name : "end", op->waits_for ? ", waiting for " : "",
                  op->waits_for ? op->waits_for : "");
        (void) op_cancel(op, &why, NULL);
}

Op *op_new(OpRunner *runner, const OpType *type, void *subject)
{
        Op *op = xnew0(Op, 1);

        op->runner = runner;
        op->type = type;
        op->subject = subject;
        op->state = xcalloc(1, type->state_size);
        op_args_init(&op->args);
        list_init(&op->node);
        op->priv = xnew0(OpPrivate, 1);
        op->priv->turn = timer_new(runner->loop, advance, op);
        op->priv->deadline = timer_new(runner->loop, deadline_passed, op);
        return op;
}

Op *op_free(Op *op)
{
        if (!op)
                return NULL;
        assert(op->phase == OP_IDLE);
        release(op);
        return NULL;
}

static void begin(Op *op, uint64_t id)
{
        assert(op->phase == OP_IDLE);
        if (id > op->runner->last_id)
                op->runner->last_id = id;
        op->id = id;
        op->phase = OP_FORWARD;
        op->started_ms = loop_now_ms(op_loop(op));
        list_append(&op->runner->ops, &op->node);
        timer_start(op->priv->turn, 0);
        if (op->deadline_ms > 0)
                timer_start(op->priv->deadline, op->deadline_ms);
}

void op_start(Op *op)
{
        begin(op, op->runner->last_id + 1);
}

int op_start_recovered(Op *op, uint64_t id, const char *step, bool committed, Error *err)
{
        size_t i = 0;

        while (op->type->steps[i].name && !str_eq(op->type->steps[i].name, step))
                i++;
        if (!op->type->steps[i].name)
                return error_set(err, ERROR_INTERNAL, "operation '%s' has no step '%s'",
                                 op->type->name, step);

        begin(op, id);
        op->priv->has_row = true;
        op->committed = committed;
        op->step = i;
        if (committed) {
                /* The commit itself is over; its name stays in the journal until the next step's.
                 */
                if (op->type->steps[i].flags & OP_COMMITS)
                        op->step++;
        } else {
                op->phase = OP_BACK;
                op->priv->undone = i + 1;
                error_set(&op->error, ERROR_ABORTED,
                          "%s was interrupted in step '%s' by the end of the daemon",
                          op->type->name, step);
        }
        return 0;
}

int op_cancel(Op *op, const Error *why, Error *err)
{
        const OpStep *step = op_current_step(op);
        OpPrivate *p = op->priv;

        if (op->phase != OP_FORWARD || op->committed || p->wait == WAIT_END ||
            (p->wait == WAIT_LEAF && (step->flags & OP_COMMITS)))
                return error_set(err, ERROR_OPERATION_INVALID, "%s can no longer be cancelled",
                                 op->type->name);
        if (op->cancelled)
                return 0;

        op->cancelled = true;
        if (error_is_set(why))
                error_copy(&p->cancel_error, why);
        else
                error_set(&p->cancel_error, ERROR_ABORTED, "%s was cancelled in step '%s'",
                          op->type->name, step->name ? step->name : "end");
        observe(op, OP_EVENT_CANCEL, &p->cancel_error);
        if (p->wait == WAIT_LEAF && step->cancel && !p->woken) {
                p->in_call = true;
                (void) step->cancel(op, NULL);
                p->in_call = false;
        }
        return 0;
}

void op_wake(Op *op, const Error *err)
{
        OpPrivate *p = op->priv;

        if (p->abandoned)
                return;
        assert(!p->in_call && p->wait == WAIT_LEAF);
        p->wait = WAIT_NONE;
        p->woken = true;
        error_done(&p->woke);
        if (error_is_set(err))
                error_copy(&p->woke, err);
        timer_start(p->turn, 0);
}

void op_wake_cb(void *op, const Error *err)
{
        op_wake(op, err);
}

int op_commit(Op *op, StoreTx *tx, Error *err)
{
        const OpStep *step = op_current_step(op);

        (void) err;
        assert(step->flags & OP_COMMITS);
        if (!(op->type->flags & OP_UNJOURNALLED)) {
                if (step[1].name) {
                        journal_row(tx, op, true);
                } else {
                        operation_row_delete(tx, op->id);
                        op->priv->has_row = false;
                }
        }
        store_commit(tx, STORE_DURABLE, op_wake_cb, op);
        return OP_WAIT;
}
