#include "store-fixture.h"

#include "store/table-image.h"

typedef struct Expect {
        const ImageRow *rows;
        unsigned n;
} Expect;

static int compare(void *data, const ImageRow *row, Error *err _unused_)
{
        Expect *e = data;
        const ImageRow *want = &e->rows[e->n++];

        assert_true(uuid_equal(&row->uuid, &want->uuid));
        assert_string_equal(row->path, want->path);
        assert_true(row->size == want->size);
        assert_true(row->created == want->created);
        assert_true(row->paused == want->paused);
        return 0;
}

static void expect(Fixture *f, const ImageRow *rows, unsigned n)
{
        Expect e = {rows, 0};

        assert_int_equal(image_row_load(f->store, compare, &e, NULL), 0);
        assert_int_equal(e.n, n);
}

static void put(Fixture *f, const ImageRow *row)
{
        StoreTx *tx = store_tx_new(f->store);
        Ends ends = {};

        image_row_put(tx, row);
        store_commit(tx, STORE_ORDERED, on_end, end_new(&ends, 0));
        wait_ends(f, &ends, 1);
        assert_int_equal(ends.codes[0], ERROR_OK);
}

static void rows_come_back_as_they_were_put_and_replaced(void **state)
{
        Fixture *f = *state;
        ImageRow rows[] = {
                {uuid_of(1), "/lib/save/a.save", UINT64_MAX, 1, true},
                {uuid_of(2), "/lib/save/b.save", 0, UINT64_MAX, false},
                {uuid_of(3), "/lib/save/c.save", 4096, 1700000000000, false},
        };

        for (unsigned i = ELEMENTSOF(rows); i-- > 0;)
                put(f, &rows[i]);
        expect(f, rows, ELEMENTSOF(rows));
        rows[0] = (ImageRow){uuid_of(1), "/elsewhere", 5, 6, false};
        put(f, &rows[0]);
        expect(f, rows, ELEMENTSOF(rows));
        store_reopen(f);
        expect(f, rows, ELEMENTSOF(rows));

        StoreTx *tx = store_tx_new(f->store);
        image_row_delete(tx, &rows[0].uuid);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        expect(f, rows + 1, ELEMENTSOF(rows) - 1);
}

static int stop(void *data, const ImageRow *row _unused_, Error *err)
{
        ++*(unsigned *) data;
        return error_set(err, ERROR_BUSY, "stop");
}

static void a_load_stops_at_the_first_error(void **state)
{
        Fixture *f = *state;
        ImageRow rows[] = {
                {uuid_of(1), "/lib/save/a.save", UINT64_MAX, 1, true},
                {uuid_of(2), "/lib/save/b.save", 0, UINT64_MAX, false},
                {uuid_of(3), "/lib/save/c.save", 4096, 1700000000000, false},
        };
        Error err = {};
        unsigned n = 0;

        put(f, &rows[0]);
        put(f, &rows[1]);
        assert_error(image_row_load(f->store, stop, &n, &err), BUSY);
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
