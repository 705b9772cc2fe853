/* The forked side of child_spawn(), in order: signals as a new program expects them, the session,
 * the cgroup, the descriptors, the limits, the user, the gate, the program.
 *
 * The user is changed by system calls of its own, since libc's functions take locks to change every
 * thread; here is one thread, and another may have held the lock at the fork.
 *
 * Every descriptor that was not asked for is closed before the gate is waited for. Otherwise this
 * child would hold the other end of a sister's gate, which then never learns that the daemon died.
 */
#include "loop/child-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum {
        EXIT_NOT_RELEASED = 126,
        EXIT_NO_PROGRAM = 127,
};

static void say(const char *text)
{
        size_t len = strlen(text);

        while (len > 0) {
                ssize_t n = write(2, text, len);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n <= 0)
                        return;
                text += n;
                len -= (size_t) n;
        }
}

static _Noreturn void fail_to(const char *what, const ChildPlan *plan, int sys_errno)
{
        const char *reason = strerrordesc_np(sys_errno);

        say("cannot ");
        say(what);
        say(" '");
        say(plan->spec->path);
        say("': ");
        say(reason ? reason : "unknown error");
        say("\n");
        _exit(EXIT_NO_PROGRAM);
}

static _Noreturn void fail(const ChildPlan *plan, int sys_errno)
{
        fail_to("execute", plan, sys_errno);
}

/* Default handlers, then nothing blocked: no handler of the daemon runs in the child. */
static void reset_signals(void)
{
        struct sigaction action = {.sa_handler = SIG_DFL};
        sigset_t none;

        for (int sig = 1; sig < _NSIG; sig++)
                (void) sigaction(sig, &action, NULL);
        sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
}

/* Puts each descriptor in its place and closes every other; returns the gate's new number. The
 * sources are first copied above the places, as one may stand where another goes. */
static int arrange_fds(const ChildPlan *plan)
{
        int places = (int) plan->n_fds, gate = plan->gate;

        for (int i = 0; i < places; i++) {
                int source = plan->fds[i];

                if (source < 0)
                        continue;
                plan->scratch[i] = fcntl(source, F_DUPFD_CLOEXEC, places);
                if (plan->scratch[i] < 0)
                        fail(plan, errno);
        }
        if (gate >= 0 && gate < places) {
                gate = fcntl(gate, F_DUPFD_CLOEXEC, places);
                if (gate < 0)
                        fail(plan, errno);
        }
        for (int i = 0; i < places; i++) {
                if (plan->fds[i] >= 0) {
                        if (dup2(plan->scratch[i], i) < 0)
                                fail(plan, errno);
                        continue;
                }
                (void) close(i);
                if (i < 3 && open("/dev/null", O_RDWR) != i)
                        fail(plan, errno);
        }
        if (gate >= 0) {
                if (gate != places && dup2(gate, places) < 0)
                        fail(plan, errno);
                (void) fcntl(places, F_SETFD, FD_CLOEXEC);
                gate = places++;
        }
        if (close_range((unsigned) places, ~0U, 0) < 0)
                fail(plan, errno);
        return gate;
}

/* The limit stays as it is where the host does not let us change it. */
static void set_limits(const ChildSpec *spec)
{
        struct rlimit files = {spec->max_files, spec->max_files};
        struct rlimit none = {0, 0};

        if (spec->umask)
                (void) umask(spec->umask);
        if (spec->max_files)
                (void) setrlimit(RLIMIT_NOFILE, &files);
        if (spec->no_core)
                (void) setrlimit(RLIMIT_CORE, &none);
}

static void become_user(const ChildPlan *plan)
{
        const ChildSpec *spec = plan->spec;
        const ChildUser *user = spec->user;

        if (user && (syscall(SYS_setgroups, user->n_groups, user->groups) < 0 ||
                     syscall(SYS_setresgid, user->gid, user->gid, user->gid) < 0 ||
                     syscall(SYS_setresuid, user->uid, user->uid, user->uid) < 0))
                fail_to("change the user of", plan, errno);
        if (spec->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
                fail_to("limit", plan, errno);
}

_Noreturn void child_become(const ChildPlan *plan)
{
        const ChildSpec *spec = plan->spec;
        char byte;
        ssize_t n;

        reset_signals();
        if (spec->new_session)
                (void) setsid();
        if (spec->cgroup_fd > 0)
                (void) !write(spec->cgroup_fd, "0", 1); /* ignoring: it stays where we are */
        int gate = arrange_fds(plan);
        set_limits(spec);
        become_user(plan);
        if (gate >= 0) {
                do
                        n = read(gate, &byte, 1);
                while (n < 0 && errno == EINTR);
                if (n != 1)
                        _exit(EXIT_NOT_RELEASED);
                (void) close(gate);
        }
        (void) execve(spec->path, spec->argv, plan->envp);
        fail(plan, errno);
}
