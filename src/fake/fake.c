/* The fake driver's calls, and what its operations share. */
#include "fake/fake-internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "loop/stream.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/utsname.h>

/* --- shared by the operations --- */

void fake_end(Domain *d, DomainReason reason, DomainEventKind event)
{
        Driver *driver = d->list->driver;
        StoreTx *tx;

        fake_guest_remove(driver, &d->uuid);
        if (!domain_active(d))
                return;
        tx = store_tx_new(driver->host.store);
        domain_record_ended(tx, d);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
        domain_ended(d, reason, event);
}

int fake_set_running(Domain *d, bool running, DomainReason reason, DomainEventKind event,
                     Error *err)
{
        Driver *driver = d->list->driver;
        FakeGuest guest;
        int r = fake_guest_read(driver, &d->uuid, &guest, err);

        if (r < 0)
                return r;
        guest.running = running;
        r = fake_guest_write(driver, &d->uuid, &guest, err);
        if (r < 0)
                return r;
        domain_set_state(d, running ? DOMAIN_RUNNING : DOMAIN_PAUSED, reason, event);
        return 0;
}

int fake_record(Op *op)
{
        StoreTx *tx = store_tx_new(op_store(op));

        fake_record_row(tx, op_domain(op), op_domain(op)->live);
        store_commit(tx, STORE_ORDERED, op_wake_cb, op);
        return OP_WAIT;
}

int fake_guest_forget(Op *op, Error *err)
{
        Domain *d = op_domain(op);

        (void) err;
        fake_guest_remove(op_driver(op), &d->uuid);
        if (domain_active(d)) {
                StoreTx *tx = store_tx_new(op_store(op));

                domain_record_ended(tx, d);
                store_commit(tx, STORE_ORDERED, NULL, NULL);
                domain_discard(d);
        }
        return OP_NEXT;
}

/* --- the driver's calls --- */

/* A console: what is typed comes back, line by line, from the guest of that name. */
typedef struct FakeConsole {
        ListNode node;
        Stream *stream;
} FakeConsole;

/* A question that was taken and will be answered on a later turn. */
typedef struct FakeAsk {
        ListNode node;
        DriverAnswerFn *done;
        void *data;
} FakeAsk;

typedef struct Fake {
        ListNode consoles, asks;
} Fake;

static void console_free(FakeConsole *console)
{
        list_remove(&console->node);
        stream_free(console->stream);
        free(console);
}

static void ask_free(FakeAsk *ask)
{
        list_remove(&ask->node);
        free(ask);
}

static int fake_open(Driver *driver, Error *err)
{
        Fake *fake = xnew0(Fake, 1);

        (void) err;
        list_init(&fake->consoles);
        list_init(&fake->asks);
        driver->instance = fake;
        return 0;
}

static void fake_close(Driver *driver)
{
        Fake *fake = driver->instance;

        LIST_FOREACH(console, &fake->consoles, FakeConsole, node)
                console_free(console);
        LIST_FOREACH(ask, &fake->asks, FakeAsk, node)
                ask_free(ask);
        free(fake);
}

static void fake_prepare(Driver *driver, const DomainConfig *config, DriverDoneFn *done, void *data)
{
        StoreTx *tx = store_tx_new(driver->host.store);

        /* Nothing to learn; `done` comes on a later turn, as for any driver. */
        (void) config;
        store_commit(tx, STORE_ORDERED, done, data);
}

static int fake_validate(Driver *driver, DomainConfig *config, Error *err)
{
        const char *type = config->type ? config->type : "none";

        if (!str_eq(type, driver->type->virt_types[0]))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "invalid domain type %s: the %s driver has %s", type,
                                 driver->type->kind, driver->type->virt_types[0]);
        return 0;
}

static void fake_reconnect(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done,
                           void *data)
{
        _cleanup_(error_done) Error err = {};
        StoreTx *tx = store_tx_new(driver->host.store);
        DomainConfig *live = NULL;
        FakeGuest guest;

        if (str_eq(row->boot_id, clock_boot_id()) &&
            fake_guest_read(driver, &d->uuid, &guest, &err) == 0 &&
            domain_config_from_json(row->config, &live, &err) == 0) {
                domain_began(d, live, row->id);
                domain_set_state(d, guest.running ? DOMAIN_RUNNING : DOMAIN_PAUSED, REASON_UNKNOWN,
                                 _DOMAIN_EVENT_MAX);
        } else {
                fake_guest_remove(driver, &d->uuid);
                domain_record_ended(tx, d);
                domain_ended(d, REASON_UNKNOWN, EVENT_STOPPED_FAILED);
        }
        store_commit(tx, STORE_ORDERED, done, data);
}

static void fake_kill(Driver *driver, Domain *d)
{
        (void) driver;
        fake_end(d, REASON_DESTROYED, EVENT_STOPPED_DESTROYED);
}

static void fake_sample(Driver *driver, Domain *d)
{
        d->stats.sampled_ms = loop_now_ms(driver->host.loop);
        d->stats.balloon_kib = config_current_memory(domain_current_config(d));
}

/* The guest does nothing with its disks, and one host CPU's worth of nothing with its own. */
static int fake_refresh(Driver *driver, Domain *d, DriverDoneFn *done, void *data, Error *err)
{
        StoreTx *tx = store_tx_new(driver->host.store);

        (void) err;
        stats_clear_disks(&d->stats);
        d->stats.vcpus.len = 0;
        for (size_t i = 0; i < d->live->disks.len; i++) {
                DiskStats *disk = vec_push(&d->stats.disks);

                disk->target = xstrdup(d->live->disks.items[i].target);
                disk->has_io = true;
        }
        for (uint32_t i = 0; i < config_current_vcpus(d->live); i++)
                *vec_push(&d->stats.vcpus) = (VcpuStats){.number = i, .affinity = {1}};
        d->stats.refreshed_ms = loop_now_ms(driver->host.loop);
        /* `done` comes on a later turn, as for any driver. */
        store_commit(tx, STORE_ORDERED, done, data);
        return 0;
}

static void ask_told(void *data, const Error *err)
{
        FakeAsk ask = *(FakeAsk *) data;
        DriverAnswer answer = {.fd = -1};

        ask_free(data);
        ask.done(ask.data, &answer, err);
}

/* Keys and NMIs are taken and do nothing. */
static int fake_ask(Driver *driver, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
                    void *data, Error *err)
{
        Fake *fake = driver->instance;
        FakeAsk *ask;

        (void) d;
        switch (question->kind) {
        case ASK_SEND_KEYS:
        case ASK_NMI:
                ask = xnew0(FakeAsk, 1);
                *ask = (FakeAsk){.done = done, .data = data};
                list_append(&fake->asks, &ask->node);
                store_commit(store_tx_new(driver->host.store), STORE_ORDERED, ask_told, ask);
                return 0;
        default:
                return error_set(err, ERROR_UNSUPPORTED, "the fake hypervisor has none of this");
        }
}

static size_t console_input(void *data, const uint8_t *bytes, size_t len)
{
        FakeConsole *console = data;

        stream_write(console->stream, bytes, len);
        return len;
}

static void console_closed(void *data, const Error *err)
{
        (void) err;
        console_free(data);
}

static int fake_open_console(Driver *driver, Domain *d, const char *device, int *ret_fd, Error *err)
{
        static const StreamOps ops = {.input = console_input, .closed = console_closed};
        Fake *fake = driver->instance;
        FakeConsole *console;
        int fds[2], r;

        (void) device;
        if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, fds) < 0)
                return error_set_errno(err, errno, "cannot make a console for '%s'", d->name);
        console = xnew0(FakeConsole, 1);
        list_append(&fake->consoles, &console->node);
        r = stream_new(driver->host.loop, fds[0], &ops, NULL, console, &console->stream, err);
        if (r < 0) {
                fd_close(fds[0]);
                fd_close(fds[1]);
                console_free(console);
                return r;
        }
        _cleanup_(free_ptr) char *greeting = xasprintf("fake guest %s\r\n", d->name);
        stream_write(console->stream, greeting, strlen(greeting));
        *ret_fd = fds[1];
        return 0;
}

static char *fake_capabilities(Driver *driver)
{
        struct utsname uts;

        (void) driver;
        uname(&uts);
        return xasprintf("  <guest>\n"
                         "    <os_type>hvm</os_type>\n"
                         "    <arch name='%s'>\n"
                         "      <wordsize>64</wordsize>\n"
                         "      <domain type='test'/>\n"
                         "    </arch>\n"
                         "  </guest>\n",
                         uts.machine);
}

static int fake_domain_capabilities(Driver *driver, const DriverMachine *machine, char **ret,
                                    Error *err)
{
        struct utsname uts;

        uname(&uts);
        if (machine->virt_type && !str_eq(machine->virt_type, driver->type->virt_types[0]))
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown virttype: %s",
                                 machine->virt_type);
        if (machine->arch && !str_eq(machine->arch, uts.machine))
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown architecture: %s",
                                 machine->arch);
        *ret = xasprintf("<domainCapabilities>\n"
                         "  <path>/nowhere</path>\n"
                         "  <domain>test</domain>\n"
                         "  <arch>%s</arch>\n"
                         "  <vcpu max='%u'/>\n"
                         "</domainCapabilities>\n",
                         uts.machine, driver->type->max_vcpus);
        return 0;
}

static int fake_cpu_models(Driver *driver, const char *arch, char ***ret, Error *err)
{
        struct utsname uts;

        (void) driver;
        uname(&uts);
        if (!str_eq(arch, uts.machine))
                return error_set(err, ERROR_INVALID_ARGUMENT, "cannot find architecture %s", arch);
        *ret = NULL;
        return 0;
}

static unsigned long fake_version(Driver *driver)
{
        (void) driver;
        return 2;
}

static const char *const virt_types[] = {"test", NULL};

const DriverType fake_driver = {
        .name = "test",
        .kind = "TEST",
        .virt_types = virt_types,
        .max_vcpus = 32,
        .ops =
                {
                        [VERB_START] = &fake_start_op,
                        [VERB_RESTORE] = &fake_restore_op,
                        [VERB_SAVE] = &fake_save_op,
                        [VERB_MANAGED_SAVE] = &fake_managed_save_op,
                        [VERB_SHUTDOWN] = &fake_shutdown_op,
                        [VERB_REBOOT] = &fake_reboot_op,
                        [VERB_DESTROY] = &fake_destroy_op,
                        [VERB_SUSPEND] = &fake_suspend_op,
                        [VERB_RESUME] = &fake_resume_op,
                        [VERB_RESET] = &fake_reset_op,
                },
        .open = fake_open,
        .close = fake_close,
        .prepare = fake_prepare,
        .validate = fake_validate,
        .reconnect = fake_reconnect,
        .kill = fake_kill,
        .edit_guest = fake_edit_guest,
        .record = fake_record_row,
        .sample = fake_sample,
        .refresh = fake_refresh,
        .ask = fake_ask,
        .open_console = fake_open_console,
        .capabilities = fake_capabilities,
        .domain_capabilities = fake_domain_capabilities,
        .cpu_models = fake_cpu_models,
        .version = fake_version,
};
