#include "store-fixture.h"

#include "store/table-runtime.h"

typedef struct Expect {
        const RuntimeRow *rows;
        unsigned n;
} Expect;

static int compare(void *data, const RuntimeRow *row, Error *err _unused_)
{
        Expect *e = data;
        const RuntimeRow *want = &e->rows[e->n++];

        assert_true(uuid_equal(&row->uuid, &want->uuid));
        assert_string_equal(row->driver, want->driver);
        assert_string_equal(row->name, want->name);
        assert_true(row->id == want->id);
        assert_true(row->pid == want->pid);
        assert_true(row->start_time == want->start_time);
        assert_string_equal(row->boot_id, want->boot_id);
        assert_string_equal(row->config, want->config);
        assert_true(str_eq(row->state, want->state));
        return 0;
}

static void expect(Fixture *f, const RuntimeRow *rows, unsigned n)
{
        Expect e = {rows, 0};

        assert_int_equal(runtime_row_load(f->store, compare, &e, NULL), 0);
        assert_int_equal(e.n, n);
}

static void put(Fixture *f, const RuntimeRow *row)
{
        StoreTx *tx = store_tx_new(f->store);
        Ends ends = {};

        runtime_row_put(tx, row);
        store_commit(tx, STORE_ORDERED, on_end, end_new(&ends, 0));
        wait_ends(f, &ends, 1);
        assert_int_equal(ends.codes[0], ERROR_OK);
}

static void rows_come_back_as_they_were_put_and_replaced(void **state)
{
        Fixture *f = *state;
        RuntimeRow rows[] = {
                {uuid_of(7), "qemu", "a", 1, 4711, UINT64_MAX, "boot-1", "{}", NULL},
                {uuid_of(3), "test", "b", 2, 0, 0, "", "{\"x\": 1}", "{}"},
                {uuid_of(5), "qemu", "c", INT64_MAX, INT64_MAX, 1, "boot-2", "{}", ""},
        };

        for (unsigned i = ELEMENTSOF(rows); i-- > 0;)
                put(f, &rows[i]);
        expect(f, rows, ELEMENTSOF(rows));
        rows[0] = (RuntimeRow){uuid_of(7), "qemu", "z", 1, 1, 1, "boot-3", "", "{}"};
        put(f, &rows[0]);
        StoreTx *state_tx = store_tx_new(f->store);
        runtime_row_set_state(state_tx, &rows[0].uuid, "{\"held\": []}");
        store_commit(state_tx, STORE_ORDERED, NULL, NULL);
        rows[0].state = "{\"held\": []}";
        expect(f, rows, ELEMENTSOF(rows));
        store_reopen(f);
        expect(f, rows, ELEMENTSOF(rows));

        StoreTx *tx = store_tx_new(f->store);
        runtime_row_delete(tx, &rows[0].uuid);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        expect(f, rows + 1, ELEMENTSOF(rows) - 1);
}

static int stop(void *data, const RuntimeRow *row _unused_, Error *err)
{
        ++*(unsigned *) data;
        return error_set(err, ERROR_BUSY, "stop");
}

static void a_load_stops_at_the_first_error(void **state)
{
        Fixture *f = *state;
        RuntimeRow rows[] = {
                {uuid_of(7), "qemu", "a", 1, 4711, UINT64_MAX, "boot-1", "{}", NULL},
                {uuid_of(3), "test", "b", 2, 0, 0, "", "{\"x\": 1}", "{}"},
                {uuid_of(5), "qemu", "c", INT64_MAX, INT64_MAX, 1, "boot-2", "{}", ""},
        };
        Error err = {};
        unsigned n = 0;

        put(f, &rows[0]);
        put(f, &rows[1]);
        assert_error(runtime_row_load(f->store, stop, &n, &err), BUSY);
        assert_int_equal(n, 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin_open, fixture_end)
                TEST(rows_come_back_as_they_were_put_and_replaced),
                TEST(a_load_stops_at_the_first_error),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
