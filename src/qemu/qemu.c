/* The QEMU driver: its table of operations and calls. */
#include "qemu/qemu.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "qemu/cgroup.h"
#include "qemu/ask.h"
#include "qemu/console.h"
#include "qemu/files.h"
#include "qemu/domcaps.h"
#include "qemu/guest.h"
#include "qemu/reconnect.h"
#include "qemu/stats.h"
#include "qemu/validate.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

QemuSettings qemu_settings = {
        .startup_ms = 30000,
        .command_ms = 30000,
        .kill_ms = 30000,
        .lost_ms = 2000,
        .unplug_ms = 20000,
};

/* --- open and close --- */

static void known(void *data, const Error *err)
{
        (void) data;
        (void) err; /* ignoring: whoever uses the emulator is told */
}

/* What the usual emulator can do is asked for before a client asks. */
static void learn_default(Driver *driver)
{
        static const DomainConfig none = {};
        _cleanup_(free_ptr) char *emulator = qemu_emulator(&none);

        qemu_caps_want(qemu_driver_of(driver)->caps, emulator, known, NULL);
}

/* Other daemons of the host, each with a root of its own, keep theirs in the same folder. */
static char *suffix_of(const char *run_dir)
{
        uint32_t hash = 2166136261u;

        for (; *run_dir; run_dir++)
                hash = (hash ^ (unsigned char) *run_dir) * 16777619u;
        return xasprintf(".%08x", (unsigned) hash);
}

static void find_cgroups(QemuDriver *qemu, const DriverHost *host)
{
        if (!qemu->settings.cgroup)
                return;
        qemu->cgroup = cgroup_parent("/proc/mounts", qemu->settings.cgroup);
        qemu->cgroup_suffix = suffix_of(host->run_dir);
        if (qemu->cgroup)
                cgroup_sweep(qemu->cgroup, qemu->cgroup_suffix);
}

/* QEMU comes by the daemon's own folders to the variables of firmware; to nothing else in them, as
 * nobody but the owner lists them or opens their files. */
static int let_through(const DriverHost *host, Error *err)
{
        _cleanup_(free_ptr) char *parent = path_parent(host->lib_dir);
        _cleanup_(free_ptr) char *nvram = path_join(host->lib_dir, "nvram");
        const char *const dirs[] = {parent, host->lib_dir, nvram};
        int r = path_make_dirs(nvram, 0711, err);

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(dirs); i++)
                if (chmod(dirs[i], 0711) < 0)
                        r = error_set_errno(err, errno, "cannot let QEMU through '%s'", dirs[i]);
        return r;
}

static int qemu_open(Driver *driver, Error *err)
{
        QemuDriver *qemu = xnew0(QemuDriver, 1);
        int r;

        qemu->settings = qemu_settings;
        list_init(&qemu->returns);
        driver->instance = qemu;
        r = qemu->settings.user.set ? let_through(&driver->host, err) : 0;
        if (r >= 0)
                r = qemu_caps_cache_new(driver, &qemu->caps, err);
        if (r < 0) {
                free(TAKE_PTR(driver->instance));
                return r;
        }
        find_cgroups(qemu, &driver->host);
        learn_default(driver);
        return 0;
}

static void qemu_release(Domain *d)
{
        qemu_guest_free(TAKE_PTR(d->driver_state));
}

static void qemu_close(Driver *driver)
{
        QemuDriver *qemu = qemu_driver_of(driver);

        files_abandon(driver);
        LIST_FOREACH(d, &driver->host.domains->domains, Domain, node)
                qemu_release(d);
        qemu_caps_cache_free(qemu->caps);
        free(qemu->cgroup);
        free(qemu->cgroup_suffix);
        free(qemu);
        driver->instance = NULL;
}

/* --- configurations --- */

static void qemu_prepare(Driver *driver, const DomainConfig *config, DriverDoneFn *done, void *data)
{
        _cleanup_(free_ptr) char *emulator = qemu_emulator(config);

        qemu_caps_want(qemu_driver_of(driver)->caps, emulator, done, data);
}

/* --- guests --- */

void qemu_driver_kill(Driver *driver, Domain *d)
{
        QemuGuest *guest = qemu_guest(d);

        (void) driver;
        if (!guest || !guest->child)
                return;
        if (guest->shown && guest->off_event == _DOMAIN_EVENT_MAX) {
                guest->off_because = REASON_DESTROYED;
                guest->off_event = EVENT_STOPPED_DESTROYED;
                domain_set_state(d, DOMAIN_SHUTDOWN, REASON_USER, EVENT_SHUTDOWN_HOST);
        }
        qemu_guest_kill(d);
}

/* --- what a client asks of the driver --- */

static unsigned long qemu_version(Driver *driver)
{
        static const DomainConfig none = {};
        _cleanup_(free_ptr) char *emulator = qemu_emulator(&none);
        const QemuCaps *caps = qemu_caps_find(qemu_driver_of(driver)->caps, emulator);

        return caps ? caps->version : 0;
}

static const char *const virt_types[] = {"qemu", "kvm", NULL};

const DriverType qemu_driver = {
        .name = "qemu",
        .kind = "QEMU",
        .virt_types = virt_types,
        .max_vcpus = 255,
        .ops =
                {
                        [VERB_START] = &qemu_op_start,
                        [VERB_RESTORE] = &qemu_op_restore,
                        [VERB_SAVE] = &qemu_op_save,
                        [VERB_MANAGED_SAVE] = &qemu_op_managed_save,
                        [VERB_SHUTDOWN] = &qemu_op_shutdown,
                        [VERB_REBOOT] = &qemu_op_reboot,
                        [VERB_DESTROY] = &qemu_op_destroy,
                        [VERB_SUSPEND] = &qemu_op_suspend,
                        [VERB_RESUME] = &qemu_op_resume,
                        [VERB_RESET] = &qemu_op_reset,
                },
        .open = qemu_open,
        .close = qemu_close,
        .prepare = qemu_prepare,
        .validate = qemu_validate,
        .reconnect = qemu_reconnect,
        .kill = qemu_driver_kill,
        .edit_guest = qemu_edit_guest,
        .record = qemu_record,
        .sample = qemu_sample,
        .refresh = qemu_refresh,
        .ask = qemu_ask,
        .open_console = qemu_open_console,
        .capabilities = qemu_capabilities,
        .domain_capabilities = qemu_domain_capabilities,
        .cpu_models = qemu_cpu_models,
        .version = qemu_version,
        .release = qemu_release,
};
