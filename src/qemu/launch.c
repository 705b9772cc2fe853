#include "qemu/launch.h"

#include "base/str.h"
#include "op/job-leaf.h"
#include "qemu/argv-internal.h"
#include "qemu/firmware.h"
#include "qemu/follow.h"
#include "qemu/validate.h"
#include "qemu/stats.h"

#include <errno.h>
#include <unistd.h>

void launch_done(Launch *launch)
{
        domain_config_free(launch->config);
}

/* --- the host's files --- */

typedef struct Wanted {
        char *path;
        const char *complaint; /* with %s for the path */
        int mode;              /* of access() */
} Wanted;

typedef struct Check {
        FirmwareWant *firmware;
        VEC(Wanted) files;
} Check;

static void check_free(void *data)
{
        Check *check = data;

        for (size_t i = 0; i < check->files.len; i++)
                free(check->files.items[i].path);
        vec_done(&check->files);
        firmware_want_free(check->firmware);
        free(check);
}

static int check_run(void *data, Error *err)
{
        const Check *check = data;
        int r;

        for (size_t i = 0; i < check->files.len; i++) {
                const Wanted *file = &check->files.items[i];

                if (access(file->path, file->mode) < 0)
                        return error_set_errno(err, errno, "%s '%s'", file->complaint, file->path);
        }
        r = firmware_choose(check->firmware, NULL, err);
        return r < 0 ? r : firmware_make_nvram(check->firmware, err);
}

static int check_then(Op *op, void *data, Error *err)
{
        Check *check = data;
        Launch *launch = op->state;

        (void) err;
        firmware_apply(check->firmware, launch->config);
        return 0;
}

static void want(Check *check, const char *path, int mode, const char *complaint)
{
        if (path && *path)
                *vec_push(&check->files) =
                        (Wanted){.path = xstrdup(path), .mode = mode, .complaint = complaint};
}

static Check *check_new(const Driver *driver, const DomainConfig *config)
{
        Check *check = xnew0(Check, 1);
        _cleanup_(free_ptr) char *nvram =
                xasprintf("%s/nvram/%s_VARS.fd", driver->host.lib_dir, UUID_TEXT(&config->uuid));

        check->firmware = firmware_want(config, nvram);
        want(check, config->os.nvram_template, R_OK, "Cannot access template of variables");
        if (config->vsock)
                want(check, "/dev/vhost-vsock", R_OK | W_OK, "Cannot access vsock device");
        for (size_t i = 0; i < config->filesystems.len; i++)
                want(check, config->filesystems.items[i].source, R_OK | X_OK,
                     "Cannot access folder");
        for (size_t i = 0; i < config->tpms.len; i++)
                want(check,
                     config->tpms.items[i].device ? config->tpms.items[i].device : "/dev/tpm0",
                     R_OK | W_OK, "Cannot access TPM");
        want(check, config->emulator, X_OK, "Cannot check QEMU binary");
        want(check, config->os.loader, R_OK, "Cannot access firmware file");
        want(check, config->os.kernel, R_OK, "Cannot access kernel");
        want(check, config->os.initrd, R_OK, "Cannot access initrd");
        want(check, config->os.dtb, R_OK, "Cannot access device tree");
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];
                bool readonly = disk->readonly || disk->device == DISK_DEVICE_CDROM;

                want(check, disk_path(disk), readonly ? R_OK : R_OK | W_OK,
                     "Cannot access storage file");
        }
        return check;
}

int launch_check(Op *op, Error *err)
{
        Launch *launch = op->state;
        int r;

        r = qemu_validate(op_driver(op), launch->config, err);
        if (r >= 0)
                r = qemu_validate_start(op_driver(op), launch->config, err);
        if (r < 0)
                return r;
        return op_job(op, check_run, check_then, check_free,
                      check_new(op_driver(op), launch->config));
}

/* --- the process --- */

int launch_bind(Op *op, Error *err)
{
        int r = qemu_guest_bind(op_driver(op), op_domain(op), err);

        return r < 0 ? r : OP_NEXT;
}

int launch_unbind(Op *op, Error *err)
{
        (void) err;
        qemu_guest_unbind(op_driver(op), op_domain(op));
        return OP_NEXT;
}

static int spawn(Op *op, bool incoming, Error *err)
{
        Launch *launch = op->state;
        int r;

        qemu_fill_live(op_driver(op), launch->config);
        r = qemu_guest_spawn(op_domain(op), TAKE_PTR(launch->config), incoming, err);
        return r < 0 ? r : OP_NEXT;
}

int launch_spawn(Op *op, Error *err)
{
        return spawn(op, false, err);
}

int launch_spawn_incoming(Op *op, Error *err)
{
        return spawn(op, true, err);
}

int launch_kill(Op *op, Error *err)
{
        (void) err;
        qemu_guest_kill(op_domain(op));
        return qemu_guest_wait_end(op_domain(op), op);
}

int launch_record(Op *op, Error *err)
{
        StoreTx *tx;

        if (!qemu_guest(op_domain(op)))
                return error_set(err, ERROR_OPERATION_FAILED, "QEMU process of domain '%s' ended",
                                 op_domain(op)->name);
        tx = store_tx_new(op_store(op));
        qemu_guest_record(tx, op_domain(op), op_domain(op)->live, false);
        store_commit(tx, STORE_ORDERED, op_wake_cb, op);
        return OP_WAIT;
}

int launch_connect(Op *op, Error *err)
{
        int r = qemu_guest_release(op_domain(op), err);

        if (r < 0)
                return r;
        r = qemu_guest_call(op, "query-status", NULL, NULL, err);
        op->waits_for = "start of QEMU";
        return r;
}

/* --- what QEMU chose --- */

/* The pseudo terminal behind the chardev of a device; NULL when there is none. */
static const char *find_pty(const json_t *chardevs, const char *id)
{
        _cleanup_(free_ptr) char *label = xasprintf("char%s", id);
        const json_t *chardev;
        size_t i;

        json_array_foreach(chardevs, i, chardev)
        {
                const char *file = json_text(chardev, "filename", "");

                if (str_eq(json_text(chardev, "label", ""), label))
                        return str_after(file, "pty:");
        }
        return NULL;
}

static void learn_pty(CharSource *source, const char *path)
{
        if (source->type != CHAR_TYPE_PTY || !path)
                return;
        free(source->data.pty.path);
        source->data.pty.path = xstrdup(path);
}

static void learn_console(Console *console, size_t n, const json_t *chardevs)
{
        bool serial = console->target_type != CONSOLE_TARGET_TYPE_VIRTIO;
        _cleanup_(free_ptr) char *id = device_id(&console->info, serial ? "serial" : "console", n);
        const char *path = find_pty(chardevs, id);

        learn_pty(&console->source, path);
        if (path && console->source.type == CHAR_TYPE_PTY) {
                free(console->tty);
                console->tty = xstrdup(path);
        }
}

static void lines_told(void *data, json_t *value, const Error *err)
{
        Op *op = data;
        DomainConfig *live = op_domain(op)->live;

        for (size_t i = 0; !err && live && i < live->serials.len; i++) {
                Serial *serial = &live->serials.items[i];
                _cleanup_(free_ptr) char *id = device_id(&serial->info, "serial", i);

                learn_pty(&serial->source, find_pty(value, id));
        }
        for (size_t i = 0; !err && live && i < live->consoles.len; i++)
                learn_console(&live->consoles.items[i], i, value);
        for (size_t i = 0; !err && live && i < live->channels.len; i++) {
                Channel *channel = &live->channels.items[i];
                _cleanup_(free_ptr) char *id = device_id(&channel->info, "channel", i);

                learn_pty(&channel->source, find_pty(value, id));
        }
        op_wake(op, err);
}

int launch_learn_lines(Op *op, Error *err)
{
        return qemu_guest_call(op, "query-chardev", NULL, lines_told, err);
}

static Graphics *find_graphics(const DomainConfig *config, GraphicsType type)
{
        for (size_t i = 0; i < config->graphics.len; i++)
                if (config->graphics.items[i].type == type)
                        return &config->graphics.items[i];
        return NULL;
}

static void displays_told(void *data, json_t *value, const Error *err)
{
        Op *op = data;
        DomainConfig *live = op_domain(op)->live;
        uint64_t port;

        Graphics *graphics = live ? find_graphics(live, GRAPHICS_TYPE_VNC) : NULL;

        if (!err && graphics && str_to_u64(json_text(value, "service", ""), &port) &&
            port <= 65535) {
                graphics->data.vnc.has_port = true;
                graphics->data.vnc.port = (int64_t) port;
        }
        op_wake(op, err);
}

int launch_learn_displays(Op *op, Error *err)
{
        if (!find_graphics(op_domain(op)->live, GRAPHICS_TYPE_VNC))
                return OP_NEXT;
        return qemu_guest_call(op, "query-vnc", NULL, displays_told, err);
}

/* --- what the command line cannot say --- */

static int set_password(Op *op, const char *protocol, const char *password, Error *err)
{
        if (!password)
                return OP_NEXT;
        return qemu_guest_call(op, "set_password",
                               json_pack("{s:s, s:s}", "protocol", protocol, "password", password),
                               NULL, err);
}

static int set_vnc_password(Op *op, QemuFollow *f, const DomainConfig *live, Error *err)
{
        const Graphics *graphics = find_graphics(live, GRAPHICS_TYPE_VNC);

        (void) f;
        return set_password(op, "vnc", graphics ? graphics->data.vnc.passwd : NULL, err);
}

static int set_spice_password(Op *op, QemuFollow *f, const DomainConfig *live, Error *err)
{
        const Graphics *graphics = find_graphics(live, GRAPHICS_TYPE_SPICE);

        (void) f;
        return set_password(op, "spice", graphics ? graphics->data.spice.passwd : NULL, err);
}

static bool has_pins(const DomainConfig *live)
{
        const CpuTune *tune = live->cpu_tune;

        return live->vcpu_cpuset ||
               (tune && (tune->emulator_pin || tune->vcpu_pins.len || tune->iothread_pins.len));
}

int launch_set_up(Op *op, Error *err)
{
        static QemuMove *const moves[] = {set_vnc_password,       set_spice_password,
                                          qemu_move_balloon,      qemu_move_links,
                                          qemu_move_stats_period, NULL};
        static QemuMove *const pins[] = {
                set_vnc_password,        set_spice_password,     qemu_move_balloon,
                qemu_move_links,         qemu_move_stats_period, qemu_move_ask_vcpus,
                qemu_move_ask_iothreads, qemu_move_pins,         NULL};
        const DomainConfig *live = op_domain(op)->live;

        return qemu_follow(op, has_pins(live) ? pins : moves, live, err);
}
