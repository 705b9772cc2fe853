/* Edits that a running guest has to follow: which moves each kind takes. */
#include "base/str.h"
#include "qemu/follow.h"
#include "qemu/qemu.h"

#define PINS qemu_move_ask_vcpus, qemu_move_ask_iothreads, qemu_move_pins

static QemuMove *const memory[] = {qemu_move_balloon, NULL},
                       *const vcpus[] = {qemu_move_vcpus, PINS, NULL}, *const pins[] = {PINS, NULL},
                       *const iothreads[] = {qemu_move_iothreads, PINS, NULL},
                       *const stats_period[] = {qemu_move_stats_period, NULL};

static QemuMove *const *const moves[] = {
        [EDIT_KIND_MEMORY] = memory,
        [EDIT_KIND_VCPUS] = vcpus,
        [EDIT_KIND_VCPU_PIN] = pins,
        [EDIT_KIND_EMULATOR_PIN] = pins,
        [EDIT_KIND_IOTHREAD_PIN] = pins,
        [EDIT_KIND_IOTHREAD_ADD] = iothreads,
        [EDIT_KIND_IOTHREAD_DELETE] = iothreads,
        [EDIT_KIND_STATS_PERIOD] = stats_period,
};

int qemu_edit_guest(Op *op, const DomainConfig *to, Error *err)
{
        EditKind kind = op->args.edit->kind;

        if ((size_t) kind >= ELEMENTSOF(moves) || !moves[kind])
                return error_set(err, ERROR_UNSUPPORTED, "a running guest cannot follow this edit");
        return qemu_follow(op, moves[kind], to, err);
}

void qemu_record(StoreTx *tx, const Domain *d, const DomainConfig *live)
{
        qemu_guest_record(tx, d, live, true);
}
