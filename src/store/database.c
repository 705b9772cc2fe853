/* The file: how it is opened, checked, and brought to the tables of this version.
 *
 *   FILE -> OPENED -> CHECKED -> MIGRATED    store_database_open()
 *
 * Until CHECKED nothing is written, and a connection that is closed before that leaves the log
 * where it is: a file that is refused is left byte by byte as it was. PRAGMA application_id tells
 * our files from others, PRAGMA user_version is the number of the last migration. Each migration is
 * one transaction with its version. */
#include "store/store-internal.h"

#include "base/fd.h"
#include "base/str.h"
#include "migrations.gen.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        APPLICATION_ID = 0x4f53544c, /* "OSTL" */
};

int store_error(Store *store, int result, const char *what, Error *err)
{
        int saved = sqlite3_system_errno(store->db);
        int primary = result & 0xff;
        const char *why = sqlite3_errmsg(store->db);

        switch (primary) {
        case SQLITE_FULL:
                return error_set_errno(err, ENOSPC, "cannot %s store '%s'", what, store->path);
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                return error_set_errno(err, saved ? saved : EIO, "cannot %s store '%s'", what,
                                       store->path);
        case SQLITE_BUSY:
                return error_set(err, ERROR_BUSY, "store '%s' is in use by another process",
                                 store->path);
        case SQLITE_NOTADB:
        case SQLITE_CORRUPT:
                return error_set(err, ERROR_INTERNAL, "store '%s' is damaged: %s", store->path,
                                 why);
        default:
                return error_set(err, ERROR_INTERNAL, "cannot %s store '%s': %s", what, store->path,
                                 why);
        }
}

int store_exec(Store *store, const char *sql, const char *what, Error *err)
{
        int r = sqlite3_exec(store->db, sql, NULL, NULL, NULL);

        return r == SQLITE_OK ? 0 : store_error(store, r, what, err);
}

/* The first column of the first row, as a number or as text. */
static int ask(Store *store, const char *sql, int64_t *ret_number, char **ret_text, Error *err)
{
        sqlite3_stmt *stmt;
        int r = sqlite3_prepare_v2(store->db, sql, -1, &stmt, NULL);

        if (r == SQLITE_OK)
                r = sqlite3_step(stmt);
        if (r != SQLITE_ROW) {
                r = store_error(store, r, "read", err);
                (void) sqlite3_finalize(stmt);
                return r;
        }
        if (ret_number)
                *ret_number = sqlite3_column_int64(stmt, 0);
        if (ret_text)
                *ret_text = xstrdup(sqlite3_column_type(stmt, 0) == SQLITE_NULL
                                            ? ""
                                            : (const char *) sqlite3_column_text(stmt, 0));
        (void) sqlite3_finalize(stmt);
        return 0;
}

/* SQLite takes an empty file for a new one, and would drop a log that lies beside it. */
static int check_files(Store *store, Error *err)
{
        _cleanup_(free_ptr) char *log = xasprintf("%s-wal", store->path);
        _cleanup_(fd_closep) int fd =
                open(store->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY,
                     0600);
        struct stat st, log_st;

        if (fd < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot open store '%s'", store->path);
        if (!S_ISREG(st.st_mode))
                return error_set(err, ERROR_INTERNAL, "store '%s' is not a regular file",
                                 store->path);
        if (st.st_size == 0 && stat(log, &log_st) == 0 && log_st.st_size > 0)
                return error_set(err, ERROR_INTERNAL,
                                 "store '%s' is damaged: it is empty, but its log '%s' is not",
                                 store->path, log);
        return st.st_size == 0 ? file_sync_parent(store->path, err) : 0;
}

static int open_file(Store *store, Error *err)
{
        int r = sqlite3_open_v2(store->path, &store->db,
                                SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                        SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_EXRESCODE,
                                NULL);

        if (r != SQLITE_OK)
                return store_error(store, r, "open", err);
        (void) sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        return store_exec(store,
                          "PRAGMA locking_mode=EXCLUSIVE;"
                          "PRAGMA trusted_schema=OFF;"
                          "PRAGMA cell_size_check=ON;"
                          "PRAGMA temp_store=MEMORY",
                          "open", err);
}

static int check_content(Store *store, Error *err)
{
        _cleanup_(free_ptr) char *finding = NULL;
        int64_t application, version, tables;
        int r;

        r = ask(store, "PRAGMA application_id", &application, NULL, err);
        if (r < 0)
                return r;
        r = ask(store, "PRAGMA user_version", &version, NULL, err);
        if (r < 0)
                return r;
        r = ask(store, "SELECT count(*) FROM sqlite_schema", &tables, NULL, err);
        if (r < 0)
                return r;
        if (application != APPLICATION_ID && (application != 0 || version != 0 || tables != 0))
                return error_set(err, ERROR_INTERNAL, "'%s' is not a store of ostler", store->path);
        if (version < 0 || version > (int64_t) ELEMENTSOF(migrations))
                return error_set(err, ERROR_INTERNAL,
                                 "store '%s' has version %lld, and this program knows up to %zu",
                                 store->path, (long long) version, ELEMENTSOF(migrations));
        r = ask(store, "PRAGMA quick_check(1)", NULL, &finding, err);
        if (r < 0)
                return r;
        if (!str_eq(finding, "ok"))
                return error_set(err, ERROR_INTERNAL, "store '%s' is damaged: %s", store->path,
                                 finding);
        store->version = (int) version;
        return 0;
}

static int migrate(Store *store, int version, Error *err)
{
        _cleanup_(free_ptr) char *sql =
                xasprintf("BEGIN IMMEDIATE;\n%s;\nPRAGMA application_id=%d;\n"
                          "PRAGMA user_version=%d;\nCOMMIT",
                          migrations[version - 1], APPLICATION_ID, version);
        int r = store_exec(store, sql, "migrate", err);

        if (r < 0)
                return error_prefix(err, "migration %d", version);
        store->version = version;
        return 0;
}

static int on_wal(void *data, sqlite3 *db _unused_, const char *name _unused_, int pages)
{
        Store *store = data;

        store->wal_pages = pages;
        return SQLITE_OK;
}

int store_database_open(Store *store, Error *err)
{
        _cleanup_(free_ptr) char *mode = NULL;
        int r;

        r = check_files(store, err);
        if (r < 0)
                return r;
        r = open_file(store, err);
        if (r < 0)
                return r;
        r = check_content(store, err);
        if (r < 0)
                return r;

        r = ask(store, "PRAGMA journal_mode=WAL", NULL, &mode, err);
        if (r < 0)
                return r;
        if (!str_eq(mode, "wal"))
                return error_set(err, ERROR_INTERNAL, "store '%s' cannot have a write-ahead log",
                                 store->path);
        (void) sqlite3_wal_hook(store->db, on_wal, store);
        r = store_exec(store, "PRAGMA synchronous=FULL", "open", err);
        if (r < 0)
                return r;
        store->full_sync = true;
        while (store->version < (int) ELEMENTSOF(migrations)) {
                r = migrate(store, store->version + 1, err);
                if (r < 0)
                        return r;
        }
        (void) sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        return 0;
}
