/* The operation runner: tables whose steps do what the test tells them, over a real store. */
#include "unit.h"

#include "base/str.h"
#include "base/vec.h"
#include "op/op.h"
#include "store-fixture.h"

/* What a step does when it runs; one letter a call in the script of a step:
 *   n NEXT   w WAIT   a AGAIN   f fail   W WAIT that ends in an error   c commit */
typedef struct Script {
        const char *run[4], *undo[4];
} Script;

typedef struct World {
        Fixture *f;
        OpRunner *runner;
        Script script;
        size_t runs[4], undos[4];
        Str trace;
        Op *waiting;        /* a leaf is to wake it */
        bool waiting_fails; /* with an error */
        bool needs_met;
        bool ended;
        OpPhase phase;
        Error error;
        Op *op;
} World;

static World *w;

static void waits(Op *op, bool fails)
{
        w->waiting = op;
        w->waiting_fails = fails;
}

static int act(Op *op, char what, Error *err)
{
        switch (what) {
        case 'w':
        case 'W':
                waits(op, what == 'W');
                op->waits_for = "the test";
                return OP_WAIT;
        case 'a':
                waits(op, false);
                return OP_AGAIN;
        case 'f':
                return error_set(err, ERROR_OPERATION_FAILED, "step %zu failed", op->step);
        case 'c':
                return op_commit(op, store_tx_new(op_store(op)), err);
        default:
                return OP_NEXT;
        }
}

static char next_of(const char *script, size_t *n)
{
        size_t len = script ? strlen(script) : 0;

        return len == 0 ? 'n' : script[*n < len ? (*n)++ : len - 1];
}

static int run(Op *op, Error *err)
{
        str_addf(&w->trace, "r%zu ", op->step);
        return act(op, next_of(w->script.run[op->step], &w->runs[op->step]), err);
}

static int undo(Op *op, Error *err)
{
        str_addf(&w->trace, "u%zu ", op->step);
        return act(op, next_of(w->script.undo[op->step], &w->undos[op->step]), err);
}

static int cancel(Op *op, Error *err)
{
        (void) err;
        str_addf(&w->trace, "c%zu ", op->step);
        w->waiting_fails = true;
        return OP_NEXT;
}

enum {
        NEEDS_IT = 1,
};

static const OpStep four[] = {
        {.name = "zero", .run = run, .undo = undo, .cancel = cancel},
        {.name = "one", .run = run, .undo = undo, .cancel = cancel, .needs = NEEDS_IT},
        {.name = "two", .run = run, .undo = undo, .cancel = cancel, .flags = OP_DURABLE},
        {.name = "three", .run = run, .undo = undo, .cancel = cancel},
        {},
};

static const OpStep commits_at_one[] = {
        {.name = "zero", .run = run, .undo = undo},
        {.name = "one", .run = run, .flags = OP_COMMITS},
        {.name = "two", .run = run, .undo = undo, .needs = NEEDS_IT},
        {.name = "three", .run = run, .undo = undo},
        {},
};

static const OpType plain = {.name = "plain", .steps = four};
static const OpType unjournalled = {
        .name = "unjournalled", .steps = four, .flags = OP_UNJOURNALLED};
static const OpType committing = {.name = "committing", .steps = commits_at_one};

static int check(void *data, Op *op, unsigned needs, Error *err)
{
        (void) data;
        (void) op;
        assert_int_equal(needs, NEEDS_IT);
        return w->needs_met ? 0 : error_set(err, ERROR_OPERATION_INVALID, "it is gone");
}

static void describe(void *data, Op *op, OperationRow *row)
{
        (void) data;
        (void) op;
        row->driver = "test";
        row->name = "vm";
        row->uuid = (Uuid){.bytes = {1}};
}

static void observe(void *data, Op *op, OpEvent event, const Error *err)
{
        (void) data;
        (void) op;
        if (event == OP_EVENT_UNDO_FAILED)
                str_add(&w->trace, "uf ");
        if (event == OP_EVENT_RETRY)
                str_add(&w->trace, "retry ");
        if (event == OP_EVENT_UNDO_FAILED || event == OP_EVENT_RETRY)
                assert_true(error_is_set(err));
}

static void done(void *data, Op *op)
{
        (void) data;
        assert_false(w->ended);
        w->ended = true;
        w->phase = op->phase;
        if (error_is_set(&op->error))
                error_copy(&w->error, &op->error);
        w->op = NULL;
}

static int set_up(void **state)
{
        OpHooks hooks = {.check = check, .describe = describe, .observe = observe};

        if (fixture_begin(state) != 0)
                return -1;
        w = xnew0(World, 1);
        w->f = *state;
        w->needs_met = true;
        store_reopen(w->f);
        loop_use_fake_clock(w->f->loop);
        w->runner = op_runner_new(w->f->loop, w->f->store, &hooks);
        return 0;
}

static int tear_down(void **state)
{
        op_runner_abandon(w->runner);
        op_runner_free(w->runner);
        str_done(&w->trace);
        error_done(&w->error);
        free(w);
        return fixture_end(state);
}

/* Lets the loop turn until the operation has ended, or waits for the test. */
static void turn(void)
{
        while (!w->ended && !w->waiting) {
                loop_advance(w->f->loop, 0);
                loop_turn(w->f->loop, false);
        }
}

static void wake(void)
{
        Op *op = TAKE_PTR(w->waiting);
        Error err = {};

        if (w->waiting_fails)
                error_set(&err, ERROR_OPERATION_FAILED, "the wait at %zu failed", op->step);
        op_wake(op, &err);
        error_done(&err);
}

static Op *begin(const OpType *type)
{
        w->op = op_new(w->runner, type, NULL);
        w->op->done = done;
        op_start(w->op);
        assert_null(w->trace.text); /* nothing runs from inside */
        return w->op;
}

static void run_to_end(void)
{
        for (turn(); !w->ended; turn())
                wake();
}

static int count_operation(void *data, const OperationRow *row, Error *err)
{
        (void) err;
        (void) row;
        (*(int *) data)++;
        return 0;
}

static int journal_rows(void)
{
        Error err = {};
        int n = 0;

        /* A write of our own goes behind all others. */
        w->waiting = NULL;
        assert_ok(operation_row_load(w->f->store, count_operation, &n, &err));
        return n;
}

static void expect(OpPhase phase, const char *trace)
{
        assert_true(w->ended);
        assert_string_equal(op_phase_text(w->phase), op_phase_text(phase));
        assert_string_equal(w->trace.text, trace);
}

/* --- tests --- */

static void test_steps_run_in_order(void **state)
{
        (void) state;
        begin(&plain);
        run_to_end();
        expect(OP_DONE, "r0 r1 r2 r3 ");
        assert_int_equal(journal_rows(), 0);
}

static void test_unjournalled_never_writes(void **state)
{
        (void) state;
        w->script.run[2] = "w";
        begin(&unjournalled);
        turn();
        assert_int_equal(journal_rows(), 0);
        w->waiting = w->op;
        run_to_end();
        expect(OP_DONE, "r0 r1 r2 r3 ");
}

static void test_wait_and_again(void **state)
{
        (void) state;
        w->script.run[0] = "w";
        w->script.run[1] = "aaan";
        begin(&plain);
        run_to_end();
        expect(OP_DONE, "r0 r1 r1 r1 r1 r2 r3 ");
}

static void test_a_failure_undoes_the_completed_steps_in_reverse(void **state)
{
        (void) state;
        w->script.run[2] = "f";
        w->script.undo[0] = "w";
        begin(&plain);
        run_to_end();
        expect(OP_FAILED, "r0 r1 r2 u1 u0 ");
        assert_string_equal(error_text(&w->error), "step 2 failed");
        assert_int_equal(journal_rows(), 0);
}

static void test_a_wait_that_fails_is_the_step_failing(void **state)
{
        (void) state;
        w->script.run[1] = "W";
        begin(&plain);
        run_to_end();
        expect(OP_FAILED, "r0 r1 u0 ");
        assert_string_equal(error_text(&w->error), "the wait at 1 failed");
}

static void test_undos_go_on_behind_one_that_fails(void **state)
{
        (void) state;
        w->script.run[3] = "f";
        w->script.undo[2] = "f";
        w->script.undo[1] = "aan";
        w->script.undo[0] = "W";
        begin(&plain);
        run_to_end();
        expect(OP_FAILED, "r0 r1 r2 r3 u2 uf u1 u1 u1 u0 uf ");
        assert_string_equal(error_text(&w->error), "step 3 failed");
}

static void test_cancel_tells_the_leaf_and_undoes(void **state)
{
        Error err = {};

        (void) state;
        w->script.run[1] = "w";
        begin(&plain);
        turn();
        assert_ok(op_cancel(w->op, NULL, &err));
        assert_ok(op_cancel(w->op, NULL, &err)); /* asking again is fine, and is not told twice */
        run_to_end();
        expect(OP_FAILED, "r0 r1 c1 u0 ");
        assert_int_equal(w->error.code, ERROR_ABORTED);
        assert_string_equal(error_text(&w->error), "plain was cancelled in step 'one'");
}

static void test_cancel_of_a_leaf_that_ends_well_undoes_its_step_too(void **state)
{
        Error err = {};

        (void) state;
        w->script.run[1] = "w";
        begin(&plain);
        turn();
        assert_ok(op_cancel(w->op, NULL, &err));
        w->waiting_fails = false;
        run_to_end();
        expect(OP_FAILED, "r0 r1 c1 u1 u0 ");
}

static void test_cancel_before_the_first_step(void **state)
{
        Error err = {}, why = {};

        (void) state;
        begin(&plain);
        error_set(&why, ERROR_TIMEOUT, "because");
        assert_ok(op_cancel(w->op, &why, &err));
        error_done(&why);
        run_to_end();
        assert_int_equal(w->phase, OP_FAILED);
        assert_null(w->trace.text);
        assert_string_equal(error_text(&w->error), "because");
}

static void test_behind_the_commit_there_is_no_cancel(void **state)
{
        Error err = {};

        (void) state;
        w->script.run[1] = "c";
        w->script.run[2] = "w";
        begin(&committing);
        turn();
        assert_true(w->op->committed);
        assert_error(op_cancel(w->op, NULL, &err), OPERATION_INVALID);
        run_to_end();
        expect(OP_DONE, "r0 r1 r2 r3 ");
        assert_int_equal(journal_rows(), 0);
}

static void test_behind_the_commit_a_step_is_tried_again(void **state)
{
        (void) state;
        w->script.run[1] = "c";
        w->script.run[2] = "fWn";
        begin(&committing);
        while (!w->ended) {
                loop_advance(w->f->loop, 100);
                loop_turn(w->f->loop, false);
                if (w->waiting)
                        wake();
        }
        expect(OP_DONE, "r0 r1 r2 retry r2 retry r2 r3 ");
}

static void test_degraded_when_it_keeps_failing_and_the_journal_stays(void **state)
{
        (void) state;
        w->script.run[1] = "c";
        w->script.run[2] = "f";
        begin(&committing);
        while (!w->ended) {
                loop_advance(w->f->loop, 100);
                loop_turn(w->f->loop, false);
        }
        expect(OP_DEGRADED, "r0 r1 r2 retry r2 retry r2 retry r2 ");
        assert_string_equal(error_text(&w->error), "step 2 failed");
        assert_int_equal(journal_rows(), 1);
}

static void test_unmet_needs_fail_before_the_commit(void **state)
{
        (void) state;
        w->needs_met = false;
        begin(&plain);
        run_to_end();
        expect(OP_FAILED, "r0 u0 ");
        assert_string_equal(error_text(&w->error), "it is gone");
}

static void test_unmet_needs_are_passed_over_behind_the_commit(void **state)
{
        (void) state;
        w->script.run[1] = "c";
        w->needs_met = false;
        begin(&committing);
        run_to_end();
        expect(OP_DONE, "r0 r1 r3 ");
}

static void test_the_deadline_names_step_and_wait(void **state)
{
        (void) state;
        w->script.run[2] = "w";
        w->op = op_new(w->runner, &plain, NULL);
        w->op->done = done;
        w->op->deadline_ms = 5000;
        op_start(w->op);
        turn();
        loop_advance(w->f->loop, 5000);
        run_to_end();
        expect(OP_FAILED, "r0 r1 r2 c2 u1 u0 ");
        assert_int_equal(w->error.code, ERROR_TIMEOUT);
        assert_string_equal(error_text(&w->error),
                            "plain did not end within 5 s, in step 'two', waiting for the test");
}

static void test_recovery_undoes_from_the_journalled_step(void **state)
{
        Error err = {};

        (void) state;
        w->op = op_new(w->runner, &plain, NULL);
        w->op->done = done;
        assert_ok(op_start_recovered(w->op, 7, "two", false, &err));
        run_to_end();
        expect(OP_FAILED, "u2 u1 u0 ");
        assert_int_equal(w->error.code, ERROR_ABORTED);
}

static void test_recovery_goes_forward_behind_the_commit(void **state)
{
        Error err = {};

        (void) state;
        w->op = op_new(w->runner, &committing, NULL);
        w->op->done = done;
        assert_ok(op_start_recovered(w->op, 7, "one", true, &err));
        run_to_end();
        expect(OP_DONE, "r2 r3 ");
}

static void test_recovery_refuses_an_unknown_step(void **state)
{
        Error err = {};
        Op *op;

        (void) state;
        op = op_new(w->runner, &plain, NULL);
        assert_error(op_start_recovered(op, 7, "nine", false, &err), INTERNAL);
        op_free(op);
}

static void test_an_abandoned_operation_hears_no_wake(void **state)
{
        (void) state;
        w->script.run[1] = "w";
        begin(&plain);
        turn();
        op_runner_abandon(w->runner);
        op_wake(w->waiting, NULL);
        loop_advance(w->f->loop, 1000);
        loop_turn(w->f->loop, false);
        assert_false(w->ended);
        assert_string_equal(w->trace.text, "r0 r1 ");
        assert_int_equal(journal_rows(), 1);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)
        const struct CMUnitTest tests[] = {
                T(steps_run_in_order),
                T(unjournalled_never_writes),
                T(wait_and_again),
                T(a_failure_undoes_the_completed_steps_in_reverse),
                T(a_wait_that_fails_is_the_step_failing),
                T(undos_go_on_behind_one_that_fails),
                T(cancel_tells_the_leaf_and_undoes),
                T(cancel_of_a_leaf_that_ends_well_undoes_its_step_too),
                T(cancel_before_the_first_step),
                T(behind_the_commit_there_is_no_cancel),
                T(behind_the_commit_a_step_is_tried_again),
                T(degraded_when_it_keeps_failing_and_the_journal_stays),
                T(unmet_needs_fail_before_the_commit),
                T(unmet_needs_are_passed_over_behind_the_commit),
                T(the_deadline_names_step_and_wait),
                T(recovery_undoes_from_the_journalled_step),
                T(recovery_goes_forward_behind_the_commit),
                T(recovery_refuses_an_unknown_step),
                T(an_abandoned_operation_hears_no_wake),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
