#include "base/fd.h"

#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

int fd_close(int fd)
{
        int saved = errno;

        if (fd >= 0)
                (void) close(fd);
        errno = saved;
        return -1;
}

int fd_write_all(int fd, const void *buf, size_t len)
{
        const char *p = buf;

        while (len > 0) {
                ssize_t n = write(fd, p, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -1;
                p += n;
                len -= (size_t) n;
        }
        return 0;
}

int fd_read_all(int fd, void *buf, size_t len)
{
        char *p = buf;

        while (len > 0) {
                ssize_t n = read(fd, p, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n == 0)
                        errno = ENODATA;
                if (n <= 0)
                        return -1;
                p += n;
                len -= (size_t) n;
        }
        return 0;
}

int fd_set_nonblock(int fd, bool on)
{
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return -1;
        return fcntl(fd, F_SETFL, on ? flags | O_NONBLOCK : flags & ~O_NONBLOCK);
}

int fd_set_cloexec(int fd, bool on)
{
        return fcntl(fd, F_SETFD, on ? FD_CLOEXEC : 0);
}

int file_read(const char *path, size_t max, char **ret_text, size_t *ret_len, Error *err)
{
        _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        _cleanup_(str_done) Str text = {};
        char block[16384];
        ssize_t n;

        if (fd < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        while ((n = read(fd, block, sizeof(block))) != 0) {
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return error_set_errno(err, errno, "cannot read '%s'", path);
                if (text.len + (size_t) n > max)
                        return error_set_errno(err, EFBIG, "cannot read '%s'", path);
                str_addn(&text, block, (size_t) n);
        }
        if (ret_len)
                *ret_len = text.len;
        *ret_text = str_take(&text);
        return 0;
}

int file_sync_parent(const char *path, Error *err)
{
        _cleanup_(free_ptr) char *parent = path_parent(path);
        _cleanup_(fd_closep) int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

        if (fd < 0 || fsync(fd) < 0)
                return error_set_errno(err, errno, "cannot sync folder '%s'", parent);
        return 0;
}

int file_write_atomic(const char *path, const void *data, size_t len, mode_t mode, Error *err)
{
        _cleanup_(free_ptr) char *temp = xasprintf("%s.new", path);
        _cleanup_(fd_closep) int fd = -1;

        if (unlink(temp) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "cannot remove '%s'", temp);
        fd = open(temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot create '%s'", temp);
        if (fd_write_all(fd, data, len) < 0 || fsync(fd) < 0 || rename(temp, path) < 0) {
                int saved = errno;

                (void) unlink(temp);
                return error_set_errno(err, saved, "cannot write '%s'", path);
        }
        return file_sync_parent(path, err);
}
