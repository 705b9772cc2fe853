/* loop/stream: bytes and descriptors in order, bounds, pauses, ends, and nothing after
 * stream_free(). */
#include "unit-loop.h"

#include "base/fd.h"
#include "base/str.h"
#include "loop/stream.h"
#include "loop/timer.h"

#include <errno.h>
#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* A stream with what it told, and what it is to do in each callback. */
typedef struct End {
        Stream *stream;
        Str got;      /* what was consumed */
        size_t unit;  /* consumes multiples of this; 0: nothing */
        size_t shown; /* bytes shown last */
        unsigned inputs, drains, closes;
        Error why;
        bool free_in_input, free_in_drained, free_in_closed;
        bool echo, pause_in_input, overrun_in_drained;
        struct End *other; /* freed together with it */
} End;

static void free_both(End *end)
{
        if (end->other)
                end->other->stream = stream_free(end->other->stream);
        end->stream = stream_free(end->stream);
}

static void check_alive(const End *end)
{
        assert_non_null(end->stream);
        assert_int_equal(end->closes, 0);
}

static size_t on_input(void *data, const uint8_t *bytes, size_t len)
{
        End *end = data;

        check_alive(end);
        end->inputs++;
        end->shown = len;
        size_t used = end->unit ? len - len % end->unit : 0;
        str_addn(&end->got, (const char *) bytes, used);
        if (end->echo)
                stream_write(end->stream, bytes, used);
        if (end->pause_in_input)
                stream_pause(end->stream, true);
        if (end->free_in_input)
                free_both(end);
        return used;
}

static const char overrun[2 << 20];

static void on_drained(void *data)
{
        End *end = data;

        check_alive(end);
        assert_int_equal(stream_queued(end->stream), 0);
        end->drains++;
        if (end->overrun_in_drained)
                stream_write(end->stream, overrun, sizeof(overrun));
        if (end->free_in_drained)
                free_both(end);
}

static void on_closed(void *data, const Error *err)
{
        End *end = data;

        check_alive(end);
        end->closes++;
        error_copy(&end->why, err);
        if (end->free_in_closed)
                free_both(end);
}

static const StreamOps ops = {on_input, on_drained, on_closed};

static void open_end(End *end, int fd, size_t max_input, size_t max_output)
{
        _cleanup_(error_done) Error err = {};

        *end = (End){.unit = 1};
        assert_ok(stream_new(loop, fd, &ops,
                             &(StreamLimits){.max_input = max_input, .max_output = max_output}, end,
                             &end->stream, &err));
        assert_int_equal(stream_fd(end->stream), fd);
}

/* A stream and the plain socket at its other side. */
static int open_pair(End *end, size_t max_input, size_t max_output)
{
        int fds[2];

        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        open_end(end, fds[0], max_input, max_output);
        return fds[1];
}

static void done(End *end)
{
        end->stream = stream_free(end->stream);
        str_done(&end->got);
        error_done(&end->why);
}

static void put(int fd, const char *text)
{
        assert_int_equal(fd_write_all(fd, text, strlen(text)), 0);
}

static void turns(int n)
{
        while (n-- > 0)
                loop_turn(loop, false);
}

static void bytes_both_ways(void **state)
{
        char block[16];
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 0);
        assert_true(fcntl(stream_fd(end.stream), F_GETFL) & O_NONBLOCK);
        put(peer, "hello");
        assert_int_equal(end.inputs, 0);
        loop_turn(loop, true);
        assert_string_equal(end.got.text, "hello");

        stream_write(end.stream, "answer", 6);
        stream_write(end.stream, "", 0);
        assert_int_equal(stream_queued(end.stream), 0); /* went at once */
        assert_int_equal(read(peer, block, sizeof(block)), 6);
        assert_memory_equal(block, "answer", 6);

        close(peer);
        loop_turn(loop, true);
        assert_int_equal(end.closes, 1);
        assert_false(error_is_set(&end.why));
        stream_write(end.stream, "late", 4);
        stream_pause(end.stream, true);
        stream_pause(end.stream, false);
        turns(3);
        assert_int_equal(end.closes, 1);
        done(&end);
}

/* What was not consumed is shown again, with more behind it, when more arrived and not before. */
static void unconsumed_input_is_shown_again(void **state)
{
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 0);
        end.unit = 4;
        put(peer, "abc");
        loop_turn(loop, true);
        turns(3);
        assert_int_equal(end.inputs, 1);
        assert_int_equal(end.got.len, 0);
        put(peer, "defghij");
        loop_turn(loop, true);
        assert_int_equal(end.shown, 10);
        assert_string_equal(end.got.text, "abcdefgh");
        put(peer, "kl");
        loop_turn(loop, true);
        assert_int_equal(end.shown, 4);
        assert_string_equal(end.got.text, "abcdefghijkl");
        close(peer);
        done(&end);
}

static void count(void *data)
{
        (*(unsigned *) data)++;
}

static void input_is_bounded(void **state)
{
        enum {
                MAX = 100,
        };
        char block[4 * MAX];
        End end;

        (void) state;
        int peer = open_pair(&end, MAX, 0);
        memset(block, 'x', sizeof(block));
        end.unit = 0;
        assert_int_equal(fd_write_all(peer, block, sizeof(block)), 0);
        turns(5);
        assert_int_equal(end.shown, MAX);
        assert_int_equal(end.inputs, 1);

        /* The loop sleeps meanwhile. */
        unsigned fired = 0, woken = 0;
        Timer *timer = timer_new(loop, count, &fired);
        timer_start(timer, 30);
        while (!fired) {
                loop_turn(loop, true);
                woken++;
        }
        assert_true(woken < 10);
        timer_free(timer);

        /* Resumed, it takes what it holds and reads on, up to the bound each time. */
        end.unit = 1;
        stream_pause(end.stream, false);
        assert_int_equal(end.inputs, 1);
        while (end.got.len < sizeof(block)) {
                loop_turn(loop, true);
                assert_true(end.shown <= MAX);
        }
        assert_memory_equal(end.got.text, block, sizeof(block));
        close(peer);
        done(&end);
}

static void pause_and_resume(void **state)
{
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 0);
        stream_pause(end.stream, true);
        put(peer, "abcd");
        turns(3);
        assert_int_equal(end.inputs, 0);
        stream_pause(end.stream, false);
        turns(1);
        assert_string_equal(end.got.text, "abcd");

        /* Paused by its own callback, with a rest: shown again on the turn after the resuming. */
        end.pause_in_input = true;
        end.unit = 3;
        put(peer, "efgh");
        turns(3);
        assert_int_equal(end.inputs, 2);
        assert_string_equal(end.got.text, "abcdefg");
        put(peer, "ij");
        turns(3);
        assert_int_equal(end.inputs, 2);
        end.unit = 1;
        end.pause_in_input = false;
        stream_pause(end.stream, false);
        assert_int_equal(end.inputs, 2);
        turns(1);
        assert_true(str_after(end.got.text, "abcdefgh"));
        turns(1);
        assert_string_equal(end.got.text, "abcdefghij");

        /* Paused again before the turn came: nothing is shown. */
        end.unit = 0;
        put(peer, "k");
        turns(1);
        unsigned inputs = end.inputs;
        stream_pause(end.stream, false);
        stream_pause(end.stream, true);
        turns(3);
        assert_int_equal(end.inputs, inputs);
        close(peer);
        turns(3);
        assert_int_equal(end.closes, 0); /* not read, so not seen */
        stream_pause(end.stream, false);
        turns(2);
        assert_int_equal(end.closes, 1);
        done(&end);
}

static void write_number(End *end, Str *expect, int i, int size)
{
        size_t start = expect->len;

        str_addf(expect, "%*d", 1 + i % size, i);
        stream_write(end->stream, expect->text + start, expect->len - start);
}

/* A peer that reads slowly gets everything in order; `drained` tells when all is out. */
static void output_waits_for_the_peer(void **state)
{
        enum {
                N = 12000,
                SIZE = 300,
        };
        _cleanup_(str_done) Str expect = {};
        char block[7001];
        size_t got = 0;
        End end;

        (void) state;
        int peer = open_pair(&end, 0, N * SIZE);
        assert_int_equal(fd_set_nonblock(peer, true), 0);
        /* A second half is written while the first is half out. */
        for (int i = 0; i < N / 2; i++)
                write_number(&end, &expect, i, SIZE);
        assert_true(stream_queued(end.stream) > 0);
        assert_int_equal(end.drains, 0);
        for (int i = N / 2; got < expect.len || i < N;) {
                ssize_t n = read(peer, block, sizeof(block));

                if (n < 0) {
                        assert_int_equal(errno, EAGAIN);
                        loop_turn(loop, true);
                        continue;
                }
                assert_memory_equal(block, expect.text + got, n);
                got += (size_t) n;
                while (got > 200000 && i < N)
                        write_number(&end, &expect, i++, SIZE);
        }
        turns(2);
        assert_int_equal(stream_queued(end.stream), 0);
        assert_int_equal(end.drains, 1);
        assert_int_equal(end.closes, 0);
        close(peer);
        done(&end);
}

static void output_is_bounded(void **state)
{
        enum {
                MAX = 10000,
        };
        _cleanup_(free_ptr) char *block = xcalloc(1, MAX);
        End end;

        (void) state;
        int peer = open_pair(&end, 0, MAX);
        while (stream_queued(end.stream) == 0)
                stream_write(end.stream, block, 100);
        stream_write(end.stream, block, MAX - stream_queued(end.stream));
        assert_int_equal(stream_queued(end.stream), MAX);
        turns(3);
        assert_int_equal(end.closes, 0);

        put(peer, "in time"); /* not shown: the stream breaks before the next turn reads */
        stream_write(end.stream, block, 1);
        assert_int_equal(end.closes, 0); /* stream_write() never calls back */
        assert_int_equal(stream_queued(end.stream), 0);
        stream_write(end.stream, block, MAX);
        turns(1);
        assert_int_equal(end.closes, 1);
        assert_int_equal(end.why.code, ERROR_OPERATION_FAILED);
        assert_int_equal(end.inputs, 0);
        turns(3);
        assert_int_equal(end.closes, 1);
        close(peer);
        done(&end);
}

/* A callback that breaks its own stream is told of it next, and of nothing before. */
static void broken_by_its_own_callback(void **state)
{
        static char block[1 << 20];
        End end;

        (void) state;
        int peer = open_pair(&end, 0, sizeof(block));
        assert_int_equal(fd_set_nonblock(peer, true), 0);
        end.overrun_in_drained = true;
        stream_write(end.stream, block, sizeof(block));
        while (stream_queued(end.stream) > 0 && end.drains == 0) {
                while (read(peer, block, sizeof(block)) > 0)
                        ;
                put(peer, "x");
                unsigned inputs = end.inputs;
                loop_turn(loop, true);
                if (end.drains > 0)
                        assert_int_equal(end.inputs, inputs);
        }
        assert_int_equal(end.drains, 1);
        assert_int_equal(end.closes, 0);
        turns(1);
        assert_int_equal(end.closes, 1);
        assert_int_equal(end.why.code, ERROR_OPERATION_FAILED);
        close(peer);
        done(&end);
}

/* The peer spoke and left; writing to it then fails, but what it said is heard, and it is an end.
 */
static void last_words_are_heard(void **state)
{
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 0);
        put(peer, "goodbye");
        close(peer);
        stream_write(end.stream, "x", 1);
        assert_int_equal(end.closes, 0);
        while (end.closes == 0)
                loop_turn(loop, true);
        assert_string_equal(end.got.text, "goodbye");
        assert_false(error_is_set(&end.why));
        done(&end);

        /* Also where the reader frees the stream on hearing it. */
        peer = open_pair(&end, 0, 0);
        end.free_in_input = true;
        put(peer, "goodbye");
        close(peer);
        stream_write(end.stream, "x", 1);
        turns(3);
        assert_null(end.stream);
        assert_int_equal(end.closes, 0);
        done(&end);

        /* And nothing is shown to one that paused. */
        peer = open_pair(&end, 0, 0);
        stream_pause(end.stream, true);
        put(peer, "goodbye");
        close(peer);
        stream_write(end.stream, "x", 1);
        turns(2);
        assert_int_equal(end.inputs, 0);
        assert_int_equal(end.closes, 1);
        done(&end);
}

static void a_reset_connection_is_closed(void **state)
{
        End end;

        (void) state;
        /* A unix socket closed with unread data resets its peer. */
        int peer = open_pair(&end, 0, 0);
        stream_write(end.stream, "unread", 6);
        close(peer);
        while (end.closes == 0)
                loop_turn(loop, true);
        assert_false(error_is_set(&end.why));
        done(&end);
}

static void pipes(void **state)
{
        End in, out;
        int fds[2];

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        open_end(&in, fds[0], 0, 0);
        open_end(&out, fds[1], 0, 0);
        stream_write(out.stream, "through", 7);
        loop_turn(loop, true);
        assert_string_equal(in.got.text, "through");
        done(&out);
        while (in.closes == 0)
                loop_turn(loop, true);
        assert_false(error_is_set(&in.why));
        done(&in);

        /* The reader leaves: seen without writing, and by writing, and no SIGPIPE in either case.
         */
        for (int i = 0; i < 2; i++) {
                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                open_end(&out, fds[1], 0, 0);
                turns(2);
                assert_int_equal(out.closes, 0);
                close(fds[0]);
                if (i == 1)
                        stream_write(out.stream, "x", 1);
                while (out.closes == 0)
                        loop_turn(loop, true);
                assert_false(error_is_set(&out.why));
                done(&out);
        }
        sigset_t pending;
        sigpending(&pending);
        assert_false(sigismember(&pending, SIGPIPE));

        /* What cannot be written to says so. */
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        open_end(&in, fds[0], 0, 0);
        stream_write(in.stream, "x", 1);
        turns(1);
        assert_int_equal(in.closes, 1);
        assert_int_equal(in.why.sys_errno, EBADF);
        done(&in);
        close(fds[1]);
}

/* A pty: the end of its other side is EIO in the kernel's words, and an end in ours. */
static void ptys(void **state)
{
        int master, slave;
        char block[64];
        End end;

        (void) state;
        for (int side = 0; side < 2; side++) {
                assert_int_equal(openpty(&master, &slave, NULL, NULL, NULL), 0);
                int ours = side == 0 ? master : slave, theirs = side == 0 ? slave : master;

                open_end(&end, ours, 0, 0);
                put(theirs, "hello\n");
                while (end.got.len < 6)
                        loop_turn(loop, true);
                stream_write(end.stream, "answer\n", 7);
                assert_true(read(theirs, block, sizeof(block)) > 0);
                close(theirs);
                while (end.closes == 0)
                        loop_turn(loop, true);
                assert_false(error_is_set(&end.why));
                done(&end);
        }
}

static void refused_descriptors(void **state)
{
        _cleanup_(error_done) Error err = {};
        _cleanup_(fd_closep) int file = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
        Stream *stream = NULL;

        (void) state;
        assert_error(stream_new(loop, file, &ops, NULL, NULL, &stream, &err), SYSTEM);
        assert_error(stream_new(loop, 9999, &ops, NULL, NULL, &stream, &err), SYSTEM);
        assert_null(stream);
        assert_int_equal(fcntl(file, F_GETFD), FD_CLOEXEC); /* still the caller's */
}

/* Descriptors */

static void send_fds(int peer, const char *text, const int *fds, size_t n)
{
        union {
                struct cmsghdr header;
                char bytes[CMSG_SPACE(256 * sizeof(int))];
        } control = {};
        struct iovec iov = {.iov_base = (void *) text, .iov_len = strlen(text)};
        struct msghdr msg = {.msg_iov = &iov,
                             .msg_iovlen = 1,
                             .msg_control = &control,
                             .msg_controllen = CMSG_SPACE(n * sizeof(int))};

        control.header = (struct cmsghdr){.cmsg_level = SOL_SOCKET,
                                          .cmsg_type = SCM_RIGHTS,
                                          .cmsg_len = CMSG_LEN(n * sizeof(int))};
        memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
        assert_int_equal(sendmsg(peer, &msg, 0), iov.iov_len);
}

static ino_t inode(int fd)
{
        struct stat st;

        assert_int_equal(fstat(fd, &st), 0);
        return st.st_ino;
}

/* A packet and the byte that carries its descriptor can come out of one recvmsg() together. */
static void a_descriptor_read_together_with_its_packet(void **state)
{
        int fds[2];
        End end;

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        int peer = open_pair(&end, 0, 0);
        put(peer, "packet");
        send_fds(peer, "0", &fds[0], 1);
        put(peer, "next");
        send_fds(peer, "0", &fds[1], 1);
        loop_turn(loop, true);
        assert_int_equal(end.inputs, 1);
        assert_string_equal(end.got.text, "packet0");
        int fd = stream_take_fd(end.stream);
        assert_true(fd >= 0);
        assert_int_equal(fcntl(fd, F_GETFD), FD_CLOEXEC);
        assert_int_equal(inode(fd), inode(fds[0]));
        assert_int_equal(stream_take_fd(end.stream), -1);
        close(fd);
        loop_turn(loop, true);
        assert_string_equal(end.got.text, "packet0next0");
        fd = stream_take_fd(end.stream);
        assert_true(fcntl(fd, F_GETFL) & O_WRONLY);
        close(fd);
        close(fds[0]);
        close(fds[1]);
        close(peer);
        done(&end);
}

/* Between two streams, with the queue full in between: every descriptor comes with its own byte. */
static void descriptors_keep_their_place(void **state)
{
        enum {
                N = 40,
                SIZE = 20000,
        };
        _cleanup_(free_ptr) char *block = xcalloc(1, SIZE);
        int fds[2], sent[N], before = count_fds();
        size_t taken = 0;
        End a, b;

        (void) state;
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
        open_end(&a, fds[0], 0, N * (SIZE + 1));
        open_end(&b, fds[1], 0, 0);
        memset(block, '.', SIZE);
        for (int i = 0; i < N; i++) {
                int pipe_fds[2];

                assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
                sent[i] = pipe_fds[1];
                stream_write(a.stream, block, SIZE);
                stream_write_fd(a.stream, '!', pipe_fds[0]);
        }
        assert_true(stream_queued(a.stream) > 0);
        while (taken < N) {
                loop_turn(loop, true);
                for (int fd; (fd = stream_take_fd(b.stream)) >= 0; taken++) {
                        char byte = 0;

                        put(sent[taken], "x"); /* the other end of the same pipe */
                        assert_int_equal(read(fd, &byte, 1), 1);
                        close(fd);
                        close(sent[taken]);
                        assert_true(b.got.len >= (taken + 1) * (SIZE + 1));
                        assert_int_equal(b.got.text[(taken + 1) * (SIZE + 1) - 1], '!');
                }
        }
        assert_int_equal(b.got.len, N * (SIZE + 1));
        done(&a);
        done(&b);
        assert_int_equal(count_fds(), before);
}

/* A peer cannot fill our table: past 64 the stream breaks, and all of them are closed. */
static void hostile_descriptors(void **state)
{
        int before = count_fds(), fds[200];
        End end;

        (void) state;
        for (int n = 64; n <= 200; n += 68) {
                int peer = open_pair(&end, 0, 0);

                for (int i = 0; i < n; i++)
                        fds[i] = 2;
                send_fds(peer, "x", fds, (size_t) n);
                loop_turn(loop, true);
                if (n == 64) {
                        assert_int_equal(end.closes, 0);
                        send_fds(peer, "y", fds, 1);
                        loop_turn(loop, true);
                }
                assert_int_equal(end.closes, 1);
                assert_int_equal(end.why.code, ERROR_PROTOCOL);
                done(&end);
                close(peer);
                assert_int_equal(count_fds(), before);
        }
        /* Nor on a stream whose user never asks for any. */
        int peer = open_pair(&end, 0, 0);
        for (int i = 0; i < 64; i++)
                send_fds(peer, "x", fds, 1);
        while (end.got.len < 64)
                loop_turn(loop, true);
        assert_int_equal(end.closes, 0);
        close(peer);
        done(&end);
        assert_int_equal(count_fds(), before);
}

/* A descriptor that never left, or cannot leave, is closed with the stream. */
static void unsent_descriptors_are_closed(void **state)
{
        static char block[1 << 20];
        int before = count_fds(), fds[2];
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 2 * sizeof(block));
        stream_write(end.stream, block, sizeof(block));
        stream_write_fd(end.stream, 0, dup(2));
        done(&end);
        close(peer);
        assert_int_equal(count_fds(), before);

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        open_end(&end, fds[1], 0, 0);
        stream_write_fd(end.stream, 0, dup(2)); /* not over a pipe */
        assert_int_equal(end.closes, 0);
        stream_write_fd(end.stream, 0, dup(2));
        turns(1);
        assert_int_equal(end.closes, 1);
        assert_int_equal(end.why.sys_errno, ENOTSOCK);
        stream_write_fd(end.stream, 0, dup(2));
        done(&end);
        close(fds[0]);
        assert_int_equal(count_fds(), before);
}

/* Freeing */

/* Whatever callback frees it, alone or with its peer: none of either runs again (check_alive). */
static void no_callback_after_free(void **state)
{
        static char block[300000];
        int before = count_fds();

        (void) state;
        for (unsigned mask = 0; mask < 1U << 8; mask++) {
                End a, b;
                int fds[2];

                assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds), 0);
                open_end(&a, fds[0], 0, sizeof(block));
                open_end(&b, fds[1], 0, sizeof(block));
                a.free_in_input = mask & 1;
                a.free_in_drained = mask & 2;
                a.free_in_closed = mask & 4;
                b.free_in_input = mask & 8;
                b.free_in_drained = mask & 16;
                b.free_in_closed = mask & 32;
                a.other = mask & 64 ? &b : NULL;
                b.other = mask & 128 ? &a : NULL;
                stream_write(a.stream, block, sizeof(block));
                stream_write(b.stream, block, sizeof(block));
                for (int i = 0; i < 12; i++)
                        loop_turn(loop, false);
                /* Then an end by overrun on one side, and of the peer on the other. */
                if (a.stream) {
                        stream_write(a.stream, block, sizeof(block));
                        stream_write(a.stream, block, sizeof(block));
                        stream_write(a.stream, block, sizeof(block));
                }
                for (int i = 0; i < 12; i++)
                        loop_turn(loop, false);
                if (a.stream && !b.stream)
                        assert_int_equal(a.closes, 1);
                done(&a);
                done(&b);
                loop_turn(loop, false);
        }
        assert_int_equal(count_fds(), before);
}

static void freed_right_after_a_write(void **state)
{
        static char block[3 << 20];
        End end;

        (void) state;
        int peer = open_pair(&end, 0, 0);
        stream_write(end.stream, block, sizeof(block)); /* broke: the next turn would tell */
        done(&end);
        turns(2);
        assert_int_equal(end.closes, 0);
        assert_null(stream_free(NULL));
        close(peer);
}

static void echo_through_small_bounds(void **state)
{
        enum {
                TOTAL = 1 << 20,
        };
        char block[5000];
        size_t sent = 0, got = 0;
        End end;

        (void) state;
        int peer = open_pair(&end, 4096, 1 << 20);
        assert_int_equal(fd_set_nonblock(peer, true), 0);
        end.echo = true;
        while (got < TOTAL) {
                for (size_t i = 0; i < sizeof(block); i++)
                        block[i] = (char) ((sent + i) * 31 >> 4);
                ssize_t n =
                        sent < TOTAL && sent - got < 100000 ? write(peer, block, sizeof(block)) : 0;
                sent += n > 0 ? (size_t) n : 0;
                loop_turn(loop, false);
                n = read(peer, block, sizeof(block));
                for (ssize_t i = 0; i < n; i++)
                        if (block[i] != (char) ((got + (size_t) i) * 31 >> 4))
                                fail_msg("byte %zu differs", got + (size_t) i);
                got += n > 0 ? (size_t) n : 0;
        }
        assert_int_equal(end.closes, 0);
        close(peer);
        done(&end);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(bytes_both_ways),
                loop_test(unconsumed_input_is_shown_again),
                loop_test(input_is_bounded),
                loop_test(pause_and_resume),
                loop_test(output_waits_for_the_peer),
                loop_test(output_is_bounded),
                loop_test(broken_by_its_own_callback),
                loop_test(last_words_are_heard),
                loop_test(a_reset_connection_is_closed),
                loop_test(pipes),
                loop_test(ptys),
                loop_test(refused_descriptors),
                loop_test(a_descriptor_read_together_with_its_packet),
                loop_test(descriptors_keep_their_place),
                loop_test(hostile_descriptors),
                loop_test(unsent_descriptors_are_closed),
                loop_test(no_callback_after_free),
                loop_test(freed_right_after_a_write),
                loop_test(echo_through_small_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
