/* Plugging and pulling virtual processors.
 *
 * QEMU tells of every place for a processor, the highest first. Places are filled from the lowest
 * on, so that a guest that is saved and restored finds its processors where they were; they are
 * cleared from the highest, as far as they were plugged. A guest gives a processor back when it
 * likes, and is waited for with patience; where that was on the way back from an edit that failed,
 * what the guest keeps is what the live configuration says from then on. */
#include "base/str.h"
#include "qemu/follow.h"
#include "qemu/qemu.h"

static bool is_vcpu(const char *device)
{
        const char *number = str_after(device, "vcpu");
        uint32_t n;

        return number && str_to_u32(number, &n);
}

/* The truth about a running guest becomes its configuration. */
static void set_count(Domain *d, uint32_t count)
{
        StoreTx *tx = store_tx_new(d->list->driver->host.store);

        d->live->has_vcpu_current = count < d->live->vcpus;
        d->live->vcpu_current = d->live->has_vcpu_current ? count : 0;
        d->list->driver->type->record(tx, d, d->live);
        store_commit(tx, STORE_ORDERED, NULL, NULL);
}

static int refuse(Error *err)
{
        return error_set(err, ERROR_INVALID_ARGUMENT,
                         "failed to find appropriate hotpluggable vcpus to reach the desired "
                         "target vcpu count");
}

static int plug(Op *op, const json_t *places, Error *err)
{
        for (size_t i = json_array_size(places); i-- > 0;) {
                const json_t *place = json_array_get(places, i);
                char id[32];
                json_t *args;

                if (json_object_get(place, "qom-path"))
                        continue;
                snprintf(id, sizeof(id), "vcpu%zu", json_array_size(places) - 1 - i);
                args = json_pack("{s:s, s:s}", "driver", json_text(place, "type", ""), "id", id);
                json_object_update(args, json_object_get(place, "props"));
                return qemu_move_tell(op, "device_add", args, err);
        }
        return refuse(err);
}

/* --- the guest gives one back --- */

static void left(QemuFollow *f, const Error *err)
{
        Op *op = TAKE_PTR(f->waiting);

        f->patience = timer_free(f->patience);
        f->i = err != NULL; /* asked in vain */
        op_wake(op, op->phase == OP_BACK ? NULL : err);
}

static void kept(void *data)
{
        QemuFollow *f = data;
        _cleanup_(error_done) Error err = {};

        error_set(&err, ERROR_TIMEOUT,
                  "vcpu unplug request timed out. Unplug result must be manually inspected in the "
                  "domain");
        left(f, &err);
}

static void pull_told(void *data, json_t *value, const Error *err)
{
        QemuGuest *guest = qemu_guest(op_domain(data));

        (void) value;
        if (!guest || !guest->follow.waiting)
                return;
        if (err)
                left(&guest->follow, err);
}

/* The id of the processor that was plugged at this place; NULL: none, or one that the guest began
 * with. */
static const char *plugged(const json_t *place)
{
        const char *id = str_after(json_text(place, "qom-path", ""), "/machine/peripheral/");

        return id && is_vcpu(id) ? id : NULL;
}

static int pull(Op *op, QemuFollow *f, const json_t *places, Error *err)
{
        const Driver *driver = op_driver(op);

        for (size_t i = 0; i < json_array_size(places); i++) {
                const char *id = plugged(json_array_get(places, i));
                int r;

                if (!id)
                        continue;
                r = qemu_guest_call(op, "device_del", json_pack("{s:s}", "id", id), pull_told, err);
                if (r < 0)
                        return r;
                free(f->leaving);
                f->leaving = xstrdup(id);
                f->waiting = op;
                f->patience = timer_new(driver->host.loop, kept, f);
                timer_start(f->patience, qemu_driver_of(driver)->settings.unplug_ms);
                op->waits_for = "the guest to give a processor back";
                return OP_AGAIN;
        }
        return refuse(err);
}

int qemu_move_vcpus(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        _cleanup_(json_p) json_t *places = TAKE_PTR(f->answer);
        uint32_t want = config_current_vcpus(to);
        uint64_t have = 0, movable = 0;

        if (!places)
                return qemu_move_ask(op, "query-hotpluggable-cpus", err);
        for (size_t i = 0; i < json_array_size(places); i++) {
                const json_t *place = json_array_get(places, i);

                uint64_t count = json_u64(place, "vcpus-count", 1);

                have += json_object_get(place, "qom-path") ? count : 0;
                movable += plugged(place) ? count : 0;
        }
        if (have == want)
                return OP_NEXT;
        if (op->phase == OP_BACK && have > want && (f->i || have - want > movable)) {
                set_count(op_domain(op), (uint32_t) have);
                return OP_NEXT;
        }
        if (have > want && have - want > movable)
                return refuse(err);
        return have < want ? plug(op, places, err) : pull(op, f, places, err);
}

/* Also what the guest does by itself, or long after it was asked. */
void qemu_vcpu_left(QemuGuest *guest, const char *device, const Error *err)
{
        QemuFollow *f = &guest->follow;

        if (f->waiting && str_eq(f->leaving, device))
                left(f, err);
        else if (!err && is_vcpu(device) && config_current_vcpus(guest->domain->live) > 1)
                set_count(guest->domain, config_current_vcpus(guest->domain->live) - 1);
}
