#include "qemu/process.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
        TAIL_BYTES = 2048,
        TAIL_LINES = 8,
};

/* The address of a socket file. One whose path is too long is reached through its folder's
 * descriptor, which the caller keeps open meanwhile. */
static int address_of(const char *path, struct sockaddr_un *ret, int *ret_folder, Error *err)
{
        _cleanup_(free_ptr) char *parent = NULL;
        _cleanup_(free_ptr) char *through = NULL;
        int folder = -1;

        if (strlen(path) >= sizeof(ret->sun_path)) {
                parent = path_parent(path);
                folder = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (folder < 0)
                        return error_set_errno(err, errno, "cannot open folder '%s'", parent);
                through = xasprintf("/proc/self/fd/%d/%s", folder, strrchr(path, '/') + 1);
        }
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        snprintf(ret->sun_path, sizeof(ret->sun_path), "%s", through ? through : path);
        *ret_folder = folder;
        return 0;
}

int monitor_bind(const char *path, int *ret_fd, Error *err)
{
        _cleanup_(fd_closep) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        _cleanup_(fd_closep) int folder = -1;
        struct sockaddr_un address;
        int r;

        if (fd < 0)
                return error_set_errno(err, errno, "cannot make a monitor socket");
        r = address_of(path, &address, &folder, err);
        if (r < 0)
                return r;
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "cannot remove '%s'", path);
        /* On Linux the mode of the descriptor becomes the file's. */
        if (fchmod(fd, 0600) < 0 || bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0 ||
            listen(fd, 4) < 0)
                return error_set_errno(err, errno, "cannot bind monitor socket '%s'", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

int monitor_connect(const char *path, int *ret_fd, Error *err)
{
        _cleanup_(fd_closep) int fd =
                socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        _cleanup_(fd_closep) int folder = -1;
        struct sockaddr_un address;
        int r;

        if (fd < 0)
                return error_set_errno(err, errno, "cannot make a monitor socket");
        r = address_of(path, &address, &folder, err);
        if (r < 0)
                return r;
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set_errno(err, errno, "cannot connect to monitor socket '%s'", path);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* "2026-01-31 12:00:00 starting '/usr/bin/qemu' '-name' ...", for people. */
static void write_banner(int fd, char *const *argv)
{
        _cleanup_(str_done) Str line = {};
        time_t now = time(NULL);
        struct tm tm;
        char when[32];

        localtime_r(&now, &tm);
        strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
        str_addf(&line, "%s starting", when);
        for (; *argv; argv++)
                str_addf(&line, " '%s'", *argv);
        str_addc(&line, '\n');
        (void) fd_write_all(fd, line.text, line.len); /* ignoring: a full disk ends no guest */
}

void process_log_note(const char *path, const char *note)
{
        _cleanup_(fd_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
        _cleanup_(free_ptr) char *line = xasprintf("ostlerd: %s\n", note);

        if (fd >= 0)
                (void) fd_write_all(fd, line,
                                    strlen(line)); /* ignoring: a full disk ends no guest */
}

int process_log_open(const char *path, char *const *argv, int *ret_fd, off_t *ret_start, Error *err)
{
        _cleanup_(fd_closep) int fd =
                open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
        struct stat st;

        if (fd < 0)
                return error_set_errno(err, errno, "cannot open log '%s'", path);
        write_banner(fd, argv);
        if (fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot look at log '%s'", path);
        *ret_start = st.st_size;
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* One line without its ending, unprintable bytes blanked: the text goes into an error. */
static void add_line(Str *out, const char *line, size_t len)
{
        while (len && (line[len - 1] == '\r' || line[len - 1] == ' '))
                len--;
        if (!len)
                return;
        if (out->len)
                str_add(out, "; ");
        for (size_t i = 0; i < len; i++)
                str_addc(out, (unsigned char) line[i] < ' ' || line[i] == 127 ? ' ' : line[i]);
}

char *process_log_tail(const char *path, off_t start)
{
        _cleanup_(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
        char text[TAIL_BYTES];
        struct stat st;
        Str out = {};

        if (fd < 0 || fstat(fd, &st) < 0 || st.st_size <= start)
                return NULL;

        bool cut = st.st_size - start > TAIL_BYTES;
        ssize_t n = pread(fd, text, sizeof(text), cut ? st.st_size - TAIL_BYTES : start);
        if (n <= 0)
                return NULL;

        const char *from = text, *end = text + n, *p = end;
        for (unsigned lines = 0; p > text; p--)
                if (p[-1] == '\n' && p != end && ++lines == TAIL_LINES)
                        break;
        if (p > text)
                from = p;
        else if (cut && (p = memchr(text, '\n', (size_t) n)))
                from = p + 1;

        while (from < end) {
                const char *stop = memchr(from, '\n', (size_t) (end - from));

                stop = stop ? stop : end;
                add_line(&out, from, (size_t) (stop - from));
                from = stop + 1;
        }
        return out.len ? str_take(&out) : NULL;
}
