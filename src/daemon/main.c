/* ostlerd: opens the engine with its drivers, listens, and runs the loop until SIGTERM.
 *
 * The end of the daemon is no event for the guests: they run on, an operation that was under way is
 * in the journal, and the next daemon takes both up. */
#include "daemon/account.h"
#include "daemon/options.h"
#include "daemon/report.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/path.h"
#include "fake/fake.h"
#include "loop/job.h"
#include "loop/watch.h"
#include "qemu/qemu.h"
#if HAVE_XEN
#include "xen/xen.h"
#endif

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/stat.h>
#include <unistd.h>

#if HAVE_SYSTEMD
#include <systemd/sd-daemon.h>
#else
#define sd_notify(unset, state) ((void) 0)
#endif

/* The hypervisors of this build. The first one's save images lie in lib/save itself. */
static const DriverType *const drivers[] = {&qemu_driver,
#if HAVE_XEN
                                            &xen_driver,
#endif
                                            &fake_driver, NULL};

typedef struct Daemon {
        Options options;
        Loop *loop;
        Engine *engine;
        WireServer *server;
        Watch *signals;
        int signal_fd;
} Daemon;

/* The log's levels are taken anew; what else was changed waits for the next start. */
static void reload(Daemon *daemon)
{
        _cleanup_(settings_done) Settings settings = {};
        _cleanup_(error_done) Error err = {};

        if (options_reload(&daemon->options, &settings, &err) < 0) {
                log_at(LOG_LEVEL_ERROR, "daemon", "nothing was changed: %s", error_text(&err));
                return;
        }
        settings_apply_log(&settings);
        log_at(LOG_LEVEL_NOTICE, "daemon", "read the log's levels again");
}

static void on_signal(void *data, int events)
{
        Daemon *daemon = data;
        struct signalfd_siginfo info;

        (void) events;
        if (read(daemon->signal_fd, &info, sizeof(info)) != sizeof(info))
                return;
        if (info.ssi_signo == SIGHUP) {
                reload(daemon);
                return;
        }
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
        sigaddset(&set, SIGHUP);
        sigprocmask(SIG_BLOCK, &set, NULL);
        daemon->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
        if (daemon->signal_fd < 0)
                return error_set_errno(err, errno, "cannot watch signals");
        return watch_new(daemon->loop, daemon->signal_fd, WATCH_IN, on_signal, daemon,
                         &daemon->signals, err);
}

static WireLimits limits_of(const Settings *settings)
{
        return (WireLimits){
                .clients = (unsigned) settings->max_clients,
                .calls = (unsigned) settings->max_client_requests,
                .waiting = (unsigned) settings->max_client_waiting,
                .call_bytes = settings->max_client_request_bytes,
                .output_events = settings->max_client_event_bytes,
                .output_hard = settings->max_client_output_bytes,
                .registrations = (unsigned) settings->max_client_callbacks,
                .channels = (unsigned) settings->max_client_streams,
                .keepalive_ms = (unsigned) settings->keepalive_interval * 1000,
                .keepalive_count = (unsigned) settings->keepalive_count,
        };
}

/* The sockets' folder lets those through whom the sockets themselves are open to. */
static int open_run_dir(const Daemon *daemon, Error *err)
{
        const Settings *settings = &daemon->options.settings;
        const char *dir = daemon->options.run_dir;

        if (!((settings->unix_sock_rw_perms | settings->unix_sock_ro_perms) & 077))
                return 0;
        return chmod(dir, 0711) < 0 ? error_set_errno(err, errno, "cannot open '%s' to others", dir)
                                    : 0;
}

static int listen_for_clients(Daemon *daemon, Error *err)
{
        const Settings *settings = &daemon->options.settings;
        _cleanup_(free_ptr) char *path = path_join(daemon->options.run_dir, "libvirt-sock");
        _cleanup_(free_ptr) char *ro_path = path_join(daemon->options.run_dir, "libvirt-sock-ro");
        WireConfig config = {
                .path = path,
                .ro_path = ro_path,
                .mode = (mode_t) settings->unix_sock_rw_perms,
                .ro_mode = (mode_t) settings->unix_sock_ro_perms,
                .group = (gid_t) -1,
                .limits = limits_of(settings),
                .observe = report_client,
        };
        int r = account_group(settings->unix_sock_group, &config.group, err);

        if (r < 0)
                return error_prefix(err, "unix_sock_group");
        r = open_run_dir(daemon, err);
        if (r < 0)
                return r;
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

/* Whom QEMU runs as. The default user's absence is told and borne, since the daemon may run where
 * nothing was installed; a user that was asked for is not replaced by root. */
static int choose_user(const Settings *settings, QemuUser *ret, Error *err)
{
        bool given = settings_given(settings, "qemu_user");
        _cleanup_(error_done) Error own = {};
        int r;

        *ret = (QemuUser){};
        if (!*settings->qemu_user)
                return 0;
        r = account_user(settings->qemu_user, settings->qemu_group, ret, &own);
        if (r >= 0 && ret->set && geteuid() != 0) {
                bool self = ret->uid == geteuid();

                *ret = (QemuUser){};
                return given && !self ? error_set(err, ERROR_INVALID_ARGUMENT,
                                                  "qemu_user: only root runs QEMU as another user")
                                      : 0;
        }
        if (r >= 0)
                return 0;
        error_prefix(&own, "qemu_user");
        if (given || *settings->qemu_group)
                return error_move(err, &own);
        log_at(LOG_LEVEL_WARNING, "daemon", "%s: QEMU runs as root", error_text(&own));
        return 0;
}

static int open_engine(Daemon *daemon, Error *err)
{
        const Settings *settings = &daemon->options.settings;
        EngineConfig config = {
                .lib_dir = daemon->options.lib_dir,
                .run_dir = daemon->options.run_dir,
                .log_dir = daemon->options.log_dir,
                .drivers = drivers,
                .hooks = {.observe = report_operation},
                .queue_max = (unsigned) settings->max_queue,
                .queue_ms = settings->queue_timeout * 1000,
        };
        int r = choose_user(settings, &qemu_settings.user, err);

        if (r < 0)
                return r;
        if (!path_is_component(settings->cgroup_name))
                return error_set(err, ERROR_INVALID_ARGUMENT, "cgroup_name: '%s' is not one name",
                                 settings->cgroup_name);
        qemu_settings.max_files = settings->qemu_max_files;
        qemu_settings.cgroup = settings->cgroup ? settings->cgroup_name : NULL;
        qemu_settings.memory_extra = settings->qemu_memory_extra;
        qemu_settings.max_tasks = settings->qemu_max_tasks;
        qemu_settings.startup_ms = settings->qemu_start_timeout * 1000;
        qemu_settings.command_ms = settings->qemu_command_timeout * 1000;
        qemu_settings.kill_ms = settings->qemu_kill_timeout * 1000;
        r = engine_open(daemon->loop, &config, &daemon->engine, err);

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

static void close_all(Daemon *daemon, int exit_code)
{
        wire_server_free(daemon->server);
        engine_close(daemon->engine);
        watch_free(daemon->signals);
        if (daemon->loop && jobs_running(daemon->loop)) {
                /* A call that hangs in the kernel, on a dead mount say, does not keep the daemon.
                 */
                log_at(LOG_LEVEL_WARNING, "daemon", "ending in spite of a call that hangs");
                _exit(exit_code);
        }
        loop_free(daemon->loop);
        fd_close(daemon->signal_fd);
        options_done(&daemon->options);
}

/* A client is a descriptor, and a guest is three or four. */
static void allow_many_files(void)
{
        struct rlimit files;

        if (getrlimit(RLIMIT_NOFILE, &files) < 0)
                return;
        files.rlim_cur = files.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &files); /* ignoring: then it is what it was */
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
                _cleanup_(free_ptr) char *help = options_help();

                fputs(daemon.options.help ? help : "ostlerd " OSTLER_VERSION "\n", stdout);
                options_done(&daemon.options);
                return 0;
        }
        settings_apply_log(&daemon.options.settings);
        umask(0077);
        allow_many_files();

        r = serve(&daemon, &err);
        if (r < 0)
                log_at(LOG_LEVEL_CRITICAL, "daemon", "%s", error_text(&err));
        close_all(&daemon, r < 0 ? 1 : 0);
        return r < 0 ? 1 : 0;
}
