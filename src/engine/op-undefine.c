/* Undefine: forget a stored configuration, and with args.discard_save its managed save image.
 *
 * Before: the domain is persistent. After: it is gone, or transient if it is active. On error,
 * cancel or crash before "record": as before. */
#include "engine/engine-internal.h"

#include "base/str.h"
#include "store/table-domain.h"
#include "op/job-leaf.h"
#include "store/table-image.h"

static OpStepFn undefine_record, image_unlink, domain_forget;

static const OpStep steps[] = {
        {.name = "record",
         .run = undefine_record,
         .flags = OP_COMMITS,
         .needs = DOMAIN_NEEDS_PERSISTENT},
        {.name = "remove image", .run = image_unlink},
        {.name = "forget domain", .run = domain_forget, .needs = DOMAIN_NEEDS_PERSISTENT},
        {},
};

const OpType undefine_op = {.name = "undefine", .steps = steps};

static int undefine_record(Op *op, Error *err)
{
        Domain *d = op->subject;

        if (d->image.path && !op->args.discard_save)
                return error_set(err, ERROR_OPERATION_INVALID,
                                 "Refusing to undefine while domain managed save image exists");
        if (d->image.path)
                op->args.path = xstrdup(d->image.path);

        StoreTx *tx = store_tx_new(op_store(op));
        domain_row_delete(tx, &d->uuid);
        image_row_delete(tx, &d->uuid);
        return op_commit(op, tx, err);
}

static int image_unlink(Op *op, Error *err)
{
        (void) err;
        return op->args.path ? op_unlink(op, op->args.path) : OP_NEXT;
}

static int domain_forget(Op *op, Error *err)
{
        Domain *d = op->subject;

        (void) err;
        domain_set_image(d, (DomainImage){});
        domain_clear_config(d);
        return OP_NEXT;
}
