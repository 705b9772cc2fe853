/* Streams: what stream.h promises, over one Watch.
 *
 * OPEN -> CLOSED, by finish(), which calls `closed`.
 *   on_ready()       the descriptor is ready: flush(), `drained`, then receive(), `input`
 *   on_next_turn()   shows again what a resumed stream holds; ends a stream that broke in between
 *   stream_write()   queues and flush()es; what goes wrong there is kept in `broken` until the next
 *                    turn, as it must not call back
 * Callbacks run inside enter()/leave() alone. stream_free() within one takes everything from the
 * stream but its memory, which leave() releases.
 *
 * The output is one buffer; a mark is the place of a byte that carries a descriptor. */
#include "loop/stream.h"

#include "base/fd.h"
#include "base/vec.h"
#include "loop/internal.h"
#include "loop/watch.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
        DEFAULT_MAX_INPUT = 64 * 1024,
        DEFAULT_MAX_OUTPUT = 1024 * 1024,
        READ_SIZE = 64 * 1024,
        LAST_READS = 16,  /* of what a peer said before it left */
        MAX_FDS = 64,     /* received and not taken */
        KERNEL_FDS = 253, /* in one message, the most that Linux passes */
};

typedef struct Mark {
        uint64_t at; /* counted from the first byte ever queued */
        int fd;
} Mark;

struct Stream {
        Loop *loop;
        int fd;
        bool socket, tty, readable;
        const StreamOps *ops;
        void *data;
        StreamLimits limits;

        Watch *watch;
        Timer *next_turn;
        bool inside, freed, paused, closed;
        bool peer_gone; /* a write told: what it said before is shown first */
        Error broken;

        uint8_t *in;
        size_t in_len, in_cap;
        int fds[MAX_FDS];
        unsigned n_fds;

        uint8_t *out;
        size_t out_start, out_len, out_cap;
        uint64_t sent;
        VEC(Mark) marks;
};

typedef enum Received {
        RECEIVED_SOME,
        RECEIVED_NOTHING,
        RECEIVED_END,
        RECEIVED_ERROR,
} Received;

static bool is_open(const Stream *s)
{
        return !s->closed && !s->freed;
}

static bool is_broken(const Stream *s)
{
        return s->peer_gone || error_is_set(&s->broken);
}

static void drop_output(Stream *s)
{
        for (size_t i = 0; i < s->marks.len; i++)
                fd_close(s->marks.items[i].fd);
        vec_done(&s->marks);
        free(TAKE_PTR(s->out));
        s->out_start = s->out_len = s->out_cap = 0;
}

static void update_watch(Stream *s)
{
        int events = 0;

        if (!is_open(s))
                return;
        if (!is_broken(s)) {
                if (!s->paused && s->in_len < s->limits.max_input)
                        events |= WATCH_IN;
                if (s->out_len > 0)
                        events |= WATCH_OUT;
        }
        watch_set(s->watch, events);
}

static void release_all(Stream *s)
{
        s->watch = watch_free(s->watch);
        s->next_turn = timer_free(s->next_turn);
        s->fd = fd_close(s->fd);
        for (unsigned i = 0; i < s->n_fds; i++)
                fd_close(s->fds[i]);
        s->n_fds = 0;
        drop_output(s);
        error_done(&s->broken);
}

static void enter(Stream *s)
{
        assert(!s->inside);
        s->inside = true;
}

static void leave(Stream *s)
{
        s->inside = false;
        if (!s->freed) {
                update_watch(s);
                return;
        }
        free(s->in);
        free(s);
}

static void finish(Stream *s, const Error *err)
{
        s->closed = true;
        s->watch = watch_free(s->watch);
        timer_stop(s->next_turn);
        drop_output(s);
        s->ops->closed(s->data, err);
}

/* Input */

static void show(Stream *s)
{
        size_t used = s->ops->input(s->data, s->in, s->in_len);

        assert(used <= s->in_len);
        s->in_len -= used;
        if (s->in_len > 0) {
                if (used > 0)
                        memmove(s->in, s->in + used, s->in_len);
                return;
        }
        free(TAKE_PTR(s->in));
        s->in_cap = 0;
}

/* Room for the next read, at most up to the bound; 0 at the bound. */
static size_t make_room(Stream *s)
{
        size_t room = s->limits.max_input - s->in_len, cap;

        if (room > READ_SIZE)
                room = READ_SIZE;
        if (s->in_cap - s->in_len < room) {
                cap = s->in_len + room;
                if (cap < 2 * s->in_len)
                        cap = 2 * s->in_len < s->limits.max_input ? 2 * s->in_len
                                                                  : s->limits.max_input;
                s->in = xrealloc(s->in, cap, 1);
                s->in_cap = cap;
        }
        return room;
}

/* Keeps the descriptors of a message; those that do not fit are closed, and it is an error. */
static int keep_fds(Stream *s, struct msghdr *msg, Error *err)
{
        bool surplus = false;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c; c = CMSG_NXTHDR(msg, c)) {
                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

                for (size_t i = 0; i < n; i++) {
                        int fd;

                        memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(int));
                        if (s->n_fds < MAX_FDS)
                                s->fds[s->n_fds++] = fd;
                        else {
                                fd_close(fd);
                                surplus = true;
                        }
                }
        }
        if (surplus)
                return error_set(err, ERROR_PROTOCOL, "more than %d descriptors wait", MAX_FDS);
        if (msg->msg_flags & MSG_CTRUNC)
                return error_set(err, ERROR_SYSTEM, "cannot take over a descriptor that was sent");
        return 0;
}

static ssize_t read_socket(Stream *s, size_t room, Error *err)
{
        union {
                struct cmsghdr align;
                char bytes[CMSG_SPACE(KERNEL_FDS * sizeof(int))];
        } control;
        struct iovec iov = {.iov_base = s->in + s->in_len, .iov_len = room};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = sizeof(control)};

        ssize_t n = recvmsg(s->fd, &msg, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
        if (n >= 0 && keep_fds(s, &msg, err) < 0) {
                errno = 0;
                return -1;
        }
        return n;
}

static Received read_some(Stream *s, Error *err)
{
        size_t room = make_room(s);
        ssize_t n;

        if (room == 0)
                return RECEIVED_NOTHING;
        if (!s->readable)
                return RECEIVED_END;
        do
                n = s->socket ? read_socket(s, room, err) : read(s->fd, s->in + s->in_len, room);
        while (n < 0 && errno == EINTR);

        if (n > 0) {
                s->in_len += (size_t) n;
                return RECEIVED_SOME;
        }
        /* A pty whose other side is closed says EIO. */
        if (n == 0 || errno == ECONNRESET || (errno == EIO && s->tty))
                return RECEIVED_END;
        if (errno == EAGAIN)
                return RECEIVED_NOTHING;
        if (!error_is_set(err))
                (void) error_set_errno(err, errno, "cannot read from the connection");
        return RECEIVED_ERROR;
}

/* Reads once and shows it. False when there was nothing, or nothing is left to do. */
static bool receive(Stream *s)
{
        _cleanup_(error_done) Error err = {};

        switch (read_some(s, &err)) {
        case RECEIVED_SOME:
                show(s);
                return is_open(s);
        case RECEIVED_NOTHING:
                return false;
        case RECEIVED_END:
        case RECEIVED_ERROR:
                finish(s, &err);
        }
        return false;
}

/* Output */

/* The stream ends on the next turn. */
static void break_stream(Stream *s)
{
        drop_output(s);
        timer_start(s->next_turn, 0);
}

/* write(2) without SIGPIPE, whatever the program has made of that signal. */
static ssize_t write_quietly(int fd, const void *bytes, size_t len)
{
        sigset_t pipe_set, before, pending;

        sigemptyset(&pipe_set);
        sigaddset(&pipe_set, SIGPIPE);
        sigpending(&pending);
        pthread_sigmask(SIG_BLOCK, &pipe_set, &before);
        ssize_t n = write(fd, bytes, len);
        int saved = errno;
        if (n < 0 && saved == EPIPE && !sigismember(&pending, SIGPIPE))
                (void) sigtimedwait(&pipe_set, NULL, &(struct timespec){});
        pthread_sigmask(SIG_SETMASK, &before, NULL);
        errno = saved;
        return n;
}

static ssize_t send_piece(const Stream *s, const uint8_t *bytes, size_t len, int fd)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = {.iov_base = (void *) bytes, .iov_len = len};
        struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};

        if (fd >= 0) {
                control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                                  .cmsg_type = SCM_RIGHTS,
                                                  .cmsg_len = CMSG_LEN(sizeof(int))};
                memcpy(CMSG_DATA(&control.header), &fd, sizeof(int));
                msg.msg_control = &control;
                msg.msg_controllen = sizeof(control);
        } else if (!s->socket)
                return write_quietly(s->fd, bytes, len);
        return sendmsg(s->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* Gives the kernel what it takes. */
static void flush(Stream *s)
{
        while (s->out_len > 0) {
                const Mark *mark = s->marks.len > 0 ? &s->marks.items[0] : NULL;
                size_t len = mark ? (size_t) (mark->at - s->sent) : s->out_len;
                bool carries = mark && len == 0;

                ssize_t n = send_piece(s, s->out + s->out_start, carries ? 1 : len,
                                       carries ? mark->fd : -1);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n == 0 || (n < 0 && errno == EAGAIN))
                        return;
                if (n < 0) {
                        s->peer_gone = errno == EPIPE || errno == ECONNRESET;
                        if (!s->peer_gone)
                                (void) error_set_errno(&s->broken, errno,
                                                       "cannot write to the connection");
                        break_stream(s);
                        return;
                }
                if (carries) {
                        fd_close(mark->fd);
                        vec_remove(&s->marks, 0);
                }
                s->out_start += (size_t) n;
                s->out_len -= (size_t) n;
                s->sent += (uint64_t) n;
        }
        drop_output(s);
}

static void append(Stream *s, const void *bytes, size_t len)
{
        if (s->out_cap - s->out_start - s->out_len < len) {
                if (s->out_start > 0)
                        memmove(s->out, s->out + s->out_start, s->out_len);
                s->out_start = 0;
                if (s->out_cap - s->out_len < len) {
                        s->out_cap = s->out_len + len < 2 * s->out_cap ? 2 * s->out_cap
                                                                       : s->out_len + len;
                        s->out = xrealloc(s->out, s->out_cap, 1);
                }
        }
        memcpy(s->out + s->out_start + s->out_len, bytes, len);
        s->out_len += len;
}

static void queue(Stream *s, const void *bytes, size_t len)
{
        bool first = s->out_len == 0;

        append(s, bytes, len);
        if (first)
                flush(s);
        if (s->out_len > s->limits.max_output) {
                (void) error_set(&s->broken, ERROR_OPERATION_FAILED,
                                 "the other side does not read: more than %zu bytes wait for it",
                                 s->limits.max_output);
                break_stream(s);
        }
        if (!s->inside)
                update_watch(s);
}

void stream_write(Stream *s, const void *bytes, size_t len)
{
        if (is_open(s) && !is_broken(s) && len > 0)
                queue(s, bytes, len);
}

void stream_write_fd(Stream *s, uint8_t byte, int fd)
{
        if (!is_open(s) || is_broken(s)) {
                fd_close(fd);
                return;
        }
        *vec_push(&s->marks) = (Mark){.at = s->sent + s->out_len, .fd = fd};
        queue(s, &byte, 1);
}

size_t stream_queued(const Stream *s)
{
        return s->out_len;
}

/* Turns */

static void end_broken(Stream *s)
{
        _cleanup_(error_done) Error err = {};

        for (int i = 0; s->peer_gone && i < LAST_READS && is_open(s) && !s->paused; i++)
                if (!receive(s))
                        break;
        if (!is_open(s))
                return;
        (void) error_move(&err, &s->broken);
        finish(s, &err);
}

static void on_ready(void *data, int events)
{
        Stream *s = data;

        enter(s);
        if (events & WATCH_OUT && s->out_len > 0) {
                flush(s);
                if (s->out_len == 0 && !is_broken(s) && s->ops->drained)
                        s->ops->drained(s->data);
        }
        if (events & WATCH_IN && is_open(s) && !is_broken(s) && !s->paused)
                (void) receive(s);
        leave(s);
}

static void on_next_turn(void *data)
{
        Stream *s = data;

        enter(s);
        if (is_broken(s))
                end_broken(s);
        else if (!s->paused && s->in_len > 0)
                show(s);
        leave(s);
}

void stream_pause(Stream *s, bool paused)
{
        if (!is_open(s))
                return;
        s->paused = paused;
        if (!paused && s->in_len > 0)
                timer_start(s->next_turn, 0);
        if (!s->inside)
                update_watch(s);
}

int stream_take_fd(Stream *s)
{
        if (s->n_fds == 0)
                return -1;
        int fd = s->fds[0];
        memmove(s->fds, s->fds + 1, --s->n_fds * sizeof(int));
        return fd;
}

int stream_fd(const Stream *s)
{
        return s->fd;
}

int stream_new(Loop *loop, int fd, const StreamOps *ops, const StreamLimits *limits, void *data,
               Stream **ret, Error *err)
{
        _cleanup_(free_ptr) Stream *s = xnew0(Stream, 1);
        struct stat st;
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0 || fstat(fd, &st) < 0)
                return error_set_errno(err, errno, "cannot use descriptor %d", fd);
        if (limits)
                s->limits = *limits;
        if (s->limits.max_input == 0)
                s->limits.max_input = DEFAULT_MAX_INPUT;
        if (s->limits.max_output == 0)
                s->limits.max_output = DEFAULT_MAX_OUTPUT;
        s->loop = loop;
        s->ops = ops;
        s->data = data;
        s->socket = S_ISSOCK(st.st_mode);
        s->tty = isatty(fd);
        s->readable = (flags & O_ACCMODE) != O_WRONLY;

        int r = watch_new(loop, fd, WATCH_IN, on_ready, s, &s->watch, err);
        if (r < 0)
                return r;
        s->fd = fd;
        s->next_turn = timer_new(loop, on_next_turn, s);
        loop->counts[LOOP_KIND_STREAM]++;
        *ret = TAKE_PTR(s);
        return 0;
}

Stream *stream_free(Stream *s)
{
        if (!s)
                return NULL;
        assert(!s->freed);
        s->loop->counts[LOOP_KIND_STREAM]--;
        release_all(s);
        s->freed = true;
        if (!s->inside) {
                s->inside = true;
                leave(s);
        }
        return NULL;
}
