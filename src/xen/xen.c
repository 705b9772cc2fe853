/* The Xen driver's calls. */
#include "xen/xen-internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "xen/config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static const char *const virt_types[] = {"xen", NULL};

/* --- the driver's life --- */

/* dom0 says so in a file that the kernel shows on Xen alone. */
static bool xen_present(void)
{
        _cleanup_(free_ptr) char *text = NULL;

        return file_read("/proc/xen/capabilities", 4096, &text, NULL, NULL) >= 0 &&
               strstr(text, "control_d") != NULL;
}

static const XenDomain *find(const XenDomain *domains, size_t n, const Domain *d)
{
        for (size_t i = 0; i < n; i++)
                if (domains[i].domid == xen_guest(d)->domid &&
                    uuid_equal(&domains[i].uuid, &d->uuid))
                        return &domains[i];
        return NULL;
}

static void counted(void *data, const XenDomain *domains, size_t n, uint64_t as_of)
{
        const XenDriver *xen = data;

        LIST_FOREACH(d, &xen->driver->host.domains->domains, Domain, node)
                if (xen_guest(d))
                        xen_guest_seen(d, find(domains, n, d), as_of);
}

/* What libxl tells of the hypervisor; on the main loop, before it runs. */
static int learn(XenDriver *xen, Error *err)
{
        const libxl_version_info *info;
        xentoollog_logger *quiet =
                (xentoollog_logger *) xtl_createlogger_stdiostream(stderr, XTL_CRITICAL, 0);
        libxl_ctx *ctx = NULL;
        int r = 0;

        if (libxl_ctx_alloc(&ctx, LIBXL_VERSION, 0, quiet) != 0 ||
            !(info = libxl_get_version_info(ctx))) {
                r = error_set(err, ERROR_NO_CONNECT, "cannot speak with Xen");
        } else {
                xen->version = (unsigned long) info->xen_version_major * 1000000 +
                               (unsigned long) info->xen_version_minor * 1000;
                xen->caps = xstrdup(info->capabilities);
        }
        libxl_ctx_free(ctx);
        xtl_logger_destroy(quiet);
        return r;
}

static void close_driver(Driver *driver)
{
        XenDriver *xen = driver->instance;

        xen_census_free(xen->census);
        xen_tasks_free(xen->tasks);
        free(xen->caps);
        free(xen);
}

static int open_driver(Driver *driver, Error *err)
{
        XenDriver *xen = xnew0(XenDriver, 1);
        int r;

        xen->driver = driver;
        xen->tasks = xen_tasks_new();
        driver->instance = xen;
        r = learn(xen, err);
        if (r >= 0)
                r = xen_census_new(driver->host.loop, counted, xen, &xen->census, err);
        if (r < 0)
                close_driver(driver);
        return r;
}

/* --- configurations --- */

static void prepare(Driver *driver, const DomainConfig *config _unused_, DriverDoneFn *done,
                    void *data)
{
        /* Nothing to learn; `done` comes on a later turn, as for any driver. */
        store_commit(store_tx_new(driver->host.store), STORE_ORDERED, done, data);
}

static int validate(Driver *driver, DomainConfig *config, Error *err)
{
        const char *type = config->type ? config->type : "none";

        if (!str_eq(type, virt_types[0]))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "invalid domain type %s: the %s driver has %s", type,
                                 driver->type->kind, virt_types[0]);
        return xen_config_check(config, err);
}

/* --- guests of an earlier daemon --- */

typedef struct Reconnect {
        Driver *driver;
        Domain *domain; /* a reference */
        Uuid uuid;
        DriverDoneFn *done;
        void *data;
        DomainConfig *live;
        int64_t id;
        libxl_dominfo info;
        char *tty;
        bool found;
} Reconnect;

static void reconnect_free(Reconnect *reconnect)
{
        domain_unref(reconnect->domain);
        domain_config_free(reconnect->live);
        free(reconnect->tty);
        free(reconnect);
}

static int reconnect_run(XenTask *task, void *data, Error *err)
{
        Reconnect *reconnect = data;
        int r = xen_find(task, &reconnect->uuid, &reconnect->info, err);

        if (r == -ERROR_NO_DOMAIN) {
                error_done(err);
                return 0;
        }
        if (r < 0)
                return r;
        reconnect->found = true;
        (void) libxl_primary_console_get_tty(xen_ctx(task), reconnect->info.domid, &reconnect->tty);
        return 0;
}

static void reconnect_done(void *data, bool abandoned, const Error *err)
{
        Reconnect *reconnect = data;
        Domain *d = reconnect->domain;
        Driver *driver = reconnect->driver;

        if (abandoned) {
                reconnect_free(reconnect);
                return;
        }
        if (error_is_set(err)) {
                reconnect->done(reconnect->data, err);
                reconnect_free(reconnect);
                return;
        }
        StoreTx *tx = store_tx_new(driver->host.store);
        if (reconnect->found) {
                xen_guest_began(d, TAKE_PTR(reconnect->live), reconnect->info.domid,
                                reconnect->tty);
                xen_guest(d)->shown = true;
                domain_set_state(d, reconnect->info.paused ? DOMAIN_PAUSED : DOMAIN_RUNNING,
                                 REASON_UNKNOWN, _DOMAIN_EVENT_MAX);
                domain_record_runtime(tx, d, d->live, 0, 0, NULL);
        } else {
                domain_record_ended(tx, d);
                domain_ended(d, REASON_UNKNOWN, EVENT_STOPPED_FAILED);
        }
        store_commit(tx, STORE_ORDERED, reconnect->done, reconnect->data);
        reconnect_free(reconnect);
}

static void reconnect_guest(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done,
                            void *data)
{
        XenDriver *xen = driver->instance;
        Reconnect *reconnect = xnew0(Reconnect, 1);
        _cleanup_(error_done) Error err = {};
        _cleanup_(free_ptr) char *log = xen_guest_log(d);

        *reconnect = (Reconnect){.driver = driver,
                                 .domain = domain_ref(d),
                                 .uuid = d->uuid,
                                 .done = done,
                                 .data = data,
                                 .id = row->id};
        if (!str_eq(row->boot_id, clock_boot_id()) ||
            domain_config_from_json(row->config, &reconnect->live, &err) < 0) {
                StoreTx *tx = store_tx_new(driver->host.store);

                domain_record_ended(tx, d);
                domain_ended(d, REASON_UNKNOWN, EVENT_STOPPED_FAILED);
                store_commit(tx, STORE_ORDERED, done, data);
                reconnect_free(reconnect);
                return;
        }
        xen_task_start(driver->host.loop, xen->tasks, log, reconnect_run, reconnect_done,
                       reconnect);
}

static void kill_guest(Driver *driver _unused_, Domain *d)
{
        XenGuest *guest = xen_guest(d);

        if (!guest)
                return;
        guest->off_because = REASON_DESTROYED;
        guest->off_event = EVENT_STOPPED_DESTROYED;
        xen_guest_kill(d);
}

static void sample(Driver *driver, Domain *d)
{
        d->stats.sampled_ms = loop_now_ms(driver->host.loop);
        d->stats.balloon_kib = domain_current_config(d)->memory;
}

/* --- console --- */

static int open_console(Driver *driver _unused_, Domain *d, const char *device _unused_,
                        int *ret_fd, Error *err)
{
        const XenGuest *guest = xen_guest(d);
        struct termios mode;
        int fd;

        if (!guest || !guest->tty)
                return error_set(err, ERROR_OPERATION_FAILED, "domain '%s' has no console",
                                 d->name);
        fd = open(guest->tty, O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot open console '%s'", guest->tty);
        if (tcgetattr(fd, &mode) == 0) {
                cfmakeraw(&mode);
                (void) tcsetattr(fd, TCSANOW, &mode);
        }
        *ret_fd = fd;
        return 0;
}

/* --- what it can --- */

static char *capabilities(Driver *driver)
{
        static const struct {
                const char *word, *os;
        } kinds[] = {
                {"xen-3.0-x86_64", "xen"}, {"hvm-3.0-x86_64", "hvm"}, {"hvm-3.0-x86_64", "xenpvh"}};
        const XenDriver *xen = driver->instance;
        Str text = {};

        for (size_t i = 0; i < ELEMENTSOF(kinds); i++)
                if (strstr(xen->caps, kinds[i].word))
                        str_addf(&text,
                                 "  <guest>\n"
                                 "    <os_type>%s</os_type>\n"
                                 "    <arch name='x86_64'>\n"
                                 "      <wordsize>64</wordsize>\n"
                                 "      <domain type='xen'/>\n"
                                 "    </arch>\n"
                                 "  </guest>\n",
                                 kinds[i].os);
        return str_take(&text);
}

static int domain_capabilities(Driver *driver, const DriverMachine *machine, char **ret, Error *err)
{
        if (machine->virt_type && !str_eq(machine->virt_type, virt_types[0]))
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown virttype: %s",
                                 machine->virt_type);
        if (machine->arch && !str_eq(machine->arch, "x86_64"))
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown architecture: %s",
                                 machine->arch);
        *ret = xasprintf("<domainCapabilities>\n"
                         "  <domain>xen</domain>\n"
                         "  <machine>%s</machine>\n"
                         "  <arch>x86_64</arch>\n"
                         "  <vcpu max='%u'/>\n"
                         "</domainCapabilities>\n",
                         machine->machine ? machine->machine : "xenpv", driver->type->max_vcpus);
        return 0;
}

static int cpu_models(Driver *driver _unused_, const char *arch, char ***ret, Error *err)
{
        if (!str_eq(arch, "x86_64"))
                return error_set(err, ERROR_INVALID_ARGUMENT, "cannot find architecture %s", arch);
        *ret = NULL;
        return 0;
}

static unsigned long version(Driver *driver)
{
        const XenDriver *xen = driver->instance;

        return xen->version;
}

const DriverType xen_driver = {
        .name = "xen",
        .kind = "Xen",
        .virt_types = virt_types,
        .max_vcpus = 512,
        .ops =
                {
                        [VERB_START] = &xen_start_op,
                        [VERB_RESTORE] = &xen_restore_op,
                        [VERB_SAVE] = &xen_save_op,
                        [VERB_MANAGED_SAVE] = &xen_managed_save_op,
                        [VERB_SHUTDOWN] = &xen_shutdown_op,
                        [VERB_REBOOT] = &xen_reboot_op,
                        [VERB_DESTROY] = &xen_destroy_op,
                        [VERB_SUSPEND] = &xen_suspend_op,
                        [VERB_RESUME] = &xen_resume_op,
                },
        .present = xen_present,
        .open = open_driver,
        .close = close_driver,
        .prepare = prepare,
        .validate = validate,
        .reconnect = reconnect_guest,
        .kill = kill_guest,
        .sample = sample,
        .open_console = open_console,
        .capabilities = capabilities,
        .domain_capabilities = domain_capabilities,
        .cpu_models = cpu_models,
        .version = version,
        .release = xen_guest_release,
};
