/* A disk for the tests of store/: SQLite's own files, with syncs that count, wait or fail, and a
 * loss of power that forgets whatever was not synced. */
#pragma once

#include <stdbool.h>

/* Makes it the default of every store opened afterwards. */
void power_install(void);
/* Syncs of the write-ahead log since power_install(). */
unsigned power_log_syncs(void);
/* While held, a sync of the log waits. power_wait_held() returns when one does. */
void power_hold(bool on);
void power_wait_held(void);
/* Results of the next writes and syncs of the log: SQLITE_OK, or an error that stays until changed.
 */
void power_fail_write(int result);
void power_fail_sync(int result);
/* Keeps, from now on, what every sync has made safe of a file, as FILE.synced. */
void power_remember(bool on);
/* The store's files as the loss of power leaves them, or a kill, become `copy` and `copy`-wal. */
void power_lose(const char *path, const char *copy);
void power_kill(const char *path, const char *copy);
