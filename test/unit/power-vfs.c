#include "power-vfs.h"

#include "base/str.h"

#include <errno.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* In SQLite's block for a file: ours, then the real one's. */
typedef struct PowerFile {
        sqlite3_file base;
        char *path;
        bool log;
        sqlite3_file *real;
} PowerFile;

static sqlite3_vfs *real_vfs;
static sqlite3_vfs power_vfs;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static unsigned log_syncs, held;
static bool hold, remember;
static int write_result, sync_result;

static void must(bool holds, const char *what)
{
        if (!holds) {
                perror(what);
                abort();
        }
}

static void copy_file(const char *from, const char *to)
{
        _cleanup_(free_ptr) char *command = NULL;

        if (access(from, F_OK) < 0) {
                must(unlink(to) == 0 || errno == ENOENT, to);
                return;
        }
        command = xasprintf("cp '%s' '%s'", from, to);
        must(system(command) == 0, command);
}

static sqlite3_file *real_of(sqlite3_file *file)
{
        return ((PowerFile *) file)->real;
}

static int power_close(sqlite3_file *file)
{
        int r = real_of(file)->pMethods->xClose(real_of(file));

        free(((PowerFile *) file)->path);
        return r;
}

static int power_read(sqlite3_file *file, void *buf, int n, sqlite3_int64 at)
{
        return real_of(file)->pMethods->xRead(real_of(file), buf, n, at);
}

static int power_write(sqlite3_file *file, const void *buf, int n, sqlite3_int64 at)
{
        if (((PowerFile *) file)->log) {
                pthread_mutex_lock(&mutex);
                int r = write_result;
                pthread_mutex_unlock(&mutex);
                if (r != SQLITE_OK)
                        return r;
        }
        return real_of(file)->pMethods->xWrite(real_of(file), buf, n, at);
}

static int power_truncate(sqlite3_file *file, sqlite3_int64 size)
{
        return real_of(file)->pMethods->xTruncate(real_of(file), size);
}

static int power_sync(sqlite3_file *file, int flags)
{
        PowerFile *p = (PowerFile *) file;
        int r = SQLITE_OK;

        if (p->log) {
                pthread_mutex_lock(&mutex);
                log_syncs++;
                if (hold) {
                        held++;
                        pthread_cond_broadcast(&changed);
                }
                while (hold)
                        pthread_cond_wait(&changed, &mutex);
                r = sync_result;
                pthread_mutex_unlock(&mutex);
        }
        if (r != SQLITE_OK)
                return r;
        r = real_of(file)->pMethods->xSync(real_of(file), flags);
        pthread_mutex_lock(&mutex);
        bool keep = remember;
        pthread_mutex_unlock(&mutex);
        if (r == SQLITE_OK && p->path && keep) {
                _cleanup_(free_ptr) char *synced = xasprintf("%s.synced", p->path);
                copy_file(p->path, synced);
        }
        return r;
}

static int power_size(sqlite3_file *file, sqlite3_int64 *ret)
{
        return real_of(file)->pMethods->xFileSize(real_of(file), ret);
}

static int power_lock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xLock(real_of(file), level);
}

static int power_unlock(sqlite3_file *file, int level)
{
        return real_of(file)->pMethods->xUnlock(real_of(file), level);
}

static int power_reserved(sqlite3_file *file, int *ret)
{
        return real_of(file)->pMethods->xCheckReservedLock(real_of(file), ret);
}

static int power_control(sqlite3_file *file, int what, void *arg)
{
        return real_of(file)->pMethods->xFileControl(real_of(file), what, arg);
}

static int power_sector(sqlite3_file *file)
{
        return real_of(file)->pMethods->xSectorSize(real_of(file));
}

static int power_traits(sqlite3_file *file)
{
        return real_of(file)->pMethods->xDeviceCharacteristics(real_of(file));
}

static int power_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *file, int flags,
                      int *ret_flags)
{
        static const sqlite3_io_methods methods = {
                .iVersion = 1,
                .xClose = power_close,
                .xRead = power_read,
                .xWrite = power_write,
                .xTruncate = power_truncate,
                .xSync = power_sync,
                .xFileSize = power_size,
                .xLock = power_lock,
                .xUnlock = power_unlock,
                .xCheckReservedLock = power_reserved,
                .xFileControl = power_control,
                .xSectorSize = power_sector,
                .xDeviceCharacteristics = power_traits,
        };
        PowerFile *p = (PowerFile *) file;
        int r;

        (void) vfs;
        *p = (PowerFile){.real = (sqlite3_file *) (p + 1)};
        r = real_vfs->xOpen(real_vfs, name, p->real, flags, ret_flags);
        if (r != SQLITE_OK)
                return r;
        p->base.pMethods = &methods;
        p->path = xstrdup_null(name);
        p->log = flags & SQLITE_OPEN_WAL;
        return SQLITE_OK;
}

void power_install(void)
{
        if (real_vfs)
                return;
        real_vfs = sqlite3_vfs_find(NULL);
        power_vfs = *real_vfs;
        power_vfs.zName = "power";
        power_vfs.szOsFile += (int) sizeof(PowerFile);
        power_vfs.xOpen = power_open;
        must(sqlite3_vfs_register(&power_vfs, 1) == SQLITE_OK, "power_install");
}

unsigned power_log_syncs(void)
{
        pthread_mutex_lock(&mutex);
        unsigned n = log_syncs;
        pthread_mutex_unlock(&mutex);
        return n;
}

void power_hold(bool on)
{
        pthread_mutex_lock(&mutex);
        hold = on;
        held = 0;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&mutex);
}

void power_wait_held(void)
{
        pthread_mutex_lock(&mutex);
        while (held == 0)
                pthread_cond_wait(&changed, &mutex);
        pthread_mutex_unlock(&mutex);
}

void power_fail_write(int result)
{
        pthread_mutex_lock(&mutex);
        write_result = result;
        pthread_mutex_unlock(&mutex);
}

void power_fail_sync(int result)
{
        pthread_mutex_lock(&mutex);
        sync_result = result;
        pthread_mutex_unlock(&mutex);
}

void power_remember(bool on)
{
        pthread_mutex_lock(&mutex);
        remember = on;
        pthread_mutex_unlock(&mutex);
}

static void copy_store(const char *path, const char *suffix, const char *copy)
{
        _cleanup_(free_ptr) char *from = xasprintf("%s%s", path, suffix);
        _cleanup_(free_ptr) char *log_from = xasprintf("%s-wal%s", path, suffix);
        _cleanup_(free_ptr) char *log = xasprintf("%s-wal", copy);

        copy_file(from, copy);
        copy_file(log_from, log);
}

void power_lose(const char *path, const char *copy)
{
        copy_store(path, ".synced", copy);
}

void power_kill(const char *path, const char *copy)
{
        copy_store(path, "", copy);
}
