/* ostlerd: opens the engine with its drivers, listens, and runs the loop until SIGTERM.
 *
 * The end of the daemon is no event for the guests: they run on, an operation that was under way is
 * in the journal, and the next daemon takes both up. */
#include "daemon/options.h"
#include "daemon/report.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "fake/fake.h"
#include "loop/job.h"
#include "loop/watch.h"
#include "qemu/qemu.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void) 0)
#endif

/* The hypervisors of this build. The first one's save images lie in lib/save itself. */
static const DriverType *const drivers[] = {&qemu_driver, &fake_driver, NULL};

typedef struct Daemon {
        Options options;
        Loop *loop;
        Engine *engine;
        WireServer *server;
        Watch *signals;
        int signal_fd;
} Daemon;

static void on_signal(void *data, int events)
{
        Daemon *daemon = data;
        struct signalfd_siginfo info;

        (void) events;
        if (read(daemon->signal_fd, &info, sizeof(info)) != sizeof(info))
                return;
        log_at(LOG_LEVEL_NOTICE, "daemon", "ending on signal %u; guests run on", info.ssi_signo);
        sd_notify(0, "STOPPING=1");
        loop_stop(daemon->loop);
}

static int watch_signals(Daemon *daemon, Error *err)
{
        sigset_t set;

        signal(SIGPIPE, SIG_IGN);
        sigemptyset(&set);
        sigaddset(&set, SIGTERM);
        sigaddset(&set, SIGINT);
        sigprocmask(SIG_BLOCK, &set, NULL);
        daemon->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (daemon->signal_fd < 0)
                return error_set_errno(err, errno, "cannot watch signals");
        return watch_new(daemon->loop, daemon->signal_fd, WATCH_IN, on_signal, daemon,
                         &daemon->signals, err);
}

static int listen_for_clients(Daemon *daemon, Error *err)
{
        _cleanup_(free_ptr) char *path = path_join(daemon->options.run_dir, "libvirt-sock");
        _cleanup_(free_ptr) char *ro_path = path_join(daemon->options.run_dir, "libvirt-sock-ro");
        WireConfig config = {
                .path = path,
                .ro_path = ro_path,
                .mode = daemon->options.socket_mode,
                .ro_mode = daemon->options.socket_ro_mode,
                .observe = report_client,
        };

        return wire_server_new(daemon->loop, daemon->engine, &config, &daemon->server, err);
}

static void recovered(void *data, const Error *err)
{
        (void) data;
        if (error_is_set(err))
                log_at(LOG_LEVEL_ERROR, "daemon", "recovery: %s", error_text(err));
        else
                log_at(LOG_LEVEL_INFO, "daemon", "recovery has ended");
}

static int open_engine(Daemon *daemon, Error *err)
{
        EngineConfig config = {
                .lib_dir = daemon->options.lib_dir,
                .run_dir = daemon->options.run_dir,
                .log_dir = daemon->options.log_dir,
                .drivers = drivers,
                .hooks = {.observe = report_operation},
        };
        int r = engine_open(daemon->loop, &config, &daemon->engine, err);

        if (r < 0)
                return r;
        for (size_t i = 0; drivers[i]; i++)
                engine_watch(daemon->engine, engine_driver(daemon->engine, drivers[i]->name),
                             report_event, NULL);
        return 0;
}

static int serve(Daemon *daemon, Error *err)
{
        int r = loop_new(&daemon->loop, err);

        if (r < 0)
                return r;
        r = watch_signals(daemon, err);
        if (r < 0)
                return r;
        r = open_engine(daemon, err);
        if (r < 0)
                return r;
        engine_start(daemon->engine, recovered, daemon);
        r = listen_for_clients(daemon, err);
        if (r < 0)
                return r;

        log_at(LOG_LEVEL_NOTICE, "daemon", "ostlerd " OSTLER_VERSION " serves '%s'",
               daemon->options.run_dir);
        sd_notify(0, "READY=1");
        loop_run(daemon->loop);
        return 0;
}

static void close_all(Daemon *daemon)
{
        wire_server_free(daemon->server);
        engine_close(daemon->engine);
        watch_free(daemon->signals);
        if (daemon->loop && jobs_running(daemon->loop)) {
                /* A call that hangs in the kernel, on a dead mount say, does not keep the daemon.
                 */
                log_at(LOG_LEVEL_WARNING, "daemon", "ending in spite of a call that hangs");
                _exit(0);
        }
        loop_free(daemon->loop);
        fd_close(daemon->signal_fd);
        options_done(&daemon->options);
}

int main(int argc, char **argv)
{
        Daemon daemon = {.signal_fd = -1};
        _cleanup_(error_done) Error err = {};
        int r;

        if (options_parse(argc, argv, &daemon.options, &err) < 0) {
                fprintf(stderr, "ostlerd: %s\n", error_text(&err));
                return 2;
        }
        if (daemon.options.help || daemon.options.version) {
                fputs(daemon.options.help ? options_help : "ostlerd " OSTLER_VERSION "\n", stdout);
                options_done(&daemon.options);
                return 0;
        }
        log_set_level(daemon.options.log_level);
        umask(0077);

        r = serve(&daemon, &err);
        if (r < 0)
                log_at(LOG_LEVEL_CRITICAL, "daemon", "%s", error_text(&err));
        close_all(&daemon);
        return r < 0 ? 1 : 0;
}
