#include "store-fixture.h"

#include "store/table-operation.h"

typedef struct Expect {
        const OperationRow *rows;
        unsigned n;
} Expect;

static int compare(void *data, const OperationRow *row, Error *err _unused_)
{
        Expect *e = data;
        const OperationRow *want = &e->rows[e->n++];

        assert_true(uuid_equal(&row->uuid, &want->uuid));
        assert_string_equal(row->driver, want->driver);
        assert_string_equal(row->name, want->name);
        assert_string_equal(row->type, want->type);
        assert_string_equal(row->args, want->args);
        assert_string_equal(row->step, want->step);
        assert_true(row->committed == want->committed);
        assert_true(row->started == want->started);
        assert_true(row->id == want->id);
        return 0;
}

static void expect(Fixture *f, const OperationRow *rows, unsigned n)
{
        Expect e = {rows, 0};

        assert_int_equal(operation_row_load(f->store, compare, &e, NULL), 0);
        assert_int_equal(e.n, n);
}

static void put(Fixture *f, const OperationRow *row)
{
        StoreTx *tx = store_tx_new(f->store);
        Ends ends = {};

        operation_row_put(tx, row);
        store_commit(tx, STORE_ORDERED, on_end, end_new(&ends, 0));
        wait_ends(f, &ends, 1);
        assert_int_equal(ends.codes[0], ERROR_OK);
}

static void rows_come_back_as_they_were_put_and_replaced(void **state)
{
        Fixture *f = *state;
        OperationRow rows[] = {
                {1, uuid_of(9), "qemu", "a", "managed save", "{}", "open image", false, 1},
                {20, uuid_of(1), "test", "b", "start", "{\"p\": 0}", "", true, UINT64_MAX},
                {INT64_MAX, uuid_of(1), "qemu", "c", "start", "{}", "boot", false, 0},
        };

        for (unsigned i = ELEMENTSOF(rows); i-- > 0;)
                put(f, &rows[i]);
        expect(f, rows, ELEMENTSOF(rows));
        rows[0] =
                (OperationRow){1, uuid_of(9), "qemu", "a", "managed save", "{1}", "quit", true, 2};
        put(f, &rows[0]);
        expect(f, rows, ELEMENTSOF(rows));
        store_reopen(f);
        expect(f, rows, ELEMENTSOF(rows));

        StoreTx *tx = store_tx_new(f->store);
        operation_row_delete(tx, rows[0].id);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        expect(f, rows + 1, ELEMENTSOF(rows) - 1);
}

static int stop(void *data, const OperationRow *row _unused_, Error *err)
{
        ++*(unsigned *) data;
        return error_set(err, ERROR_BUSY, "stop");
}

static void a_load_stops_at_the_first_error(void **state)
{
        Fixture *f = *state;
        OperationRow rows[] = {
                {1, uuid_of(9), "qemu", "a", "managed save", "{}", "open image", false, 1},
                {20, uuid_of(1), "test", "b", "start", "{\"p\": 0}", "", true, UINT64_MAX},
                {INT64_MAX, uuid_of(1), "qemu", "c", "start", "{}", "boot", false, 0},
        };
        Error err = {};
        unsigned n = 0;

        put(f, &rows[0]);
        put(f, &rows[1]);
        assert_error(operation_row_load(f->store, stop, &n, &err), BUSY);
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
