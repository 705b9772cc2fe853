#include "store-fixture.h"

#include "store/table-domain.h"

/* Loads compare row by row with what is expected, in order. */
typedef struct Expect {
        const DomainRow *rows;
        unsigned n;
} Expect;

static int compare(void *data, const DomainRow *row, Error *err _unused_)
{
        Expect *e = data;
        const DomainRow *want = &e->rows[e->n++];

        assert_true(uuid_equal(&row->uuid, &want->uuid));
        assert_string_equal(row->driver, want->driver);
        assert_string_equal(row->name, want->name);
        assert_string_equal(row->config, want->config);
        assert_int_equal(row->autostart, want->autostart);
        return 0;
}

static void expect(Fixture *f, const DomainRow *rows, unsigned n)
{
        Expect e = {rows, 0};

        assert_int_equal(domain_row_load(f->store, compare, &e, NULL), 0);
        assert_int_equal(e.n, n);
}

/* The code that the transaction ended with. */
static int put(Fixture *f, const DomainRow *row, Ends *ends)
{
        StoreTx *tx = store_tx_new(f->store);
        unsigned n = ends->n;

        domain_row_put(tx, row);
        store_commit(tx, STORE_ORDERED, on_end, end_new(ends, 0));
        wait_ends(f, ends, n + 1);
        return ends->codes[n];
}

static void rows_come_back_as_they_were_put(void **state)
{
        Fixture *f = *state;
        DomainRow rows[] = {
                {uuid_new(), "qemu", "b", "{\"a\": \"\xc3\xa9\"}", true},
                {uuid_new(), "test", "b", "", false},
                {uuid_new(), "qemu", "a'); DROP TABLE domain; --", "{}", false},
        };
        Ends ends = {};

        for (unsigned i = 0; i < 3; i++)
                assert_int_equal(put(f, &rows[i], &ends), ERROR_OK);
        expect(f, rows, 3);
        store_reopen(f);
        expect(f, rows, 3);
}

static void a_put_replaces(void **state)
{
        Fixture *f = *state;
        DomainRow rows[] = {{uuid_of(1), "qemu", "a", "{}", true},
                            {uuid_of(2), "qemu", "b", "", true}};
        Ends ends = {};

        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        assert_int_equal(put(f, &rows[1], &ends), ERROR_OK);
        rows[0].name = "c";
        rows[0].config = "{\"new\": 1}";
        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        expect(f, rows, 2);
}

/* Two writers, neither of whom knows what the other has just written. */
static void autostart_and_configuration_change_apart(void **state)
{
        Fixture *f = *state;
        DomainRow rows[] = {{uuid_of(1), "qemu", "a", "{}", false},
                            {uuid_of(2), "qemu", "b", "", false}};
        Ends ends = {};

        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        assert_int_equal(put(f, &rows[1], &ends), ERROR_OK);
        StoreTx *tx = store_tx_new(f->store);
        domain_row_set_autostart(tx, &rows[0].uuid, true);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        rows[0].config = "{\"new\": 1}";
        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        rows[0].autostart = true;
        expect(f, rows, 2);
}

static void a_delete_takes_one_row(void **state)
{
        Fixture *f = *state;
        DomainRow rows[] = {{uuid_of(1), "qemu", "a", "{}", true},
                            {uuid_of(2), "qemu", "b", "", true}};
        Ends ends = {};

        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        assert_int_equal(put(f, &rows[1], &ends), ERROR_OK);
        StoreTx *tx = store_tx_new(f->store);
        domain_row_delete(tx, &rows[0].uuid);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        expect(f, &rows[1], 1);
}

static void a_name_belongs_to_one_domain_of_a_driver(void **state)
{
        Fixture *f = *state;
        DomainRow first = {uuid_of(1), "qemu", "a", "{}", false};
        DomainRow second = {uuid_of(2), "qemu", "a", "{}", false};
        DomainRow other = {uuid_of(3), "test", "a", "{}", false};
        Ends ends = {};

        assert_int_equal(put(f, &first, &ends), ERROR_OK);
        assert_int_equal(put(f, &second, &ends), ERROR_INTERNAL);
        expect(f, &first, 1);
        assert_int_equal(put(f, &other, &ends), ERROR_OK);
}

static void a_uuid_belongs_to_one_driver(void **state)
{
        Fixture *f = *state;
        DomainRow row = {uuid_of(1), "qemu", "a", "{}", false};
        DomainRow stolen = {uuid_of(1), "test", "b", "{}", false};
        Ends ends = {};

        assert_int_equal(put(f, &row, &ends), ERROR_OK);
        assert_int_equal(put(f, &stolen, &ends), ERROR_INTERNAL);
        assert_non_null(strstr(ends.texts[1], "belongs to a domain of another driver"));
        expect(f, &row, 1);
}

static int stop(void *data, const DomainRow *row, Error *err)
{
        ++*(unsigned *) data;
        return error_set(err, ERROR_BUSY, "stop at %s", row->name);
}

static void a_load_stops_at_the_first_error(void **state)
{
        Fixture *f = *state;
        DomainRow rows[] = {{uuid_of(1), "qemu", "a", "{}", true},
                            {uuid_of(2), "qemu", "b", "", true}};
        Error err = {};
        Ends ends = {};
        unsigned n = 0;

        assert_int_equal(put(f, &rows[0], &ends), ERROR_OK);
        assert_int_equal(put(f, &rows[1], &ends), ERROR_OK);
        assert_error(domain_row_load(f->store, stop, &n, &err), BUSY);
        assert_int_equal(n, 1);
        expect(f, rows, 2);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin_open, fixture_end)
                TEST(rows_come_back_as_they_were_put),          TEST(a_put_replaces),
                TEST(autostart_and_configuration_change_apart), TEST(a_delete_takes_one_row),
                TEST(a_name_belongs_to_one_domain_of_a_driver), TEST(a_uuid_belongs_to_one_driver),
                TEST(a_load_stops_at_the_first_error),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
