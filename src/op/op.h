/* Operations: every action of two or more awaits is a table of steps that this runner carries out.
 *
 * An operation runs its steps in order, one at a time, on the loop thread.
 *
 *   IDLE -> FORWARD -> DONE             every step succeeded
 *           FORWARD -> BACK -> FAILED   a step failed, or a cancel or the deadline came before the
 *                                       commit: the undos of the completed steps run in reverse
 *           FORWARD -> DEGRADED         a step after the commit kept failing; recovery takes it up
 *                                       again when the daemon starts
 *
 *   run():    OP_NEXT   done at once
 *             OP_WAIT   given to exactly one leaf, which calls op_wake(); then the step is done
 *             OP_AGAIN  as OP_WAIT, but the step runs again after the wake (a loop over disks)
 *             < 0       failed: err is set and nothing of this step is left behind
 *   undo():   reverses a completed step, and does no harm where the effect never happened; returns as
 *             run(). Its failure is observed, and the undos go on.
 *   cancel(): asks the leaf that waits to end early; the leaf still wakes. Returns OP_NEXT.
 *
 * A leaf wakes exactly once and never from inside run() or cancel(). A step whose wait ended in an error
 * has failed, and its own undo is not called: the step cleans up behind its own failure. A cancel
 * between two runs of one step calls that step's undo too.
 *
 * OP_COMMITS marks at most one step: its run() ends in `return op_commit(op, tx, err)`, one store
 * transaction that also writes the journal. After it there is no undo and no cancel, only forward: a
 * step that fails there is tried again, OP_RETRIES times, a growing pause between; a step whose needs
 * are not met any more is passed over, since the world has moved on.
 *
 * Journal: a step's name and the arguments are stored before its run(). After a crash recovery undoes
 * that step and those before it, or goes forward from it when the operation had committed. So run()
 * and undo() work from the arguments and the subject alone, and bear being repeated. */
#pragma once

#include "base/list.h"
#include "base/uuid.h"
#include "config/op-args.h"
#include "loop/job.h"
#include "loop/timer.h"
#include "store/table-operation.h"

typedef struct Op Op;
typedef struct OpRunner OpRunner;

typedef int OpStepFn(Op *op, Error *err);
typedef void OpDoneFn(void *data, Op *op);

enum {
        OP_NEXT = 0,
        OP_WAIT = 1,
        OP_AGAIN = 2,

        OP_RETRIES = 3,
};

enum {
        OP_COMMITS = 1 << 0,
        /* The step leaves something durable outside the store: its name is on disk, not only with
         * the kernel, before run(). */
        OP_DURABLE = 1 << 1,
};

typedef struct OpStep {
        const char *name; /* progress text, log line, journal key, name of the fault test */
        OpStepFn *run, *undo, *cancel;
        unsigned flags;
        unsigned needs; /* conditions of the subject, checked before run() by OpHooks.check */
} OpStep;

enum {
        /* Nothing of the operation outlives the daemon: no journal. */
        OP_UNJOURNALLED = 1 << 0,
};

typedef struct OpType {
        const char *name; /* unique in the program with its driver: the journal key */
        const OpStep *steps; /* ends with a step without a name */
        size_t state_size;
        void (*release)(Op *op); /* frees what op->state owns; may be NULL */
        unsigned flags;
} OpType;

#define OP_PHASES(X) X(IDLE, "idle") X(FORWARD, "forward") X(BACK, "back") X(DONE, "done")         \
        X(FAILED, "failed") X(DEGRADED, "degraded")

typedef enum OpPhase {
#define X(name, text) OP_##name,
        OP_PHASES(X)
#undef X
                _OP_PHASE_MAX,
} OpPhase;

typedef struct OpProgress {
        uint64_t done, total; /* bytes; total 0: not known */
} OpProgress;

struct Op {
        /* set by the caller, before op_start() */
        void *subject; /* the domain, for the steps and the hooks; NULL where there is none yet */
        OpArgs args;   /* owned by the operation; steps may add what a later undo must know */
        OpDoneFn *done;
        void *done_data;
        uint64_t deadline_ms; /* for all steps together; 0: none */

        /* readable */
        const OpType *type;
        OpRunner *runner;
        uint64_t id;
        OpPhase phase;
        size_t step;     /* index of the current step */
        bool committed;
        bool cancelled;
        Error error;     /* why it failed or degraded */
        OpProgress progress;     /* set by the steps */
        const char *waits_for;   /* what the current step waits for, for people; may be NULL */
        uint64_t started_ms;     /* loop time */
        uint64_t ended_ms;
        void *state;     /* zeroed, type->state_size bytes, for the steps */

        /* private */
        Job *job; /* of the leaf in op/job-leaf.h, while it waits */
        struct OpPrivate *priv;
        ListNode node;
};

#define OP_EVENTS(X)                                                                               \
        X(STEP, "step") X(UNDO, "undo") X(UNDO_FAILED, "undo failed") X(RETRY, "retry")            \
        X(CANCEL, "cancel") X(END, "end")

typedef enum OpEvent {
#define X(name, text) OP_EVENT_##name,
        OP_EVENTS(X)
#undef X
                _OP_EVENT_MAX,
} OpEvent;

typedef enum OpPoint {
        OP_BEFORE_RUN,  /* the journal names the step */
        OP_AFTER_RUN,   /* the step succeeded; the journal does not name the next one yet */
        OP_BEFORE_UNDO,
} OpPoint;

typedef enum OpFault {
        OP_FAULT_NONE,
        OP_FAULT_FAIL,   /* before a run or an undo: it fails, without having run */
        OP_FAULT_CANCEL, /* before a run: op_cancel() comes while it waits, or right after it */
} OpFault;

typedef struct OpHooks {
        /* Whether the subject still meets the `needs` of a step, which is not 0. */
        int (*check)(void *data, Op *op, unsigned needs, Error *err);
        /* Fills driver, name and uuid of the row that the operation is filed under. */
        void (*describe)(void *data, Op *op, OperationRow *row);
        /* Tells of every transition; err is set for the *_FAILED, RETRY and a failed END. May be
         * NULL. */
        void (*observe)(void *data, Op *op, OpEvent event, const Error *err);
        /* For the fault suite: asked at each point of each step; may end the process to play a crash.
         * NULL in the daemon. */
        OpFault (*fault)(void *data, Op *op, OpPoint point);
        void *data;
} OpHooks;

OpRunner *op_runner_new(Loop *loop, Store *store, const OpHooks *hooks);
/* Every operation has ended, or was abandoned by op_runner_abandon(). */
OpRunner *op_runner_free(OpRunner *runner);
/* The daemon ends: operations stop where they are, their done is not called, the journal keeps
 * them. Leaves that wake later are ignored. */
void op_runner_abandon(OpRunner *runner);
Loop *op_loop(const Op *op);
Store *op_store(const Op *op);
/* Operations now running, as Op.node. */
ListNode *op_runner_list(OpRunner *runner);

/* A new operation in IDLE, owned by the caller until op_start(), by the runner afterwards. */
Op *op_new(OpRunner *runner, const OpType *type, void *subject);
Op *op_free(Op *op); /* only in IDLE */

/* Begins. `done` is called once, at the end, never from inside; the operation is freed after it. */
void op_start(Op *op);

/* Begins an operation found in the journal, at the step of the given name: forward when it had
 * committed, else back. ERROR_INTERNAL when the type has no such step. */
int op_start_recovered(Op *op, uint64_t id, const char *step, bool committed, Error *err);

/* Asks for the end. Refused with ERROR_OPERATION_INVALID when it has committed or is ending. The
 * operation then ends FAILED with `why` (NULL: ERROR_ABORTED). */
int op_cancel(Op *op, const Error *why, Error *err);

/* For leaves: the wait is over; err NULL or unset means success. After an abandon it does nothing. */
void op_wake(Op *op, const Error *err);
/* As op_wake(), in the shape of StoreDoneFn and of other leaves' callbacks. */
void op_wake_cb(void *op, const Error *err);

/* For the run() of the step that commits: takes the transaction over. Returns OP_WAIT. */
int op_commit(Op *op, StoreTx *tx, Error *err);

const OpStep *op_current_step(const Op *op);
const char *op_phase_text(OpPhase phase);
