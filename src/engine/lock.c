#include "engine/lock.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

int lock_take(const char *run_dir, int *ret_fd, Error *err)
{
        _cleanup_(free_ptr) char *path = path_join(run_dir, "ostlerd.pid");
        _cleanup_(fd_closep) int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

        if (fd < 0)
                return error_set_errno(err, errno, "cannot open '%s'", path);
        if (fcntl(fd, F_SETLK, &lock) < 0) {
                if (errno != EACCES && errno != EAGAIN)
                        return error_set_errno(err, errno, "cannot lock '%s'", path);
                if (fcntl(fd, F_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
                        lock.l_pid = 0;
                return error_set(err, ERROR_BUSY, "another ostlerd, pid %d, has '%s'",
                                 (int) lock.l_pid, run_dir);
        }
        if (ftruncate(fd, 0) < 0 || dprintf(fd, "%d\n", (int) getpid()) < 0)
                return error_set_errno(err, errno, "cannot write '%s'", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}
