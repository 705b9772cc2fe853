/* The file: new, old, newer, foreign and damaged. */
#include "store-fixture.h"

#include "base/fd.h"

#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>

static void sql(const char *path, const char *text)
{
        sqlite3 *db;

        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
                fail_msg("%s", sqlite3_errmsg(db));
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void put(const char *path, const void *data, size_t len)
{
        assert_int_equal(file_write_atomic(path, data, len, 0600, NULL), 0);
}

/* Refused with the phrase, and not a byte of it changed. */
static void refused_untouched(Fixture *f, const char *phrase)
{
        _cleanup_(free_ptr) char *before = NULL;
        _cleanup_(free_ptr) char *after = NULL;
        size_t before_len, after_len;

        assert_int_equal(file_read(f->path, 1 << 24, &before, &before_len, NULL), 0);
        store_open_fails(f, phrase);
        assert_int_equal(file_read(f->path, 1 << 24, &after, &after_len, NULL), 0);
        assert_int_equal(after_len, before_len);
        assert_memory_equal(after, before, before_len);
}

static void make_with_rows(Fixture *f, unsigned n)
{
        store_reopen(f);
        for (unsigned i = 0; i < n; i++) {
                _cleanup_(free_ptr) char *name = xasprintf("d%u", i);

                store_commit(tx_domain(f, i, name, "{}"), STORE_ORDERED, NULL, NULL);
        }
        f->store = store_close(f->store);
}

static void a_new_store_is_private_and_empty(void **state)
{
        Fixture *f = *state;
        struct stat st;

        store_reopen(f);
        assert_int_equal(stat(f->path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
        assert_int_equal(count_domains(f), 0);
}

static void rows_are_there_after_reopening(void **state)
{
        Fixture *f = *state;

        make_with_rows(f, 10);
        store_reopen(f);
        assert_int_equal(count_domains(f), 10);
}

static void creation_that_was_cut_short_begins_again(void **state)
{
        Fixture *f = *state;

        put(f->path, "", 0);
        store_reopen(f);
        f->store = store_close(f->store);
        unlink(f->path);
        /* An empty database with its first page, as before the first migration. */
        sql(f->path, "PRAGMA journal_mode=WAL");
        store_reopen(f);
        assert_int_equal(count_domains(f), 0);
}

static void a_newer_version_is_refused(void **state)
{
        Fixture *f = *state;

        make_with_rows(f, 3);
        sql(f->path, "PRAGMA user_version=1000");
        refused_untouched(f, "has version 1000, and this program knows up to");
        sql(f->path, "PRAGMA user_version=-1");
        refused_untouched(f, "has version -1");
}

static void a_foreign_database_is_refused(void **state)
{
        Fixture *f = *state;

        sql(f->path, "CREATE TABLE t (a)");
        refused_untouched(f, "is not a store of ostler");
        sql(f->path, "DROP TABLE t; PRAGMA application_id=7");
        refused_untouched(f, "is not a store of ostler");
}

static void a_file_that_is_no_database_is_refused(void **state)
{
        Fixture *f = *state;
        char text[5000];

        memset(text, 'x', sizeof(text));
        put(f->path, text, sizeof(text));
        refused_untouched(f, "damaged: file is not a database");
        put(f->path, text, 10);
        refused_untouched(f, "damaged: file is not a database");
}

static void a_damaged_page_is_refused(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *whole = NULL;
        size_t len;

        make_with_rows(f, 300);
        assert_int_equal(file_read(f->path, 1 << 24, &whole, &len, NULL), 0);
        assert_true(len >= 10 * 4096);
        /* The head of each page but the first, which begins with the file's own. */
        for (size_t page = 1; page < 5; page++) {
                _cleanup_(free_ptr) char *bad = xmemdup(whole, len);

                memset(bad + page * 4096, 0x55, 64);
                put(f->path, bad, len);
                refused_untouched(f, "is damaged");
        }
        put(f->path, whole, len - 2 * 4096);
        refused_untouched(f, "is damaged");
}

static void a_value_of_the_wrong_kind_is_refused(void **state)
{
        Fixture *f = *state;

        make_with_rows(f, 1);
        sql(f->path, "PRAGMA ignore_check_constraints=ON; UPDATE domain SET uuid = x'00'");
        refused_untouched(f, "is damaged: CHECK constraint failed in domain");
}

static void an_empty_file_with_a_log_is_refused_and_the_log_stays(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *log = xasprintf("%s-wal", f->path);

        put(f->path, "", 0);
        put(log, "precious", 8);
        refused_untouched(f, "it is empty, but its log");
        assert_int_equal(access(log, F_OK), 0);
}

static void a_refused_store_keeps_its_log(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *log = xasprintf("%s-wal", f->path);
        _cleanup_(free_ptr) char *before = NULL;
        _cleanup_(free_ptr) char *after = NULL;
        size_t before_len, after_len;
        sqlite3 *db;

        /* A newer version that is in the log alone, as a kill leaves it. */
        make_with_rows(f, 1);
        assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), 0);
        assert_int_equal(sqlite3_exec(db, "PRAGMA user_version=9", NULL, NULL, NULL), 0);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_int_equal(file_read(log, 1 << 24, &before, &before_len, NULL), 0);

        refused_untouched(f, "has version 9");
        assert_int_equal(file_read(log, 1 << 24, &after, &after_len, NULL), 0);
        assert_int_equal(after_len, before_len);
        assert_memory_equal(after, before, before_len);
}

static void a_store_in_use_is_refused(void **state)
{
        Fixture *f = *state;
        sqlite3 *db;

        store_reopen(f);
        assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "SELECT count(*) FROM domain", NULL, NULL, NULL),
                         SQLITE_BUSY);
        sqlite3_close(db);
        store_open_fails(f, "is in use by another process");
}

static void a_path_that_cannot_be_a_store_is_refused(void **state)
{
        Fixture *f = *state;

        assert_int_equal(mkdir(f->path, 0700), 0);
        store_open_fails(f, "Is a directory");
        rmdir(f->path);
        assert_int_equal(mkfifo(f->path, 0600), 0);
        store_open_fails(f, "is not a regular file");
        unlink(f->path);
        assert_int_equal(symlink("elsewhere", f->path), 0);
        store_open_fails(f, "symbolic links");
        unlink(f->path);
        free(f->path);
        f->path = path_join(f->dir, "no/such/store.db");
        store_open_fails(f, "No such file or directory");
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
                TEST(a_new_store_is_private_and_empty),
                TEST(rows_are_there_after_reopening),
                TEST(creation_that_was_cut_short_begins_again),
                TEST(a_newer_version_is_refused),
                TEST(a_foreign_database_is_refused),
                TEST(a_file_that_is_no_database_is_refused),
                TEST(a_damaged_page_is_refused),
                TEST(a_value_of_the_wrong_kind_is_refused),
                TEST(an_empty_file_with_a_log_is_refused_and_the_log_stays),
                TEST(a_refused_store_keeps_its_log),
                TEST(a_store_in_use_is_refused),
                TEST(a_path_that_cannot_be_a_store_is_refused),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
