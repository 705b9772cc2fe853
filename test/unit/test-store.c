/* The store as its users see it: order, callbacks, closing, and the end of the process. */
#include "store-fixture.h"

#include <signal.h>
#include <sys/wait.h>

static void ends_come_in_the_order_of_submission(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        for (unsigned i = 0; i < 50; i++) {
                _cleanup_(free_ptr) char *name = xasprintf("d%u", i);
                StoreTx *tx = i % 7 == 3 ? store_tx_new(f->store) : tx_domain(f, i, name, "{}");

                store_commit(tx, i % 5 ? STORE_ORDERED : STORE_DURABLE, on_end, end_new(&ends, i));
                assert_int_equal(ends.n, 0);
        }
        wait_ends(f, &ends, 50);
        for (unsigned i = 0; i < 50; i++) {
                assert_int_equal(ends.tags[i], i);
                assert_int_equal(ends.codes[i], ERROR_OK);
        }
        assert_int_equal(count_domains(f), 43);
}

typedef struct Chain {
        Fixture *f;
        unsigned left;
} Chain;

static void submit_next(void *data, const Error *err)
{
        Chain *chain = data;

        assert_false(error_is_set(err));
        if (chain->left-- == 0) {
                loop_stop(chain->f->loop);
                return;
        }
        _cleanup_(free_ptr) char *name = xasprintf("d%u", chain->left);
        store_commit(tx_domain(chain->f, chain->left, name, "{}"), STORE_ORDERED, submit_next,
                     chain);
}

static void an_end_may_submit_the_next(void **state)
{
        Chain chain = {*state, 20};

        store_commit(store_tx_new(chain.f->store), STORE_ORDERED, submit_next, &chain);
        loop_run(chain.f->loop);
        assert_int_equal(count_domains(chain.f), 20);
}

static void closing_commits_what_was_submitted(void **state)
{
        Fixture *f = *state;
        Ends ends = {};
        End *unused[30];

        for (unsigned i = 0; i < 30; i++) {
                _cleanup_(free_ptr) char *name = xasprintf("d%u", i);

                unused[i] = end_new(&ends, i);
                store_commit(tx_domain(f, i, name, "{}"), STORE_ORDERED, on_end, unused[i]);
        }
        store_reopen(f);
        loop_turn(f->loop, false);
        assert_int_equal(ends.n, 0);
        assert_int_equal(count_domains(f), 30);
        for (unsigned i = 0; i < 30; i++)
                free(unused[i]);
}

static void a_load_sees_what_was_just_submitted(void **state)
{
        Fixture *f = *state;

        for (unsigned i = 0; i < 20; i++) {
                _cleanup_(free_ptr) char *name = xasprintf("d%u", i);

                store_commit(tx_domain(f, i, name, "{}"), STORE_ORDERED, NULL, NULL);
                assert_int_equal(count_domains(f), i + 1);
        }
}

static void values_are_copied_when_they_are_added(void **state)
{
        Fixture *f = *state;
        char name[] = "before";
        StoreTx *tx = tx_domain(f, 1, name, "{}");

        memcpy(name, "after!", sizeof(name));
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        tx = tx_domain(f, 2, "before", "{}");
        Ends ends = {};
        store_commit(tx, STORE_ORDERED, on_end, end_new(&ends, 2));
        wait_ends(f, &ends, 1);
        /* The name was taken, so the first transaction wrote "before". */
        assert_int_equal(ends.codes[0], ERROR_INTERNAL);
}

static void an_unsubmitted_transaction_leaves_nothing(void **state)
{
        Fixture *f = *state;

        store_tx_free(tx_domain(f, 1, "a", "{}"));
        assert_int_equal(count_domains(f), 0);
}

/* The process is killed in the middle */

enum {
        IN_FLIGHT = 16,
};

typedef struct Victim {
        Fixture *f;
        uint32_t next;
        int told; /* the number of each acknowledged transaction, for the parent */
} Victim;

typedef struct Pair {
        Victim *victim;
        uint32_t n;
} Pair;

static void submit_pair(Victim *v);

static void pair_ended(void *data, const Error *err)
{
        Pair *pair = data;

        if (error_is_set(err) || write(pair->victim->told, &pair->n, sizeof(pair->n)) < 0)
                _exit(1);
        submit_pair(pair->victim);
        free(pair);
}

/* Two tables in one transaction, and a durable one from time to time. */
static void submit_pair(Victim *v)
{
        Pair *pair = xnew0(Pair, 1);
        StoreTx *tx = store_tx_new(v->f->store);

        *pair = (Pair){v, ++v->next};
        image_row_put(tx, &(ImageRow){.uuid = uuid_of(pair->n), .path = "/p", .size = pair->n});
        operation_row_put(tx, &(OperationRow){.id = pair->n,
                                              .uuid = uuid_of(pair->n),
                                              .driver = "test",
                                              .name = "vm",
                                              .type = "t",
                                              .args = "{}",
                                              .step = "s"});
        store_commit(tx, pair->n % 10 == 0 ? STORE_DURABLE : STORE_ORDERED, pair_ended, pair);
}

static void be_the_victim(Fixture *f, int told)
{
        Victim v = {.f = f, .told = told};

        store_reopen(f);
        for (unsigned i = 0; i < IN_FLIGHT; i++)
                submit_pair(&v);
        loop_run(f->loop);
        _exit(1);
}

typedef struct Found {
        uint32_t operations, images;
} Found;

static int find_operation(void *data, const OperationRow *row, Error *err _unused_)
{
        Found *found = data;

        assert_int_equal(row->id, ++found->operations);
        return 0;
}

static int find_image(void *data, const ImageRow *row, Error *err _unused_)
{
        Found *found = data;
        Uuid uuid = uuid_of((uint32_t) row->size);

        found->images++;
        assert_true(uuid_equal(&row->uuid, &uuid));
        return 0;
}

/* A store with a thread does not go through a fork: the fixture of the child is its own. */
static void kill_after(unsigned acknowledged)
{
        void *state;
        Found found = {};
        uint32_t n = 0, last = 0;
        int told[2];

        fixture_begin(&state);
        Fixture *f = state;
        assert_int_equal(pipe(told), 0);
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                f->loop = NULL;
                if (loop_new(&f->loop, NULL) < 0)
                        _exit(1);
                be_the_victim(f, told[1]);
        }
        close(told[1]);
        while (last < acknowledged && read(told[0], &n, sizeof(n)) == sizeof(n))
                last = n;
        assert_int_equal(kill(pid, SIGKILL), 0);
        while (read(told[0], &n, sizeof(n)) == sizeof(n)) {
                assert_int_equal(n, last + 1);
                last = n;
        }
        close(told[0]);
        assert_int_equal(waitpid(pid, NULL, 0), pid);

        store_reopen(f);
        assert_int_equal(operation_row_load(f->store, find_operation, &found, NULL), 0);
        assert_int_equal(image_row_load(f->store, find_image, &found, NULL), 0);
        assert_int_equal(found.images, found.operations);
        assert_true(found.operations >= last && last >= acknowledged);
        assert_true(found.operations <= last + IN_FLIGHT);
        fixture_end(&state);
}

static void a_kill_leaves_a_prefix_with_all_that_was_acknowledged(void **state _unused_)
{
        for (unsigned n = 1; n <= 729; n *= 3)
                kill_after(n);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin_open, fixture_end)
                TEST(ends_come_in_the_order_of_submission),
                TEST(an_end_may_submit_the_next),
                TEST(closing_commits_what_was_submitted),
                TEST(a_load_sees_what_was_just_submitted),
                TEST(values_are_copied_when_they_are_added),
                TEST(an_unsubmitted_transaction_leaves_nothing),
#undef TEST
                cmocka_unit_test(a_kill_leaves_a_prefix_with_all_that_was_acknowledged),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
