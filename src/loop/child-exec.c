/* The forked side of child_spawn(), in order: signals as a new program expects them, the session,
 * the descriptors, the gate, the program.
 *
 * Every descriptor that was not asked for is closed before the gate is waited for. Otherwise this
 * child would hold the other end of a sister's gate, which then never learns that the daemon died.
 */
#include "loop/child-exec.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
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

static _Noreturn void fail(const ChildPlan *plan, int sys_errno)
{
        const char *reason = strerrordesc_np(sys_errno);

        say("cannot execute '");
        say(plan->path);
        say("': ");
        say(reason ? reason : "unknown error");
        say("\n");
        _exit(EXIT_NO_PROGRAM);
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

_Noreturn void child_become(const ChildPlan *plan)
{
        char byte;
        ssize_t n;

        reset_signals();
        if (plan->new_session)
                (void) setsid();
        int gate = arrange_fds(plan);
        if (gate >= 0) {
                do
                        n = read(gate, &byte, 1);
                while (n < 0 && errno == EINTR);
                if (n != 1)
                        _exit(EXIT_NOT_RELEASED);
                (void) close(gate);
        }
        (void) execve(plan->path, plan->argv, plan->envp);
        fail(plan, errno);
}
