/* The writer: transactions that share a commit, fail alone, or meet a bad disk. */
#include "store-fixture.h"

#include "power-vfs.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

static int begin(void **state)
{
        power_install();
        power_remember(true);
        return fixture_begin_open(state);
}

static void submit(Fixture *f, Ends *ends, uint32_t n, StoreDurability durability)
{
        _cleanup_(free_ptr) char *name = xasprintf("d%u", n);

        store_commit(tx_domain(f, n, name, "{}"), durability, on_end, end_new(ends, n));
}

static int add_number(void *data, const DomainRow *row, Error *err _unused_)
{
        uint32_t n;

        memcpy(&n, row->uuid.bytes, sizeof(n));
        *(uint64_t *) data |= UINT64_C(1) << n;
        return 0;
}

/* The domains there are, as bits. */
static uint64_t present(Fixture *f)
{
        uint64_t bits = 0;

        assert_int_equal(domain_row_load(f->store, add_number, &bits, NULL), 0);
        return bits;
}

static void transactions_that_wait_together_share_one_commit(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        power_hold(true);
        submit(f, &ends, 1, STORE_DURABLE);
        power_wait_held();
        unsigned before = power_log_syncs();
        for (uint32_t n = 2; n < 10; n++)
                submit(f, &ends, n, STORE_DURABLE);
        power_hold(false);
        wait_ends(f, &ends, 9);
        assert_int_equal(power_log_syncs() - before, 1);
        assert_int_equal(present(f), 0x3fe);
}

static void ordered_transactions_are_not_synced(void **state)
{
        Fixture *f = *state;
        Ends ends = {};
        unsigned before = power_log_syncs();

        for (uint32_t n = 0; n < 20; n++) {
                submit(f, &ends, n, STORE_ORDERED);
                wait_ends(f, &ends, n + 1);
        }
        assert_int_equal(power_log_syncs(), before);
        submit(f, &ends, 20, STORE_DURABLE);
        wait_ends(f, &ends, 21);
        assert_int_equal(power_log_syncs(), before + 1);
}

/* What is there after a loss of power, or a kill, at this moment: `leave` makes the copy of the
 * files that the store is then opened on. */
static uint64_t present_after(Fixture *f, void (*leave)(const char *, const char *))
{
        char *copy = xasprintf("%s-copy", f->path);

        leave(f->path, copy);
        free(f->path);
        f->path = copy;
        store_reopen(f);
        return present(f);
}

static void a_durable_transaction_survives_the_loss_of_power_with_all_before_it(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        for (uint32_t n = 0; n < 5; n++)
                submit(f, &ends, n, STORE_ORDERED);
        submit(f, &ends, 5, STORE_DURABLE);
        wait_ends(f, &ends, 6);
        for (uint32_t n = 6; n < 9; n++) {
                submit(f, &ends, n, STORE_ORDERED);
                wait_ends(f, &ends, n + 1);
        }
        assert_int_equal(present_after(f, power_lose), 0x3f);
}

static void a_kill_loses_nothing_that_was_ordered(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        for (uint32_t n = 0; n < 5; n++)
                submit(f, &ends, n, STORE_ORDERED);
        wait_ends(f, &ends, 5);
        assert_int_equal(present_after(f, power_kill), 0x1f);
}

static void an_empty_durable_transaction_makes_all_before_it_durable(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        submit(f, &ends, 1, STORE_ORDERED);
        wait_ends(f, &ends, 1);
        unsigned before = power_log_syncs();
        store_commit(store_tx_new(f->store), STORE_DURABLE, on_end, end_new(&ends, 2));
        wait_ends(f, &ends, 2);
        assert_int_equal(power_log_syncs(), before + 1);

        StoreTx *tx = store_tx_new(f->store);
        Uuid nobody = uuid_of(77);
        domain_row_delete(tx, &nobody);
        store_commit(tx, STORE_DURABLE, on_end, end_new(&ends, 3));
        wait_ends(f, &ends, 3);
        assert_int_equal(power_log_syncs(), before + 2);
        assert_int_equal(present_after(f, power_lose), 1 << 1);
}

static void a_failing_statement_takes_its_own_transaction_back_alone(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        power_hold(true);
        submit(f, &ends, 0, STORE_DURABLE);
        power_wait_held();
        submit(f, &ends, 1, STORE_ORDERED);
        StoreTx *tx = tx_domain(f, 2, "d2", "{}");
        domain_row_put(tx, &(DomainRow){.uuid = uuid_of(3),
                                        .driver = "test",
                                        .name = "d1", /* taken */
                                        .config = "{}"});
        domain_row_put(
                tx,
                &(DomainRow){.uuid = uuid_of(4), .driver = "test", .name = "d4", .config = "{}"});
        store_commit(tx, STORE_DURABLE, on_end, end_new(&ends, 2));
        submit(f, &ends, 5, STORE_ORDERED);
        power_hold(false);
        wait_ends(f, &ends, 4);

        assert_int_equal(ends.codes[1], ERROR_OK);
        assert_int_equal(ends.codes[2], ERROR_INTERNAL);
        assert_non_null(strstr(ends.texts[2], "domain.name"));
        assert_int_equal(ends.codes[3], ERROR_OK);
        assert_int_equal(present(f), 1 << 0 | 1 << 1 | 1 << 5);
        submit(f, &ends, 6, STORE_DURABLE);
        wait_ends(f, &ends, 5);
        assert_int_equal(ends.codes[4], ERROR_OK);
}

static void a_full_disk_fails_the_whole_batch_and_the_store_goes_on(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        power_hold(true);
        submit(f, &ends, 0, STORE_DURABLE);
        power_wait_held();
        for (uint32_t n = 1; n < 4; n++)
                submit(f, &ends, n, n == 2 ? STORE_DURABLE : STORE_ORDERED);
        power_fail_write(SQLITE_FULL);
        power_hold(false);
        wait_ends(f, &ends, 4);
        assert_int_equal(ends.codes[0], ERROR_OK);
        for (unsigned i = 1; i < 4; i++) {
                assert_int_equal(ends.codes[i], ERROR_SYSTEM);
                assert_non_null(strstr(ends.texts[i], "No space left on device"));
                assert_non_null(strstr(ends.texts[i], f->path));
        }
        power_fail_write(SQLITE_OK);
        submit(f, &ends, 9, STORE_DURABLE);
        wait_ends(f, &ends, 5);
        assert_int_equal(ends.codes[4], ERROR_OK);
        assert_int_equal(present(f), 1 << 0 | 1 << 9);
        store_reopen(f);
        assert_int_equal(present(f), 1 << 0 | 1 << 9);
}

static void after_a_failed_sync_nothing_is_promised_and_nothing_failed_comes_back(void **state)
{
        Fixture *f = *state;
        Ends ends = {};

        submit(f, &ends, 1, STORE_DURABLE);
        wait_ends(f, &ends, 1);
        power_fail_sync(SQLITE_IOERR_FSYNC);
        submit(f, &ends, 2, STORE_DURABLE);
        wait_ends(f, &ends, 2);
        power_fail_sync(SQLITE_OK);
        submit(f, &ends, 3, STORE_ORDERED);
        wait_ends(f, &ends, 3);
        assert_int_equal(ends.codes[1], ERROR_SYSTEM);
        assert_int_equal(ends.codes[2], ERROR_SYSTEM);

        assert_int_equal(present_after(f, power_kill), 1 << 1);
        submit(f, &ends, 4, STORE_DURABLE);
        wait_ends(f, &ends, 4);
        assert_int_equal(ends.codes[3], ERROR_OK);
}

/* A disk that is really full: a small tmpfs where we may mount one, else a limit on the file's
 * size. */
typedef struct SmallDisk {
        bool mounted;
        struct rlimit before;
} SmallDisk;

static void small_disk_make(Fixture *f, SmallDisk *disk)
{
        f->store = store_close(f->store);
        disk->mounted = unshare(CLONE_NEWNS) == 0 &&
                        mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
                        mount("tmpfs", f->dir, "tmpfs", 0, "size=192k") == 0;
        store_reopen(f);
        if (disk->mounted)
                return;
        getrlimit(RLIMIT_FSIZE, &disk->before);
        assert_int_equal(
                setrlimit(RLIMIT_FSIZE, &(struct rlimit){192 * 1024, disk->before.rlim_max}), 0);
}

static void small_disk_grow(Fixture *f, SmallDisk *disk)
{
        if (disk->mounted)
                assert_int_equal(mount("tmpfs", f->dir, "tmpfs", MS_REMOUNT, "size=4m"), 0);
        else
                setrlimit(RLIMIT_FSIZE, &disk->before);
}

static void a_really_full_disk_loses_nothing_that_was_acknowledged(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *config = xcalloc(1, 10001);
        SmallDisk disk = {};
        Ends ends = {};
        uint64_t acknowledged = 0;
        uint32_t n = 0;

        power_remember(false);
        memset(config, 'x', 10000);
        small_disk_make(f, &disk);
        do {
                _cleanup_(free_ptr) char *name = xasprintf("d%u", n);

                store_commit(tx_domain(f, n, name, config), STORE_DURABLE, on_end,
                             end_new(&ends, n));
                wait_ends(f, &ends, ++n);
                if (ends.codes[n - 1] == ERROR_OK)
                        acknowledged |= UINT64_C(1) << (n - 1);
        } while (ends.codes[n - 1] == ERROR_OK && n < 60);
        assert_true(n > 2 && n < 60);
        assert_int_equal(ends.codes[n - 1], ERROR_SYSTEM);
        assert_int_equal(present(f), acknowledged);

        small_disk_grow(f, &disk);
        submit(f, &ends, 63, STORE_DURABLE);
        wait_ends(f, &ends, n + 1);
        assert_int_equal(ends.codes[n], ERROR_OK);
        store_reopen(f);
        assert_int_equal(present(f), acknowledged | UINT64_C(1) << 63);
        f->store = store_close(f->store);
        if (disk.mounted)
                assert_int_equal(umount(f->dir), 0);
}

static void a_new_store_on_a_full_disk_is_refused_and_begins_again(void **state)
{
        Fixture *f = *state;

        free(f->path);
        f->path = path_join(f->dir, "other.db");
        power_fail_write(SQLITE_FULL);
        store_open_fails(f, "migration 1: cannot migrate store");
        power_fail_write(SQLITE_OK);
        store_reopen(f);
        assert_int_equal(present(f), 0);
}

static void the_log_stays_bounded(void **state)
{
        Fixture *f = *state;
        _cleanup_(free_ptr) char *config = xcalloc(1, 100001);
        _cleanup_(free_ptr) char *log = xasprintf("%s-wal", f->path);
        Ends ends = {};
        struct stat st;

        for (unsigned i = 0; i < 400; i++) {
                memset(config, 'a' + (int) (i % 26), 100000);
                store_commit(tx_domain(f, 1, "d1", config), STORE_ORDERED, on_end,
                             end_new(&ends, 1));
                wait_ends(f, &ends, i + 1);
        }
        assert_int_equal(stat(log, &st), 0);
        /* 10,000 pages were written; at 4,096 it begins again even without a pause. */
        assert_true(st.st_size < 4200 * 4120);
        store_reopen(f);
        assert_int_equal(present(f), 1 << 1);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_end)
                TEST(transactions_that_wait_together_share_one_commit),
                TEST(ordered_transactions_are_not_synced),
                TEST(a_durable_transaction_survives_the_loss_of_power_with_all_before_it),
                TEST(a_kill_loses_nothing_that_was_ordered),
                TEST(an_empty_durable_transaction_makes_all_before_it_durable),
                TEST(a_failing_statement_takes_its_own_transaction_back_alone),
                TEST(a_full_disk_fails_the_whole_batch_and_the_store_goes_on),
                TEST(after_a_failed_sync_nothing_is_promised_and_nothing_failed_comes_back),
                TEST(a_really_full_disk_loses_nothing_that_was_acknowledged),
                TEST(a_new_store_on_a_full_disk_is_refused_and_begins_again),
                TEST(the_log_stays_bounded),
#undef TEST
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
