/* Moves of one command: memory, what the guest reports of it, cables. */
#include "base/str.h"
#include "qemu/follow.h"
#include "qemu/stats.h"

int qemu_move_balloon(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        _cleanup_(free_ptr) char *path = qemu_balloon_path(to);
        uint64_t kib = config_current_memory(to);

        (void) f;
        if (!path && op->args.edit)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "Unable to change memory of active domain without the balloon "
                                 "device and guest OS balloon driver");
        if (!op->args.edit && (!path || kib >= to->memory))
                return OP_NEXT;
        return qemu_guest_call(op, "balloon", json_pack("{s:I}", "value", (json_int_t) kib * 1024),
                               NULL, err);
}

int qemu_move_stats_period(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        _cleanup_(free_ptr) char *path = qemu_balloon_path(to);
        bool reports = path && to->memballoon->has_stats_period;

        (void) f;
        if (!path || (!op->args.edit && !reports))
                return OP_NEXT;
        return qemu_guest_call(op, "qom-set",
                               qemu_stats_period(path, reports ? to->memballoon->stats_period : 0),
                               NULL, err);
}

/* One cable a run. */
int qemu_move_links(Op *op, QemuFollow *f, const DomainConfig *to, Error *err)
{
        while (f->i < to->interfaces.len) {
                const Interface *interface = &to->interfaces.items[f->i++];
                bool up = interface->link != LINK_STATE_DOWN;

                if (!op->args.edit && up)
                        continue;
                return qemu_move_tell(
                        op, "set_link",
                        json_pack("{s:s, s:b}", "name", interface->info.alias, "up", up), err);
        }
        return OP_NEXT;
}
