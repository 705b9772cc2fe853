/* File descriptors and small files. These calls block: on the loop thread only for files of the
 * daemon's own root, never for a path that a user gave. */
#pragma once

#include "base/error.h"

#include <stdint.h>
#include <sys/types.h>

/* Closes fd if it is open (>= 0); always returns -1. errno is kept. */
int fd_close(int fd);
/* For _cleanup_(fd_closep). */
static inline void fd_closep(int *fd)
{
        fd_close(*fd);
}

/* All of it, through EINTR and short transfers. 0, or -1 with errno; a short read is ENODATA. */
int fd_write_all(int fd, const void *buf, size_t len);
int fd_read_all(int fd, void *buf, size_t len);

int fd_set_nonblock(int fd, bool on);
int fd_set_cloexec(int fd, bool on);

/* The content, NUL-terminated, of a file of at most `max` bytes. */
int file_read(const char *path, size_t max, char **ret_text, size_t *ret_len, Error *err);
/* Replaces the file in one step: temporary file, fsync, rename, fsync of the folder. */
int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, Error *err);
/* fsync of the folder that holds `path`. */
int file_sync_parent(const char *path, Error *err);
