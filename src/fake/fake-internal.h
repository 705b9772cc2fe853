/* What the files of fake/ share. */
#pragma once

#include "fake/fake.h"
#include "fake/guest.h"

extern const OpType fake_start_op, fake_restore_op, fake_save_op, fake_managed_save_op,
        fake_shutdown_op, fake_reboot_op, fake_destroy_op, fake_suspend_op, fake_resume_op,
        fake_reset_op;

static inline Domain *op_domain(const Op *op)
{
        return op->subject;
}
static inline Driver *op_driver(const Op *op)
{
        return op_domain(op)->list->driver;
}

/* The guest is no more: its file, its record; the domain is off. Harmless when it is off. */
void fake_end(Domain *d, DomainReason reason, DomainEventKind event);
/* Sets whether the guest runs, with state and event. */
int fake_set_running(Domain *d, bool running, DomainReason reason, DomainEventKind event,
                     Error *err);
/* A leaf: the record of the active domain is with the kernel. */
int fake_record(Op *op);

/* Calls of DriverType. */
int fake_edit_guest(Op *op, const DomainConfig *to, Error *err);
void fake_record_row(StoreTx *tx, const Domain *d, const DomainConfig *live);

/* Steps that several tables have. */
OpStepFn fake_guest_forget; /* undo of a guest's making */
