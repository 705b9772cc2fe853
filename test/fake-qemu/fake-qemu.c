/* A program that stands for QEMU: it takes the same command line, speaks QMP, and goes wrong where
 * it is told to.
 *
 * What goes wrong is in its own file name, so that it can be an <emulator>: links to it are named
 *
 *     NAME,AT:WHAT[,AT:WHAT...]        as fake-qemu,migrate:fail
 *
 * AT is "greeting" or a QMP command. WHAT is one of
 *
 *     die       says why on its stderr and exits with status 1
 *     crash     is killed by SIGKILL
 *     error     answers with an error
 *     silence   says "silent at AT" on its stderr and does not answer, nor anything that follows
 *     garbage   answers what is no QMP
 *     half      says so too, answers half a message, closes the connection and lives on
 *     huge      answers a message without end
 *     deep      answers a message of a million brackets
 *     events    sends a thousand events that nobody knows, then answers
 *     fail      migrate, migrate-incoming: the migration begins and fails
 *     stuck     migrate, migrate-incoming: the migration begins and never ends, but for
 * migrate_cancel cut       migrate: sends less than it told, and completes
 *
 * log:commands writes "command NAME" to stderr for each. shutdown:pause stops a guest that shuts
 * down, as -action does.
 *
 * It knows a guest's status, saves MEMORY bytes and takes them back only when they are the same. As
 * a binary that is asked for its capabilities ("-machine none") it does as it is told only when its
 * name begins with "probe". */
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum {
        MONITOR = 3,
        MEMORY = 3 * 1024 * 1024,
};

static const char *rules; /* ",AT:WHAT,..." or "" */
static int monitor = -1;  /* the connection */
static int listener = -1;
static int passed = -1; /* the descriptor of getfd */
static bool stopped = true, silent;
static const char *migration = NULL; /* its status */
static bool quiet;

/* --- rules --- */

static bool is_told(const char *at, const char *what)
{
        char rule[128];
        const char *found;
        size_t len = (size_t) snprintf(rule, sizeof(rule), ",%s:%s", at, what);

        found = quiet ? NULL : strstr(rules, rule);
        return found && (found[len] == ',' || !found[len]);
}

/* --- output --- */

static void put(const char *bytes, size_t len)
{
        while (len && monitor >= 0) {
                ssize_t n = write(monitor, bytes, len);

                if (n < 0 && errno != EINTR)
                        return; /* whoever heard us is gone */
                if (n > 0) {
                        bytes += n;
                        len -= (size_t) n;
                }
        }
}

static void say(const char *text)
{
        put(text, strlen(text));
        put("\r\n", 2);
}

static void event(const char *name, const char *data)
{
        char line[512];

        snprintf(line, sizeof(line),
                 "{\"timestamp\": {\"seconds\": 1, \"microseconds\": 1}, \"event\": \"%s\"%s%s}",
                 name, data ? ", \"data\": " : "", data ? data : "");
        say(line);
}

static void migration_is(const char *status)
{
        char data[64];

        migration = status;
        snprintf(data, sizeof(data), "{\"status\": \"%s\"}", status);
        event("MIGRATION", data);
}

static void answer(json_t *value, json_int_t id)
{
        json_t *message = json_pack("{s:o, s:I}", "return", value, "id", id);
        char *text = json_dumps(message, JSON_COMPACT);

        say(text);
        free(text);
        json_decref(message);
}

/* --- going wrong --- */

static void flood(char c, size_t len, const char *end)
{
        char block[4096];

        memset(block, c, sizeof(block));
        for (; len > 0; len -= len < sizeof(block) ? len : sizeof(block))
                put(block, len < sizeof(block) ? len : sizeof(block));
        put(end, strlen(end));
}

/* True when there is nothing more to say here. */
static bool goes_wrong(const char *at, json_int_t id)
{
        char line[128];

        if (silent)
                return true;
        if (is_told(at, "die")) {
                fprintf(stderr, "fake QEMU dies at %s\n", at);
                exit(1);
        }
        if (is_told(at, "crash"))
                raise(SIGKILL);
        if (is_told(at, "silence")) {
                fprintf(stderr, "silent at %s\n", at);
                silent = true;
        } else if (is_told(at, "error")) {
                snprintf(
                        line, sizeof(line),
                        "{\"error\": {\"class\": \"GenericError\", \"desc\": \"refused as told\"}, "
                        "\"id\": %lld}",
                        (long long) id);
                say(line);
        } else if (is_told(at, "garbage")) {
                say("!\x01\xff garbage");
        } else if (is_told(at, "half")) {
                fprintf(stderr, "silent at %s\n", at);
                fprintf(stderr, "silent at %s\n", at);
                put("{\"return\": {", 12);
                shutdown(monitor, SHUT_RDWR);
        } else if (is_told(at, "huge")) {
                flood('x', 64 * 1024 * 1024, "");
        } else if (is_told(at, "deep")) {
                flood('[', 1024 * 1024, "\n");
        } else {
                for (int i = 0; is_told(at, "events") && i < 1000; i++)
                        event("NOBODY_KNOWS", "{\"x\": [1, {\"y\": null}]}");
                return false;
        }
        return true;
}

/* --- migration --- */

static void fill(char *block, size_t len, size_t at)
{
        for (size_t i = 0; i < len; i++)
                block[i] = (char) ((at + i) * 2654435761u >> 13);
}

static void save_memory(void)
{
        char block[4096];
        size_t end = is_told("migrate", "cut") || is_told("migrate", "fail") ? MEMORY / 2 : MEMORY;

        migration_is("setup");
        migration_is("active");
        if (is_told("migrate", "stuck"))
                return;
        for (size_t at = 0; at < end; at += sizeof(block)) {
                fill(block, sizeof(block), at);
                if (write(passed, block, sizeof(block)) != sizeof(block)) {
                        migration_is("failed");
                        return;
                }
        }
        migration_is(is_told("migrate", "fail") ? "failed" : "completed");
}

static void load_memory(void)
{
        static char block[4096], expected[4096];
        size_t at = 0, have = 0;
        ssize_t n;

        migration_is("setup");
        migration_is("active");
        if (is_told("migrate-incoming", "stuck"))
                return;
        while ((n = read(passed, block + have, sizeof(block) - have)) > 0) {
                have += (size_t) n;
                if (have < sizeof(block))
                        continue;
                fill(expected, sizeof(expected), at);
                if (memcmp(block, expected, sizeof(block)))
                        break;
                at += have;
                have = 0;
        }
        if (at == MEMORY && !is_told("migrate-incoming", "fail")) {
                migration_is("completed");
                return;
        }
        migration_is("failed");
        fprintf(stderr, "load of migration failed after %zu bytes\n", at);
        exit(1);
}

static void drop_passed(void)
{
        if (passed >= 0)
                close(passed);
        passed = -1;
}

/* --- commands --- */

static void run(const char *command, json_int_t id)
{
        if (is_told("log", "commands"))
                fprintf(stderr, "command %s\n", command);
        if (goes_wrong(command, id))
                return;
        if (!strcmp(command, "cont") && stopped) {
                stopped = false;
                event("RESUME", NULL);
        } else if (!strcmp(command, "stop") && !stopped) {
                stopped = true;
                event("STOP", NULL);
        } else if (!strcmp(command, "system_powerdown")) {
                event("POWERDOWN", NULL);
                event("SHUTDOWN", "{\"guest\": true, \"reason\": \"guest-shutdown\"}");
                if (is_told("shutdown", "pause")) {
                        stopped = true;
                        event("STOP", NULL);
                }
        } else if (!strcmp(command, "system_reset")) {
                event("RESET", "{\"guest\": false, \"reason\": \"host-qmp-system-reset\"}");
        }

        if (!strcmp(command, "query-status"))
                answer(json_pack("{s:s, s:b}", "status", stopped ? "paused" : "running", "running",
                                 !stopped),
                       id);
        else if (!strcmp(command, "query-migrate") && migration)
                answer(json_pack("{s:s, s:s, s:{s:I}}", "status", migration, "error-desc",
                                 "failed as told", "ram", "total", (json_int_t) MEMORY),
                       id);
        else if (!strcmp(command, "query-chardev") || !strcmp(command, "qom-list-types") ||
                 !strcmp(command, "query-cpu-definitions"))
                answer(json_array(), id);
        else if (!strcmp(command, "query-machines"))
                answer(json_pack("[{s:s, s:s, s:i, s:b}]", "name", "pc-i440fx-7.2", "alias", "pc",
                                 "cpu-max", 255, "is-default", 1),
                       id);
        else if (!strcmp(command, "query-version"))
                answer(json_pack("{s:{s:i, s:i, s:i}}", "qemu", "major", 7, "minor", 2, "micro", 0),
                       id);
        else if (!strcmp(command, "query-target"))
                answer(json_pack("{s:s}", "arch", "x86_64"), id);
        else
                answer(json_object(), id);

        if (!strcmp(command, "migrate")) {
                save_memory();
                if (!is_told("migrate", "stuck"))
                        drop_passed();
        } else if (!strcmp(command, "migrate-incoming")) {
                load_memory();
        } else if (!strcmp(command, "migrate_cancel") && migration &&
                   !strcmp(migration, "active")) {
                drop_passed();
                migration_is("cancelled");
        } else if (!strcmp(command, "quit") ||
                   (!strcmp(command, "system_powerdown") && !is_told("shutdown", "pause"))) {
                exit(0);
        }
}

static void obey(const char *line)
{
        json_t *message = json_loads(line, 0, NULL);
        const char *command = json_string_value(json_object_get(message, "execute"));

        if (command)
                run(command, json_integer_value(json_object_get(message, "id")));
        json_decref(message);
}

/* Bytes, and a descriptor with them. */
static ssize_t receive(char *buf, size_t len)
{
        union {
                struct cmsghdr header;
                char space[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = {buf, len};
        struct msghdr msg = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n = recvmsg(monitor, &msg, MSG_CMSG_CLOEXEC);
        const struct cmsghdr *cmsg = n > 0 ? CMSG_FIRSTHDR(&msg) : NULL;

        if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
                drop_passed();
                memcpy(&passed, CMSG_DATA(cmsg), sizeof(passed));
        }
        return n;
}

/* One connection, to its end. */
static void serve(void)
{
        static char buf[65536];
        size_t have = 0;
        ssize_t n;

        silent = false;
        if (!goes_wrong("greeting", 0))
                say("{\"QMP\": {\"version\": {\"qemu\": {\"micro\": 0, \"minor\": 2, \"major\": "
                    "7}, "
                    "\"package\": \"fake\"}, \"capabilities\": []}}");
        while ((n = receive(buf + have, sizeof(buf) - 1 - have)) > 0) {
                char *end;

                have += (size_t) n;
                buf[have] = '\0';
                while ((end = memchr(buf, '\n', have))) {
                        *end = '\0';
                        obey(buf);
                        have -= (size_t) (end + 1 - buf);
                        memmove(buf, end + 1, have);
                }
        }
        close(monitor);
}

int main(int argc, char **argv)
{
        const char *name = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
        bool server = false;

        signal(SIGPIPE, SIG_IGN);
        rules = strchr(name, ',') ? strchr(name, ',') : "";
        for (int i = 1; i < argc; i++) {
                server = server || strstr(argv[i], "fd=3,server=on");
                if (!strcmp(argv[i], "none,accel=tcg"))
                        quiet = strncmp(name, "probe", 5) != 0;
        }
        if (!server) {
                monitor = MONITOR;
                serve();
                return 0;
        }
        listener = MONITOR;
        while ((monitor = accept4(listener, NULL, NULL, SOCK_CLOEXEC)) >= 0)
                serve();
        perror("fake QEMU: accept");
        return 1;
}
