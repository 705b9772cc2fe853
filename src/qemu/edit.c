/* Edits that a running guest has to follow: QMP for each kind. */
#include "qemu/guest.h"
#include "qemu/qemu.h"

static bool has_balloon(const DomainConfig *config)
{
        return config->memballoon && config->memballoon->model != MEMBALLOON_MODEL_NONE;
}

int qemu_edit_guest(Op *op, const DomainConfig *to, Error *err)
{
        if (op->args.edit->kind != EDIT_KIND_MEMORY)
                return error_set(err, ERROR_UNSUPPORTED,
                                 "changing the number of a running guest's processors is not "
                                 "supported");
        if (!has_balloon(to))
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "Unable to change memory of active domain without the balloon "
                                 "device and guest OS balloon driver");
        return qemu_guest_call(
                op, "balloon",
                json_pack("{s:I}", "value", (json_int_t) config_current_memory(to) * 1024), NULL,
                err);
}

void qemu_record(StoreTx *tx, const Domain *d, const DomainConfig *live)
{
        qemu_guest_record(tx, d, live, true);
}
