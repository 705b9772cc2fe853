/* Taking up what an earlier daemon left.
 *
 * Each guest that was active goes its own way, all at once:
 *
 *     reconnect (the driver finds the process) -> recover the operation in the journal, undoing it
 * or going forward -> the domain's queue opens
 *
 * Operations of domains that were off begin at once. When all have ended, and this is the first
 * start on this boot of the host, the domains marked autostart are started, a few at a time. */
#include "engine/engine-internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "op/group.h"

#include <unistd.h>

/* A guest to find again. */
typedef struct Guest {
        Recovery *recovery;
        Domain *d;      /* referenced */
        RuntimeRow row; /* strings owned */
} Guest;

/* An operation to take up. */
typedef struct Entry {
        uint64_t id;
        Uuid uuid;
        char *driver, *name, *type, *args, *step;
        bool committed;
} Entry;

struct Recovery {
        Engine *engine;
        VEC(Guest *) guests;
        VEC(Entry) entries;
        VEC(Domain *) autostart; /* referenced */
        size_t next_autostart;
        Group group;
        DriverDoneFn *done;
        void *data;
};

static void entry_done(Entry *entry)
{
        free(entry->driver);
        free(entry->name);
        free(entry->type);
        free(entry->args);
        free(entry->step);
}

static void guest_free(Guest *guest)
{
        domain_unref(guest->d);
        free((char *) guest->row.driver);
        free((char *) guest->row.name);
        free((char *) guest->row.boot_id);
        free((char *) guest->row.config);
        free((char *) guest->row.state);
        free(guest);
}

Recovery *recovery_new(Engine *engine)
{
        Recovery *recovery = xnew0(Recovery, 1);

        recovery->engine = engine;
        return recovery;
}

Recovery *recovery_free(Recovery *recovery)
{
        if (!recovery)
                return NULL;
        for (size_t i = 0; i < recovery->guests.len; i++)
                guest_free(recovery->guests.items[i]);
        for (size_t i = 0; i < recovery->entries.len; i++)
                entry_done(&recovery->entries.items[i]);
        for (size_t i = 0; i < recovery->autostart.len; i++)
                domain_unref(recovery->autostart.items[i]);
        vec_done(&recovery->guests);
        vec_done(&recovery->entries);
        vec_done(&recovery->autostart);
        error_done(&recovery->group.error);
        free(recovery);
        return NULL;
}

void recovery_keep_guest(Recovery *recovery, Domain *d, const RuntimeRow *row)
{
        Guest *guest = xnew0(Guest, 1);

        guest->recovery = recovery;
        guest->d = domain_ref(d);
        guest->row = *row;
        guest->row.driver = xstrdup(row->driver);
        guest->row.name = xstrdup(row->name);
        guest->row.boot_id = xstrdup(row->boot_id);
        guest->row.config = xstrdup(row->config);
        guest->row.state = xstrdup_null(row->state);
        *vec_push(&recovery->guests) = guest;
}

void recovery_keep_operation(Recovery *recovery, const OperationRow *row)
{
        *vec_push(&recovery->entries) = (Entry){
                .id = row->id,
                .uuid = row->uuid,
                .driver = xstrdup(row->driver),
                .name = xstrdup(row->name),
                .type = xstrdup(row->type),
                .args = xstrdup(row->args),
                .step = xstrdup(row->step),
                .committed = row->committed,
        };
}

/* --- operations --- */

static void operation_ended(void *data, Domain *d, const Error *err)
{
        Recovery *recovery = data;

        (void) err; /* ignoring: the observer of operations has told it */
        engine_unclaim(d);
        group_end(&recovery->group, NULL);
}

static void drop_entry(Recovery *recovery, const Entry *entry)
{
        StoreTx *tx = store_tx_new(recovery->engine->store);

        operation_row_delete(tx, entry->id);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
}

static int take_up(Recovery *recovery, Domain *d, const Entry *entry, Error *err)
{
        DomainVerb verb;
        const OpType *type = engine_op_by_name(d->list->driver, entry->type, &verb);
        EngineCall *call;
        OpArgs args;
        int r;

        if (!type)
                return error_set(err, ERROR_INTERNAL, "no operation '%s'", entry->type);
        r = op_args_from_json(entry->args, &args, err);
        if (r < 0)
                return r;

        call = engine_call_recovered(recovery->engine, d, verb, type, operation_ended, recovery);
        op_args_done(&call->op->args);
        call->op->args = args;
        group_add(&recovery->group);
        r = op_start_recovered(call->op, entry->id, entry->step, entry->committed, err);
        if (r < 0) {
                /* The row speaks of a step that this build does not know: as if it had not begun.
                 */
                engine_call_drop(call);
                group_end(&recovery->group, NULL);
        }
        return r;
}

/* The operations of one domain in the journal; there is at most one. */
static void take_up_domain(Recovery *recovery, Domain *d)
{
        for (size_t i = 0; i < recovery->entries.len; i++) {
                const Entry *entry = &recovery->entries.items[i];
                _cleanup_(error_done) Error err = {};

                if (!uuid_equal(&entry->uuid, &d->uuid) || d->holder)
                        continue;
                if (take_up(recovery, d, entry, &err) < 0)
                        drop_entry(recovery, entry);
        }
        engine_grant_next(d);
}

/* --- guests --- */

static void reconnected(void *data, const Error *err)
{
        Guest *guest = data;
        Recovery *recovery = guest->recovery;

        (void) err; /* ignoring: the guest is active and does not answer, which its state shows */
        guest->d->reconnecting = false;
        take_up_domain(recovery, guest->d);
        group_end(&recovery->group, NULL);
}

static bool is_guest(const Recovery *recovery, const Domain *d)
{
        for (size_t i = 0; i < recovery->guests.len; i++)
                if (recovery->guests.items[i]->d == d)
                        return true;
        return false;
}

/* The domain of an entry; one that has no other record any more is made for the time of its
 * operation, and nobody sees it. */
static Domain *domain_of_entry(Driver *driver, const Entry *entry)
{
        DomainList *list = driver->host.domains;
        Domain *d;

        LIST_FOREACH(other, &list->domains, Domain, node)
                if (uuid_equal(&other->uuid, &entry->uuid))
                        return other;
        return domain_list_add(list, entry->name, &entry->uuid, &d, NULL) < 0 ? NULL : d;
}

/* Operations whose domain was off. */
static void take_up_others(Recovery *recovery)
{
        for (size_t i = 0; i < recovery->entries.len; i++) {
                const Entry *entry = &recovery->entries.items[i];
                Driver *driver = engine_driver(recovery->engine, entry->driver);
                Domain *d = driver ? domain_of_entry(driver, entry) : NULL;

                if (d && !is_guest(recovery, d) && !d->holder)
                        take_up_domain(recovery, d);
                else if (driver && !d)
                        drop_entry(recovery, entry);
        }
}

/* --- autostart --- */

static void finished(Recovery *recovery)
{
        Engine *engine = recovery->engine;
        DriverDoneFn *done = recovery->done;
        void *data = recovery->data;

        engine->recovery = recovery_free(recovery);
        done(data, &(Error){});
}

static void autostart_next(Recovery *recovery);

static void autostarted(void *data, Domain *d, const Error *err)
{
        Recovery *recovery = data;

        (void) d;
        (void) err; /* ignoring: one failure does not stop the others; the observer tells it */
        autostart_next(recovery);
        group_end(&recovery->group, NULL);
}

static void autostart_next(Recovery *recovery)
{
        while (recovery->next_autostart < recovery->autostart.len) {
                Domain *d = recovery->autostart.items[recovery->next_autostart++];

                if (domain_active(d))
                        continue;
                if (engine_submit(recovery->engine, d->list->driver, d, VERB_START, NULL,
                                  autostarted, recovery, NULL, NULL) < 0)
                        continue;
                group_add(&recovery->group);
                return;
        }
}

/* Once per boot of the host: the file holds the boot that was served. */
static bool first_on_this_boot(const Engine *engine)
{
        _cleanup_(free_ptr) char *path = path_join(engine->run_dir, "autostarted");
        _cleanup_(free_ptr) char *seen = NULL;
        const char *boot = clock_boot_id();

        if (file_read(path, 64, &seen, NULL, NULL) == 0 && str_eq(seen, boot))
                return false;
        return file_write_atomic(path, boot, strlen(boot), 0600, NULL) == 0;
}

static void autostart_done(void *data, const Error *err)
{
        (void) err;
        finished(data);
}

static void recovered(void *data, const Error *err)
{
        Recovery *recovery = data;
        Engine *engine = recovery->engine;
        long cores = sysconf(_SC_NPROCESSORS_ONLN);

        (void) err;
        group_init(&recovery->group, autostart_done, recovery);
        if (first_on_this_boot(engine)) {
                for (size_t i = 0; i < engine->n_drivers; i++)
                        LIST_FOREACH(d, &engine->drivers[i].domains.domains, Domain, node)
                                if (d->autostart)
                                        *vec_push(&recovery->autostart) = domain_ref(d);
                for (long i = 0; i < (cores > 0 ? cores : 1); i++)
                        autostart_next(recovery);
        }
        group_end(&recovery->group, NULL);
}

void engine_start(Engine *engine, DriverDoneFn *done, void *data)
{
        Recovery *recovery = engine->recovery;

        recovery->done = done;
        recovery->data = data;
        group_init(&recovery->group, recovered, recovery);
        for (size_t i = 0; i < recovery->guests.len; i++) {
                Guest *guest = recovery->guests.items[i];
                Driver *driver = guest->d->list->driver;

                guest->d->reconnecting = true;
                group_add(&recovery->group);
                driver->type->reconnect(driver, guest->d, &guest->row, reconnected, guest);
        }
        take_up_others(recovery);
        group_end(&recovery->group, NULL);
}
