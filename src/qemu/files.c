#include "qemu/files.h"

#include "base/str.h"
#include "base/vec.h"
#include "op/job-leaf.h"
#include "qemu/launch.h"
#include "qemu/owner.h"

/* --- what a guest opens --- */

typedef struct Wants {
        VEC(OwnerWant) list;
} Wants;

static void want(Wants *wants, const char *path, bool write, bool make)
{
        if (path)
                *vec_push(&wants->list) = (OwnerWant){.path = path, .write = write, .make = make};
}

static void want_line(Wants *wants, const CharSource *source)
{
        if (source->type == CHAR_TYPE_FILE)
                want(wants, source->data.file.path, true, true);
        want(wants, source->log_file, true, true);
}

/* Borrows the paths of the configuration. */
static void wants_of(const DomainConfig *config, Wants *ret)
{
        want(ret, config->os.loader, false, false);
        want(ret, config->os.nvram, true, false);
        want(ret, config->os.kernel, false, false);
        want(ret, config->os.initrd, false, false);
        want(ret, config->os.dtb, false, false);
        for (size_t i = 0; i < config->disks.len; i++) {
                const Disk *disk = &config->disks.items[i];
                bool readonly = disk->readonly || disk->device == DISK_DEVICE_CDROM;

                want(ret, disk_path(disk), !readonly, false);
                for (const BackingStore *b = disk->backing; b; b = b->backing)
                        want(ret, backing_store_path(b), false, false);
        }
        for (size_t i = 0; i < config->serials.len; i++)
                want_line(ret, &config->serials.items[i].source);
        for (size_t i = 0; i < config->consoles.len; i++)
                want_line(ret, &config->consoles.items[i].source);
        for (size_t i = 0; i < config->channels.len; i++)
                want_line(ret, &config->channels.items[i].source);
}

/* --- giving back, behind the end of a guest --- */

/* RUNNING from files_give_back() until its job is done; then the row goes and the waiting wake. */
struct FilesReturn {
        ListNode node; /* QemuDriver.returns */
        Driver *driver;
        Uuid uuid;
        Job *job;
        VEC(Op *) waiting;
};

typedef struct ReturnJob {
        struct FilesReturn *of; /* NULL once abandoned */
        char *held;
} ReturnJob;

static void return_run(void *data)
{
        const ReturnJob *job = data;

        (void) owner_return(job->held,
                            NULL); /* ignoring: the file is gone, or not ours to change */
}

static void forget_row(Driver *driver, const Uuid *uuid)
{
        StoreTx *tx = store_tx_new(driver->host.store);

        runtime_row_delete(tx, uuid);
        /* A row that stays is found to name no process, and removed, when the daemon starts. */
        store_commit(tx, STORE_ORDERED, NULL, NULL);
}

static void return_free(struct FilesReturn *of)
{
        list_remove(&of->node);
        vec_done(&of->waiting);
        free(of);
}

static void return_done(void *data, bool abandoned)
{
        ReturnJob *job = data;
        struct FilesReturn *of = job->of;

        if (!abandoned) {
                forget_row(of->driver, &of->uuid);
                for (size_t i = 0; i < of->waiting.len; i++)
                        op_wake(of->waiting.items[i], NULL);
                return_free(of);
        }
        free(job->held);
        free(job);
}

static struct FilesReturn *find_return(Driver *driver, const Uuid *uuid)
{
        LIST_FOREACH(of, &qemu_driver_of(driver)->returns, struct FilesReturn, node)
                if (uuid_equal(&of->uuid, uuid))
                        return of;
        return NULL;
}

/* Whether the other guest, which runs, opens the path as well. */
static bool uses(const Domain *other, const char *path)
{
        Wants wants = {};
        bool found = false;

        wants_of(other->live, &wants);
        for (size_t i = 0; i < wants.list.len; i++)
                found = found || str_eq(wants.list.items[i].path, path);
        vec_done(&wants.list);
        return found;
}

/* The other guest holds the file from here on. */
static void hold_also(Domain *other, json_t *file)
{
        QemuGuest *guest = qemu_guest(other);
        _cleanup_(json_p) json_t *held = guest->held ? json_loads(guest->held, 0, NULL) : NULL;
        StoreTx *tx = store_tx_new(guest->driver->host.store);

        if (!held)
                held = json_array();
        json_array_append(held, file);
        free(guest->held);
        guest->held = json_dumps(held, JSON_COMPACT);
        qemu_guest_record_state(tx, other);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
}

static Domain *other_user(Driver *driver, const Domain *d, const char *path)
{
        LIST_FOREACH(other, &driver->host.domains->domains, Domain, node) {
                const QemuGuest *guest = qemu_guest(other);

                if (other != d && guest && guest->child && other->live && uses(other, path))
                        return other;
        }
        return NULL;
}

/* What no other guest takes over; NULL when nothing is left. */
static char *hand_over(Driver *driver, const Domain *d, const char *held)
{
        _cleanup_(json_p) json_t *files = json_loads(held, 0, NULL);
        _cleanup_(json_p) json_t *rest = json_array();
        json_t *file;
        size_t i;

        json_array_foreach(files, i, file)
        {
                Domain *other = other_user(driver, d, json_text(file, "path", ""));

                if (other)
                        hold_also(other, file);
                else
                        json_array_append(rest, file);
        }
        return json_array_size(rest) ? json_dumps(rest, JSON_COMPACT) : NULL;
}

void files_give_back(Driver *driver, const Domain *d, char *held)
{
        _cleanup_(free_ptr) char *all = held;
        char *rest = all ? hand_over(driver, d, all) : NULL;
        struct FilesReturn *of;
        ReturnJob *job;

        if (!rest) {
                forget_row(driver, &d->uuid);
                return;
        }
        of = xnew0(struct FilesReturn, 1);
        job = xnew0(ReturnJob, 1);
        *job = (ReturnJob){.of = of, .held = rest};
        of->driver = driver;
        of->uuid = d->uuid;
        list_append(&qemu_driver_of(driver)->returns, &of->node);
        of->job = job_start(driver->host.loop, return_run, return_done, job);
}

void files_abandon(Driver *driver)
{
        LIST_FOREACH(of, &qemu_driver_of(driver)->returns, struct FilesReturn, node) {
                job_abandon(of->job);
                return_free(of);
        }
}

/* --- steps --- */

typedef struct LookJob {
        QemuUser user;
        DomainConfig *config;
        char *held;
} LookJob;

static int look_run(void *data, Error *err)
{
        LookJob *look = data;
        Wants wants = {};
        int r;

        wants_of(look->config, &wants);
        r = owner_look(&look->user, wants.list.items, wants.list.len, &look->held, err);
        vec_done(&wants.list);
        return r;
}

static int look_then(Op *op, void *data, Error *err)
{
        LookJob *look = data;

        (void) err;
        free(op->args.owners);
        op->args.owners = TAKE_PTR(look->held);
        return 0;
}

static void look_free(void *data)
{
        LookJob *look = data;

        domain_config_free(look->config);
        free(look->held);
        free(look);
}

static const QemuUser *user_of(const Op *op)
{
        return &qemu_driver_of(op_driver(op))->settings.user;
}

int files_look(Op *op, Error *err)
{
        const Launch *launch = op->state;
        struct FilesReturn *before = find_return(op_driver(op), &op_domain(op)->uuid);
        LookJob *look;

        (void) err;
        if (before) {
                *vec_push(&before->waiting) = op;
                op->waits_for = "files of the last run";
                return OP_AGAIN;
        }
        if (!user_of(op)->set)
                return OP_NEXT;
        look = xnew0(LookJob, 1);
        look->user = *user_of(op);
        look->config = domain_config_copy(launch->config);
        return op_job(op, look_run, look_then, look_free, look);
}

typedef struct TakeJob {
        QemuUser user;
        char *held;
} TakeJob;

static int take_run(void *data, Error *err)
{
        const TakeJob *take = data;

        return owner_take(&take->user, take->held, err);
}

static int untake_run(void *data, Error *err)
{
        const TakeJob *take = data;

        return owner_return(take->held, err);
}

static void take_free(void *data)
{
        TakeJob *take = data;

        free(take->held);
        free(take);
}

static int start_job(Op *op, OpJobRunFn *run)
{
        TakeJob *take;

        if (!op->args.owners)
                return OP_NEXT;
        take = xnew0(TakeJob, 1);
        take->user = *user_of(op);
        take->held = xstrdup(op->args.owners);
        return op_job(op, run, NULL, take_free, take);
}

/* Who owned the files must outlast the host before it changes; where none does, no start waits for
 * the disk. */
int files_take(Op *op, Error *err)
{
        Launch *launch = op->state;

        (void) err;
        if (op->args.owners && !launch->owners_on_disk) {
                launch->owners_on_disk = true;
                store_commit(store_tx_new(op_store(op)), STORE_DURABLE, op_wake_cb, op);
                return OP_AGAIN;
        }
        return start_job(op, take_run);
}

int files_return(Op *op, Error *err)
{
        (void) err;
        return start_job(op, untake_run);
}

void files_keep(Op *op)
{
        QemuGuest *guest = qemu_guest(op_domain(op));

        if (!guest || !op->args.owners)
                return;
        free(guest->held);
        guest->held = xstrdup(op->args.owners);
}
