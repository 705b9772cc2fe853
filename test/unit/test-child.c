/* loop/child: ends told in full, descriptors and signals as a new program expects them, the gate,
 * and nobody else's children taken. */
#include "unit-loop.h"

#include "base/fd.h"
#include "base/str.h"
#include "loop/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct End {
        unsigned calls;
        ChildStatus status;
        Child *to_free;
} End;

static void on_end(void *data, const ChildStatus *status)
{
        End *end = data;

        end->calls++;
        end->status = *status;
        end->to_free = child_free(end->to_free);
}

static void await(const End *end)
{
        while (end->calls == 0)
                loop_turn(loop, true);
}

#define SHELL(script) ((char *[]){(char *) "sh", (char *) "-c", (char *) (script), NULL})

/* Starts `sh -c script` with `out` as descriptors 1 and 2. */
static Child *spawn_shell(const char *script, int out, bool gated, End *end)
{
        _cleanup_(error_done) Error err = {};
        Child *child = NULL;

        assert_ok(child_spawn(loop,
                              &(ChildSpec){.path = "/bin/sh",
                                           .argv = SHELL(script),
                                           .fds = (int[]){-1, out, out},
                                           .n_fds = 3,
                                           .gated = gated},
                              on_end, end, &child, &err));
        return child;
}

/* Everything until the last writer closes, as text. */
static char *read_to_end(int fd)
{
        _cleanup_(str_done) Str text = {};
        char block[4096];
        ssize_t n;

        while ((n = read(fd, block, sizeof(block))) > 0)
                str_addn(&text, block, (size_t) n);
        assert_int_equal(n, 0);
        return str_take(&text);
}

static char *output_of(const char *script, ChildStatus *ret)
{
        End end = {};
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        Child *child = spawn_shell(script, fds[1], false, &end);
        close(fds[1]);
        char *text = read_to_end(fds[0]);
        close(fds[0]);
        await(&end);
        child_free(child);
        if (ret)
                *ret = end.status;
        return text;
}

static void exit_status(void **state)
{
        (void) state;
        for (int code = 0; code < 256; code += 51) {
                _cleanup_(free_ptr) char *script = xasprintf("exit %d", code);
                ChildStatus status;
                free(output_of(script, &status));

                assert_true(status.known);
                assert_false(status.signaled);
                assert_false(status.core_dumped);
                assert_int_equal(status.code, code);
        }
}

/* Whether the system dumps a core for this script, by a child that the test waits for itself. */
static bool dumps_core(const char *script)
{
        int status;
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0) {
                execl("/bin/sh", "sh", "-c", script, NULL);
                _exit(1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status));
        return WCOREDUMP(status);
}

static void end_by_signal(void **state)
{
        static const int signals[] = {SIGTERM, SIGKILL, SIGQUIT};
        char dir[] = "/tmp/ostler-test-child-XXXXXX";
        struct rlimit before;

        (void) state;
        assert_non_null(mkdtemp(dir));
        _cleanup_(fd_closep) int here = open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(chdir(dir), 0);
        assert_int_equal(getrlimit(RLIMIT_CORE, &before), 0);
        setrlimit(RLIMIT_CORE,
                  &(struct rlimit){.rlim_cur = before.rlim_max, .rlim_max = before.rlim_max});
        for (size_t i = 0; i < ELEMENTSOF(signals); i++) {
                _cleanup_(free_ptr) char *script = xasprintf("kill -%d $$", signals[i]);
                bool core = dumps_core(script);
                _cleanup_(free_ptr) char *expect = xasprintf("killed by signal %d%s", signals[i],
                                                             core ? " (core dumped)" : "");
                ChildStatus status;
                free(output_of(script, &status));

                assert_true(status.known);
                assert_true(status.signaled);
                assert_int_equal(status.core_dumped, core);
                _cleanup_(free_ptr) char *text = child_status_text(&status);
                assert_string_equal(text, expect);
        }
        setrlimit(RLIMIT_CORE, &before);
        _cleanup_(free_ptr) char *clean = xasprintf("rm -rf %s", dir);
        free(output_of(clean, NULL));
        assert_int_equal(fchdir(here), 0);
}

static void status_texts(void **state)
{
        static const struct {
                ChildStatus status;
                const char *text;
        } cases[] = {
                {{.known = true, .code = 1}, "exit status 1"},
                {{.known = true, .signaled = true, .code = 9}, "killed by signal 9"},
                {{.known = true, .signaled = true, .core_dumped = true, .code = 11},
                 "killed by signal 11 (core dumped)"},
                {{}, "ended"},
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(free_ptr) char *text = child_status_text(&cases[i].status);

                assert_string_equal(text, cases[i].text);
        }
}

static void a_program_that_cannot_run(void **state)
{
        static const char *const cases[][2] = {
                {"/nonexistent/x", "No such file or directory"},
                {"/proc/self/status", "Permission denied"},
        };
        _cleanup_(error_done) Error err = {};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(free_ptr) char *expect =
                        xasprintf("cannot execute '%s': %s\n", cases[i][0], cases[i][1]);
                End end = {};
                Child *child;
                int fds[2];

                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                assert_ok(child_spawn(loop,
                                      &(ChildSpec){.path = cases[i][0],
                                                   .argv = SHELL(""),
                                                   .fds = (int[]){-1, -1, fds[1]},
                                                   .n_fds = 3},
                                      on_end, &end, &child, &err));
                close(fds[1]);
                _cleanup_(free_ptr) char *text = read_to_end(fds[0]);
                assert_string_equal(text, expect);
                close(fds[0]);
                await(&end);
                assert_true(end.status.known && !end.status.signaled);
                assert_int_equal(end.status.code, 127);
                child_free(child);
        }
}

/* Each wanted descriptor arrives at its place, whatever number it had, and nothing else does. */

enum {
        FIRST = 3, /* main() keeps these numbers free for the test */
        PLACES = 4,
};

static void pass_permuted(const int order[PLACES])
{
        _cleanup_(error_done) Error err = {};
        int fds[FIRST + PLACES] = {-1, -1, -1}, readers[PLACES];
        End end = {};
        Child *child;

        for (int i = 0; i < PLACES; i++) {
                int pipe_fds[2];

                assert_int_equal(pipe(pipe_fds), 0);
                assert_int_equal(dup2(pipe_fds[1], FIRST + order[i]), FIRST + order[i]);
                close(pipe_fds[1]);
                readers[i] = pipe_fds[0];
                fds[FIRST + i] = FIRST + order[i];
        }
        assert_ok(child_spawn(loop,
                              &(ChildSpec){.path = "/bin/sh",
                                           .argv = SHELL("for i in 3 4 5 6; do echo $i >&$i; done\n"
                                                         "exec 1>&4\n"
                                                         "readlink /proc/$$/fd/0 /proc/$$/fd/2\n"
                                                         "exec ls /proc/self/fd >&3"),
                                           .fds = fds,
                                           .n_fds = ELEMENTSOF(fds)},
                              on_end, &end, &child, &err));
        for (int i = 0; i < PLACES; i++)
                assert_int_equal(dup2(2, FIRST + i), FIRST + i);
        for (int i = 0; i < PLACES; i++) {
                _cleanup_(free_ptr) char *text = read_to_end(readers[i]);
                static const char *const expect[PLACES] = {
                        "3\n0\n1\n2\n3\n4\n5\n6\n7\n", /* 7 is the one of ls */
                        "4\n/dev/null\n/dev/null\n",
                        "5\n",
                        "6\n",
                };

                assert_string_equal(text, expect[i]);
                close(readers[i]);
        }
        await(&end);
        child_free(child);
}

static void descriptors(void **state)
{
        int stray[] = {50, 300};

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(stray); i++)
                assert_int_equal(dup2(2, stray[i]), stray[i]);
        for (int n = 0; n < 256; n++) {
                int order[PLACES] = {n & 3, n >> 2 & 3, n >> 4 & 3, n >> 6 & 3};
                unsigned used = 0;

                for (int i = 0; i < PLACES; i++)
                        used |= 1U << order[i];
                if (used == 0xf)
                        pass_permuted(order);
        }
        for (size_t i = 0; i < ELEMENTSOF(stray); i++)
                close(stray[i]);
}

static void ignore_signal(int sig)
{
        (void) sig;
}

/* A new program starts with nothing blocked and nothing ignored, whatever the daemon does. */
static void signals_are_reset(void **state)
{
        struct sigaction before_pipe, before_usr;
        sigset_t usr2, before;

        (void) state;
        sigaction(SIGPIPE, &(struct sigaction){.sa_handler = SIG_IGN}, &before_pipe);
        sigaction(SIGUSR1, &(struct sigaction){.sa_handler = ignore_signal}, &before_usr);
        sigemptyset(&usr2);
        sigaddset(&usr2, SIGUSR2);
        sigprocmask(SIG_BLOCK, &usr2, &before);
        _cleanup_(free_ptr) char *text =
                output_of("grep -E '^Sig(Blk|Ign)' /proc/self/status | tr -s '\\t0' ' '", NULL);
        assert_string_equal(text, "SigBlk: \nSigIgn: \n");
        sigset_t now;
        sigprocmask(SIG_SETMASK, &before, &now);
        assert_true(sigismember(&now, SIGUSR2)); /* ours are as they were */
        assert_false(sigismember(&now, SIGTERM));
        sigaction(SIGPIPE, &before_pipe, NULL);
        sigaction(SIGUSR1, &before_usr, NULL);
}

static void environment_and_session(void **state)
{
        _cleanup_(error_done) Error err = {};
        End end = {};
        Child *child;
        int fds[2];

        (void) state;
        for (int session = 0; session < 2; session++) {
                end = (End){};
                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                assert_ok(child_spawn(
                        loop,
                        &(ChildSpec){.path = "/bin/sh",
                                     .argv = SHELL("echo $A $HOME; read -r pid name state ppid "
                                                   "group sid rest </proc/self/stat; echo $sid"),
                                     .envp = (char *[]){(char *) "A=b", NULL},
                                     .fds = (int[]){-1, fds[1], -1},
                                     .n_fds = 3,
                                     .new_session = session},
                        on_end, &end, &child, &err));
                close(fds[1]);
                _cleanup_(free_ptr) char *text = read_to_end(fds[0]);
                _cleanup_(free_ptr) char *expect =
                        xasprintf("b\n%d\n", session ? child_pid(child) : getsid(0));
                assert_string_equal(text, expect);
                close(fds[0]);
                await(&end);
                child_free(child);
        }
        setenv("OSTLER_TEST_VARIABLE", "inherited", 1);
        _cleanup_(free_ptr) char *own = output_of("echo $OSTLER_TEST_VARIABLE", NULL);
        assert_string_equal(own, "inherited\n");
}

static void wait_state(pid_t pid, int options)
{
        siginfo_t info;

        assert_int_equal(waitid(P_PID, (id_t) pid, &info, options | WNOWAIT), 0);
}

/* A stop is not an end. */
static void stopped_and_continued(void **state)
{
        End end = {};
        Child *child = spawn_shell("exec sleep 1000", 2, false, &end);

        (void) state;
        for (int i = 0; i < 3; i++) {
                child_kill(child, SIGSTOP);
                wait_state(child_pid(child), WSTOPPED);
                loop_turn(loop, false);
                assert_int_equal(end.calls, 0);
                child_kill(child, SIGCONT);
                wait_state(child_pid(child), WCONTINUED);
                loop_turn(loop, false);
                assert_int_equal(end.calls, 0);
        }
        child_kill(child, SIGSTOP);
        wait_state(child_pid(child), WSTOPPED);
        child_kill(child, SIGKILL);
        await(&end);
        assert_true(end.status.signaled);
        assert_int_equal(end.status.code, SIGKILL);
        child_kill(child, SIGKILL); /* harmless now */
        loop_turn(loop, false);
        assert_int_equal(end.calls, 1);
        child_free(child);
}

static bool is_child(pid_t pid)
{
        siginfo_t info;

        return waitid(P_PID, (id_t) pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

/* The record of a freed child reaps it, and calls nobody. */
static void freed_while_running(void **state)
{
        End end = {};
        pid_t pids[5];

        (void) state;
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                Child *child = spawn_shell("exec sleep 1000", 2, false, &end);

                pids[i] = child_pid(child);
                child_free(child);
        }
        loop_turn(loop, false);
        for (size_t i = 0; i < ELEMENTSOF(pids); i++) {
                assert_true(is_child(pids[i]));
                kill(pids[i], SIGKILL);
                while (is_child(pids[i]))
                        loop_turn(loop, true);
        }
        assert_int_equal(end.calls, 0);
        assert_null(child_free(NULL));
}

static void freed_in_its_callback(void **state)
{
        End end = {};

        (void) state;
        end.to_free = spawn_shell("exit 3", 2, false, &end);
        await(&end);
        assert_null(end.to_free);
        assert_int_equal(end.status.code, 3);
}

/* Two that ended in the same turn, where the callback of one frees the other: it is never told of,
 * and reaped all the same. */
static void freed_by_a_sister(void **state)
{
        End a = {}, b = {};
        Child *first = spawn_shell("exit 1", 2, false, &a),
              *second = spawn_shell("exit 2", 2, false, &b);
        pid_t pids[2] = {child_pid(first), child_pid(second)};

        (void) state;
        a.to_free = second;
        b.to_free = first;
        wait_state(pids[0], WEXITED);
        wait_state(pids[1], WEXITED);
        loop_turn(loop, false);
        for (int i = 0; i < 2; i++)
                while (is_child(pids[i]))
                        loop_turn(loop, true);
        assert_int_equal(a.calls + b.calls, 1);
        child_free(a.calls ? first : second);
}

/* loop_free() leaves running children alone and reaps those that ended. */
static void loop_end_leaves_children(void **state)
{
        End end = {};
        siginfo_t info;

        (void) state;
        Child *runs = spawn_shell("exec sleep 1000", 2, false, &end),
              *ended = spawn_shell("exit 0", 2, false, &end);
        pid_t runs_pid = child_pid(runs), ended_pid = child_pid(ended);

        wait_state(ended_pid, WEXITED);
        child_free(runs);
        child_free(ended);
        loop = loop_free(loop);
        assert_false(is_child(ended_pid));
        assert_true(is_child(runs_pid));
        assert_int_equal(kill(runs_pid, SIGKILL), 0);
        assert_int_equal(waitid(P_PID, (id_t) runs_pid, &info, WEXITED), 0);
        assert_int_equal(info.si_code, CLD_KILLED);
        assert_int_equal(end.calls, 0);
}

static pid_t fork_foreign(void)
{
        pid_t pid = fork();

        assert_true(pid >= 0);
        if (pid == 0)
                _exit(5);
        return pid;
}

/* A library of the same process that forks and waits for what it forked, before or after ours. */
static void a_foreign_library(void **state)
{
        (void) state;
        for (int order = 0; order < 4; order++) {
                bool forks_first = order & 1, waits_first = order & 2;
                pid_t foreign = forks_first ? fork_foreign() : -1;
                End end = {};
                int status;

                Child *child = spawn_shell("exit 3", 2, false, &end);
                if (!forks_first)
                        foreign = fork_foreign();
                wait_state(foreign, WEXITED);
                wait_state(child_pid(child), WEXITED);
                if (!waits_first)
                        await(&end);
                assert_int_equal(waitpid(foreign, &status, 0), foreign);
                assert_int_equal(WEXITSTATUS(status), 5);
                await(&end);
                assert_true(end.status.known);
                assert_int_equal(end.status.code, 3);
                child_free(child);
        }
}

static void stolen_by_a_careless_one(void **state)
{
        End end = {};
        Child *child = spawn_shell("exit 3", 2, false, &end);
        int status;

        (void) state;
        assert_int_equal(waitpid(child_pid(child), &status, 0), child_pid(child));
        await(&end);
        assert_false(end.status.known); /* no guess */
        child_free(child);
}

/* The gate */

static void gated_until_released(void **state)
{
        End end = {};
        int fds[2];

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC | O_NONBLOCK), 0);
        Child *child = spawn_shell("echo ran", fds[1], true, &end);
        close(fds[1]);
        char byte;

        /* Its own doing would be seen as a stop or an end; a process at the gate shows neither. */
        child_kill(child, SIGSTOP);
        wait_state(child_pid(child), WSTOPPED);
        child_kill(child, SIGCONT);
        wait_state(child_pid(child), WCONTINUED);
        assert_int_equal(read(fds[0], &byte, 1), -1);
        assert_int_equal(errno, EAGAIN);
        assert_true(child_start_time(child) > 0);
        assert_true(child_start_time(child) == process_start_time(child_pid(child)));

        child_release(child);
        child_release(child);
        await(&end);
        assert_int_equal(end.status.code, 0);
        assert_int_equal(fd_set_nonblock(fds[0], false), 0);
        _cleanup_(free_ptr) char *text = read_to_end(fds[0]);
        assert_string_equal(text, "ran\n");
        close(fds[0]);
        child_free(child);
}

/* The other end of each gate is held by this process alone, however many children wait: closing one
 * ends that child, while the others still wait. */
static void many_gates(void **state)
{
        enum {
                N = 8,
        };
        Child *children[N];
        End ends[N] = {};
        int readers[N];

        (void) state;
        for (int i = 0; i < N; i++) {
                int fds[2];

                assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
                children[i] = spawn_shell("echo ran", fds[1], true, &ends[i]);
                close(fds[1]);
                readers[i] = fds[0];
        }
        for (int k = 0; k < N; k++) {
                int i = (5 * k + 3) % N;

                if (k % 2 == 0) {
                        pid_t pid = child_pid(children[i]);

                        child_free(children[i]);
                        while (is_child(pid))
                                loop_turn(loop, true);
                        assert_int_equal(ends[i].calls, 0);
                } else {
                        child_release(children[i]);
                        await(&ends[i]);
                        child_free(children[i]);
                }
                _cleanup_(free_ptr) char *text = read_to_end(readers[i]);
                assert_string_equal(text, k % 2 == 0 ? "" : "ran\n");
                close(readers[i]);
        }
}

static void killed_at_the_gate(void **state)
{
        End end = {};
        Child *child = spawn_shell("exit 0", 2, true, &end);

        (void) state;
        child_kill(child, SIGTERM);
        wait_state(child_pid(child), WEXITED);
        child_release(child); /* nobody is there; no SIGPIPE */
        await(&end);
        assert_true(end.status.signaled);
        assert_int_equal(end.status.code, SIGTERM);
        child_free(child);
}

/* The daemon dies with several children at their gates: all end, and no program ran. */
static void parent_dies(void **state)
{
        int fds[2], status;

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid_t daemon = fork();
        assert_true(daemon >= 0);
        if (daemon == 0) {
                Child *child;
                Error err = {};
                Loop *own;

                if (loop_new(&own, &err) < 0)
                        _exit(1);
                for (int i = 0; i < 6; i++) {
                        if (child_spawn(own,
                                        &(ChildSpec){.path = "/bin/sh",
                                                     .argv = SHELL("echo ran"),
                                                     .fds = (int[]){-1, fds[1], fds[1]},
                                                     .n_fds = 3,
                                                     .new_session = i % 2,
                                                     .gated = true},
                                        on_end, NULL, &child, &err) < 0)
                                _exit(1);
                        if (i == 3)
                                child_release(child);
                }
                kill(getpid(), SIGKILL);
        }
        close(fds[1]);
        _cleanup_(free_ptr) char *text = read_to_end(fds[0]); /* until the last of them has ended */
        assert_string_equal(text, "ran\n");
        close(fds[0]);
        assert_int_equal(waitpid(daemon, &status, 0), daemon);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

/* Adopted processes */

/* The script's output with what the child may do as `spec` says. */
static char *output_within(const char *script, ChildSpec spec)
{
        _cleanup_(error_done) Error err = {};
        End end = {};
        Child *child = NULL;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        spec.path = "/bin/sh";
        spec.argv = SHELL(script);
        spec.fds = (int[]){-1, fds[1], fds[1]};
        spec.n_fds = 3;
        assert_ok(child_spawn(loop, &spec, on_end, &end, &child, &err));
        close(fds[1]);
        char *text = read_to_end(fds[0]);
        close(fds[0]);
        await(&end);
        child_free(child);
        return text;
}

static void runs_as_another_user(void **state)
{
        static const gid_t groups[] = {4242, 4343};
        const ChildUser user = {.uid = 65534, .gid = 4141, .groups = groups, .n_groups = 2};
        _cleanup_(free_ptr) char *text = NULL;

        (void) state;
        if (geteuid() != 0)
                skip();
        text = output_within(
                "grep -E '^(Uid|Gid|Groups|CapEff):' /proc/self/status | tr '\\t\\n' '  '",
                (ChildSpec){.user = &user});
        assert_non_null(strstr(text, "Uid: 65534 65534 65534 65534"));
        assert_non_null(strstr(text, "Gid: 4141 4141 4141 4141"));
        assert_non_null(strstr(text, "Groups: 4242 4343"));
        assert_non_null(strstr(text, "CapEff: 0000000000000000"));
}

static void limits_are_in_force(void **state)
{
        _cleanup_(free_ptr) char *text = output_within(
                "umask; ulimit -c; ulimit -n; grep NoNewPrivs /proc/self/status",
                (ChildSpec){.umask = 0027, .max_files = 99, .no_core = true, .no_new_privs = true});

        (void) state;
        assert_string_equal(text, "0027\n0\n99\nNoNewPrivs:\t1\n");
}

static void joins_its_cgroup_at_the_gate(void **state)
{
        _cleanup_(error_done) Error err = {};
        char text[8] = {};
        End end = {};
        Child *child = NULL;
        int fds[2];

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_ok(child_spawn(loop,
                              &(ChildSpec){.path = "/bin/sh",
                                           .argv = SHELL("exit 0"),
                                           .gated = true,
                                           .cgroup_fd = fds[1]},
                              on_end, &end, &child, &err));
        assert_int_equal(read(fds[0], text, sizeof(text)), 1);
        assert_string_equal(text, "0");
        assert_int_equal(end.calls, 0);
        child_release(child);
        await(&end);
        assert_int_equal(end.status.code, 0);
        child_free(child);
        close(fds[0]);
        close(fds[1]);
}

static void adopted_end_is_seen(void **state)
{
        _cleanup_(error_done) Error err = {};
        End end = {};
        Child *child;
        int fds[2], status;
        pid_t pid = -1;

        (void) state;
        /* A process whose parent is gone: the end of `fds` tells that the parent has ended. */
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        pid_t parent = fork();
        assert_true(parent >= 0);
        if (parent == 0) {
                pid_t orphan = fork();

                if (orphan == 0) {
                        for (;;)
                                pause();
                }
                _exit(fd_write_all(fds[1], &orphan, sizeof(orphan)) < 0);
        }
        assert_int_equal(fd_read_all(fds[0], &pid, sizeof(pid)), 0);
        assert_int_equal(waitpid(parent, &status, 0), parent);
        close(fds[0]);
        close(fds[1]);

        uint64_t start = process_start_time(pid);
        assert_true(start > 0);
        assert_error(child_adopt(loop, pid, start + 1, on_end, &end, &child, &err),
                     OPERATION_FAILED);
        assert_ok(child_adopt(loop, pid, start, on_end, &end, &child, &err));
        assert_int_equal(child_pid(child), pid);
        assert_true(child_start_time(child) == start);
        loop_turn(loop, false);
        assert_int_equal(end.calls, 0);
        child_release(child); /* has no gate */
        child_kill(child, SIGTERM);
        await(&end);
        assert_false(end.status.known);
        child_kill(child, SIGTERM);
        child_free(child);
}

static void adopting_what_is_gone(void **state)
{
        static const pid_t impossible[] = {0, -1, 0x7fffffff};
        _cleanup_(error_done) Error err = {};
        End end = {};
        Child *child = NULL;
        int status;

        (void) state;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                _exit(0);
        wait_state(pid, WEXITED);
        uint64_t start = process_start_time(pid);
        assert_true(start > 0);
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(process_start_time(pid) == 0);
        assert_error(child_adopt(loop, pid, start, on_end, &end, &child, &err), OPERATION_FAILED);
        assert_error(child_adopt(loop, pid, 0, on_end, &end, &child, &err), OPERATION_FAILED);
        for (size_t i = 0; i < ELEMENTSOF(impossible); i++)
                assert_error(child_adopt(loop, impossible[i], 1, on_end, &end, &child, &err),
                             OPERATION_FAILED);
        assert_null(child);
}

/* Freed while it runs: left alone, and nothing of it stays. Its end belongs to its parent. */
static void adopted_and_freed(void **state)
{
        _cleanup_(error_done) Error err = {};
        End end = {};
        Child *child;
        siginfo_t info;

        (void) state;
        pid_t pid = fork();
        assert_true(pid >= 0);
        if (pid == 0)
                for (;;)
                        pause();
        uint64_t start = process_start_time(pid);
        assert_ok(child_adopt(loop, pid, start, on_end, &end, &child, &err));
        child_free(child);
        assert_ok(child_adopt(loop, pid, start, on_end, &end, &child, &err));
        child_kill(child, SIGUSR1);
        await(&end);
        child_free(child);
        assert_int_equal(waitid(P_PID, (id_t) pid, &info, WEXITED), 0);
        assert_int_equal(info.si_code, CLD_KILLED);
        assert_int_equal(info.si_status, SIGUSR1);
}

/* A name with blanks and brackets does not shift the fields that are read. */
static void start_time_of_an_odd_name(void **state)
{
        End end = {};
        int fds[2];
        char byte;

        (void) state;
        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        Child *child = spawn_shell("printf 'a) 1 (b' >/proc/$$/comm; echo; exec sleep 1000 2>&-",
                                   fds[1], false, &end);
        uint64_t start = child_start_time(child);
        assert_int_equal(read(fds[0], &byte, 1), 1);
        assert_true(start > 0);
        assert_true(process_start_time(child_pid(child)) == start);
        child_kill(child, SIGKILL);
        await(&end);
        child_free(child);
        close(fds[0]);
        close(fds[1]);
}

static int descriptors_before;

static int remember_descriptors(void **state)
{
        (void) state;
        for (int i = 0; i < PLACES; i++)
                if (fcntl(FIRST + i, F_GETFD) < 0 && dup2(2, FIRST + i) < 0)
                        return -1;
        if (loop_new(&loop, NULL) < 0)
                return -1;
        loop = loop_free(loop); /* libuv keeps a pipe for the process from the first loop on */
        descriptors_before = count_fds();
        return 0;
}

static int check_descriptors(void **state)
{
        (void) state;
        return count_fds() == descriptors_before ? 0 : -1;
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                loop_test(exit_status),
                loop_test(end_by_signal),
                cmocka_unit_test(status_texts),
                loop_test(a_program_that_cannot_run),
                loop_test(descriptors),
                loop_test(signals_are_reset),
                loop_test(environment_and_session),
                loop_test(stopped_and_continued),
                loop_test(freed_while_running),
                loop_test(freed_in_its_callback),
                loop_test(freed_by_a_sister),
                loop_test(loop_end_leaves_children),
                loop_test(a_foreign_library),
                loop_test(stolen_by_a_careless_one),
                loop_test(gated_until_released),
                loop_test(many_gates),
                loop_test(killed_at_the_gate),
                loop_test(parent_dies),
                loop_test(runs_as_another_user),
                loop_test(limits_are_in_force),
                loop_test(joins_its_cgroup_at_the_gate),
                loop_test(adopted_end_is_seen),
                loop_test(adopting_what_is_gone),
                loop_test(adopted_and_freed),
                loop_test(start_time_of_an_odd_name),
        };

        return cmocka_run_group_tests(tests, remember_descriptors, check_descriptors);
}
