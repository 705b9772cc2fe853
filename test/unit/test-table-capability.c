#include "store-fixture.h"

#include "store/table-capability.h"

typedef struct Expect {
        const CapabilityRow *rows;
        unsigned n;
} Expect;

static int compare(void *data, const CapabilityRow *row, Error *err _unused_)
{
        Expect *e = data;
        const CapabilityRow *want = &e->rows[e->n++];

        assert_string_equal(row->path, want->path);
        assert_true(row->inode == want->inode);
        assert_true(row->mtime_ns == want->mtime_ns);
        assert_string_equal(row->facts, want->facts);
        return 0;
}

static void expect(Fixture *f, const CapabilityRow *rows, unsigned n)
{
        Expect e = {rows, 0};

        assert_int_equal(capability_row_load(f->store, compare, &e, NULL), 0);
        assert_int_equal(e.n, n);
}

static void put(Fixture *f, const CapabilityRow *row)
{
        StoreTx *tx = store_tx_new(f->store);
        Ends ends = {};

        capability_row_put(tx, row);
        store_commit(tx, STORE_ORDERED, on_end, end_new(&ends, 0));
        wait_ends(f, &ends, 1);
        assert_int_equal(ends.codes[0], ERROR_OK);
}

static void rows_come_back_as_they_were_put_and_replaced(void **state)
{
        Fixture *f = *state;
        CapabilityRow rows[] = {
                {"/usr/bin/a", UINT64_MAX, INT64_MIN, "{}"},
                {"/usr/bin/b", 0, INT64_MAX, "{\"machines\": []}"},
        };

        for (unsigned i = ELEMENTSOF(rows); i-- > 0;)
                put(f, &rows[i]);
        expect(f, rows, ELEMENTSOF(rows));
        rows[0] = (CapabilityRow){"/usr/bin/a", 7, 8, "{\"new\": true}"};
        put(f, &rows[0]);
        expect(f, rows, ELEMENTSOF(rows));
        store_reopen(f);
        expect(f, rows, ELEMENTSOF(rows));
}

static int stop(void *data, const CapabilityRow *row _unused_, Error *err)
{
        ++*(unsigned *) data;
        return error_set(err, ERROR_BUSY, "stop");
}

static void a_load_stops_at_the_first_error(void **state)
{
        Fixture *f = *state;
        CapabilityRow rows[] = {
                {"/usr/bin/a", UINT64_MAX, INT64_MIN, "{}"},
                {"/usr/bin/b", 0, INT64_MAX, "{\"machines\": []}"},
        };
        Error err = {};
        unsigned n = 0;

        put(f, &rows[0]);
        put(f, &rows[1]);
        assert_error(capability_row_load(f->store, stop, &n, &err), BUSY);
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
