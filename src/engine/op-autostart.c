/* Set autostart: whether the domain starts with the host (args.autostart). */
#include "engine/engine-internal.h"

#include "store/table-domain.h"

static OpStepFn autostart_record, autostart_show;

static const OpStep steps[] = {
        {.name = "record",
         .run = autostart_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_PERSISTENT},
        {.name = "show", .run = autostart_show, .needs = DOMAIN_NEEDS_PERSISTENT},
        {},
};

const OpType set_autostart_op = {.name = "set autostart", .steps = steps, .flags = OP_UNJOURNALLED};

static int autostart_record(Op *op, Error *err)
{
        const Domain *d = op->subject;
        StoreTx *tx;

        if (d->holder && d->holder->type == &undefine_op)
                return error_set(err, ERROR_OPERATION_INVALID, "domain '%s' is being undefined",
                                 d->name);
        tx = store_tx_new(op_store(op));
        domain_row_set_autostart(tx, &d->uuid, op->args.autostart);
        return op_commit(op, tx, err);
}

static int autostart_show(Op *op, Error *err)
{
        Domain *d = op->subject;

        (void) err;
        d->autostart = op->args.autostart;
        return OP_NEXT;
}
