/* A load on a server of libvirt's protocol, on the wire itself: no client library stands between.
 *
 * usage: bench-load SOCKET CALL [CONNECTIONS [DEPTH [SECONDS]]]
 *
 * CALL is info, list or define. Each connection is a thread that keeps DEPTH calls in flight (1: no
 * pipelining). Prints one line: calls a second, and calls a CPU-second of the server, whose pid the
 * socket tells. The domains that it defines are undefined at the end. */
#include "base/clock.h"
#include "base/error.h"
#include "base/fd.h"
#include "base/str.h"

#include <arpa/inet.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
        PROGRAM = 0x20008086,
        HEADER = 28,
        PACKET_MAX = 32 * 1024 * 1024,
        CONNECTIONS_MAX = 64,
        DEPTH_MAX = 64,
        DOCUMENTS = 8, /* domains that a connection defines in turn */

        PROC_OPEN = 1,
        PROC_DEFINE = 11,
        PROC_INFO = 16,
        PROC_UNDEFINE = 35,
        PROC_AUTH_LIST = 66,
        PROC_LIST_ALL = 273,
};

typedef struct Connection {
        pthread_t thread;
        unsigned number;
        int fd;
        uint32_t serial;
        Str in;                 /* what was received and is not looked at yet */
        size_t eat;             /* bytes of it that the last packet took */
        Str domains[DOCUMENTS]; /* as the server encodes them */
        Str documents[DOCUMENTS];
        uint64_t calls;
} Connection;

static Connection connections[CONNECTIONS_MAX];
static unsigned depth = 1;
static atomic_bool over;

static void die(const char *what)
{
        perror(what);
        exit(1);
}

static void put(Str *out, uint32_t value)
{
        value = htonl(value);
        str_addn(out, (const char *) &value, sizeof(value));
}

static void put_string(Str *out, const char *text, size_t len)
{
        put(out, (uint32_t) len);
        str_addn(out, text, len);
        str_addn(out, "\0\0\0", -len & 3);
}

static void put_call(Str *out, Connection *c, uint32_t procedure, const Str *args)
{
        put(out, (uint32_t) (HEADER + args->len));
        put(out, PROGRAM);
        put(out, 1);
        put(out, procedure);
        put(out, 0);
        put(out, c->serial++);
        put(out, 0);
        str_addn(out, args->text, args->len);
}

static uint32_t get(const char *at)
{
        uint32_t value;

        memcpy(&value, at, sizeof(value));
        return ntohl(value);
}

/* The next packet, good until the next call. Ends the program when the server refuses. */
static const char *receive(Connection *c, size_t *ret_len)
{
        char chunk[65536];

        if (c->eat)
                memmove(c->in.text, c->in.text + c->eat, c->in.len - c->eat);
        c->in.len -= c->eat;
        c->eat = 0;
        for (;;) {
                size_t len = c->in.len >= 4 ? get(c->in.text) : 0;
                ssize_t n;

                if (c->in.len >= 4 && (len < HEADER || len > PACKET_MAX)) {
                        fprintf(stderr, "bench-load: the server sent a packet of %zu bytes\n", len);
                        exit(1);
                }
                if (len && c->in.len >= len) {
                        if (get(c->in.text + 24) != 0) {
                                fprintf(stderr, "bench-load: the server refused procedure %u\n",
                                        get(c->in.text + 12));
                                exit(1);
                        }
                        *ret_len = c->eat = len;
                        return c->in.text;
                }
                n = read(c->fd, chunk, sizeof(chunk));
                if (n <= 0)
                        die("bench-load: read");
                str_addn(&c->in, chunk, (size_t) n);
        }
}

static void send_all(Connection *c, const Str *out)
{
        if (fd_write_all(c->fd, out->text, out->len) < 0)
                die("bench-load: write");
}

/* One call and its answer, which is put behind `ret`. */
static void ask(Connection *c, uint32_t procedure, const Str *args, Str *ret)
{
        _cleanup_(str_done) Str out = {};
        const char *packet;
        size_t len;

        put_call(&out, c, procedure, args);
        send_all(c, &out);
        packet = receive(c, &len);
        if (ret)
                str_addn(ret, packet + HEADER, len - HEADER);
}

static void open_connection(Connection *c, const char *path)
{
        static const char uri[] = "qemu:///system";
        struct sockaddr_un address = {.sun_family = AF_UNIX};
        _cleanup_(str_done) Str none = {};
        _cleanup_(str_done) Str args = {};

        c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
        if (c->fd < 0 || connect(c->fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                die(path);
        str_add(&none, "");
        ask(c, PROC_AUTH_LIST, &none, NULL);
        put(&args, 1);
        put_string(&args, uri, strlen(uri));
        put(&args, 0);
        ask(c, PROC_OPEN, &args, NULL);
}

static void define_domains(Connection *c)
{
        for (unsigned i = 0; i < DOCUMENTS; i++) {
                _cleanup_(str_done) Str text = {};

                str_addf(&text,
                         "<domain type='qemu'><name>load-%u-%u</name>"
                         "<uuid>10ad0000-%04x-4000-8000-%012x</uuid>"
                         "<memory unit='MiB'>512</memory><vcpu>1</vcpu>"
                         "<os><type arch='x86_64' machine='pc'>hvm</type></os><devices>"
                         "<emulator>/usr/bin/qemu-system-x86_64</emulator>"
                         "<disk type='file' device='disk'><driver name='qemu' type='raw'/>"
                         "<source file='/var/tmp/load-%u-%u.img'/>"
                         "<target dev='vda' bus='virtio'/></disk>"
                         "<serial type='pty'/></devices></domain>",
                         c->number, i, c->number, i, c->number, i);
                put_string(&c->documents[i], text.text, text.len);
                ask(c, PROC_DEFINE, &c->documents[i], &c->domains[i]);
        }
}

static void put_next(Str *out, Connection *c, uint32_t procedure)
{
        _cleanup_(str_done) Str args = {};
        unsigned i = c->serial % DOCUMENTS;

        switch (procedure) {
        case PROC_INFO:
                put_call(out, c, procedure, &c->domains[i]);
                break;
        case PROC_DEFINE:
                put_call(out, c, procedure, &c->documents[i]);
                break;
        default:
                put(&args, 1);
                put(&args, 0);
                put_call(out, c, procedure, &args);
        }
}

static uint32_t procedure;

/* Keeps `depth` calls in flight until the time is over, then takes in what is left. */
static void *run(void *data)
{
        Connection *c = data;
        unsigned flying = 0;

        while (!atomic_load_explicit(&over, memory_order_relaxed) || flying) {
                _cleanup_(str_done) Str out = {};
                size_t len;

                while (flying < depth && !over) {
                        put_next(&out, c, procedure);
                        flying++;
                }
                if (out.len)
                        send_all(c, &out);
                if (!flying)
                        break;
                /* What came in one piece is answered in one piece. */
                do {
                        receive(c, &len);
                        flying--;
                        c->calls++;
                } while (flying && c->in.len - c->eat >= HEADER &&
                         c->in.len - c->eat >= get(c->in.text + c->eat));
        }
        return NULL;
}

/* CPU time of the process at the other end, in nanoseconds. */
static uint64_t server_cpu_ns(const Connection *c)
{
        struct ucred peer;
        socklen_t len = sizeof(peer);
        char path[64], line[1024];
        unsigned long user, system;
        FILE *file;
        int n;

        if (getsockopt(c->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
                die("bench-load: SO_PEERCRED");
        snprintf(path, sizeof(path), "/proc/%d/stat", (int) peer.pid);
        file = fopen(path, "re");
        if (!file || !fgets(line, sizeof(line), file))
                die(path);
        fclose(file);
        n = sscanf(strrchr(line, ')') + 1, " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
                   &user, &system);
        return n == 2 ? (user + system) * (1000000000ULL / (unsigned long) sysconf(_SC_CLK_TCK))
                      : 0;
}

static unsigned number(char **argv, int argc, int at, unsigned fallback, unsigned max)
{
        unsigned long value = at < argc ? strtoul(argv[at], NULL, 10) : fallback;

        return value < 1 ? 1 : value > max ? max : (unsigned) value;
}

int main(int argc, char **argv)
{
        static const struct {
                const char *name;
                uint32_t procedure;
        } calls[] = {{"info", PROC_INFO}, {"list", PROC_LIST_ALL}, {"define", PROC_DEFINE}};
        unsigned n = number(argv, argc, 3, 1, CONNECTIONS_MAX);
        unsigned seconds = number(argv, argc, 5, 2, 3600);
        uint64_t begin, cpu, done = 0;
        double wall, used;

        depth = number(argv, argc, 4, 1, DEPTH_MAX);
        for (size_t i = 0; argc > 2 && i < sizeof(calls) / sizeof(calls[0]); i++)
                if (strcmp(argv[2], calls[i].name) == 0)
                        procedure = calls[i].procedure;
        if (!procedure) {
                fprintf(stderr, "usage: bench-load SOCKET info|list|define [CONNECTIONS [DEPTH "
                                "[SECONDS]]]\n");
                return 2;
        }
        for (unsigned i = 0; i < n; i++) {
                connections[i].number = i;
                open_connection(&connections[i], argv[1]);
                define_domains(&connections[i]);
        }
        cpu = server_cpu_ns(&connections[0]);
        begin = clock_monotonic_ns();
        for (unsigned i = 0; i < n; i++)
                if (pthread_create(&connections[i].thread, NULL, run, &connections[i]) != 0)
                        die("bench-load: thread");
        sleep(seconds);
        over = true;
        for (unsigned i = 0; i < n; i++) {
                pthread_join(connections[i].thread, NULL);
                done += connections[i].calls;
        }
        wall = (double) (clock_monotonic_ns() - begin) / 1e9;
        used = (double) (server_cpu_ns(&connections[0]) - cpu) / 1e9;
        printf("%s %u connections %u deep: %.0f /s, %.0f a CPU-second of the server\n", argv[2], n,
               depth, (double) done / wall, used > 0 ? (double) done / used : 0);
        for (unsigned i = 0; i < n; i++) {
                for (unsigned k = 0; k < DOCUMENTS; k++) {
                        ask(&connections[i], PROC_UNDEFINE, &connections[i].domains[k], NULL);
                        str_done(&connections[i].domains[k]);
                        str_done(&connections[i].documents[k]);
                }
                str_done(&connections[i].in);
                close(connections[i].fd);
        }
        return 0;
}
