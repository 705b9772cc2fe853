/* Making a running guest follow a configuration, for edits and at start.
 *
 * A follow is a list of moves. A move asks QEMU or the kernel how things are, gives one command
 * where they are not as the configuration says, and runs again until they are; so it bears being
 * repeated, and the way back is to follow the old configuration. An edit tells the guest in any
 * case (op->args.edit says what of); a start only what is not QEMU's default.
 *
 *   qemu_follow()  OP_AGAIN while the guest is on its way -> OP_NEXT when it is as it should be
 *
 * One follow is under way for a guest, on behalf of the operation that holds the domain. */
#pragma once

#include "qemu/guest.h"

/* Returns as run() of a step: OP_WAIT is the last wait of the move, OP_AGAIN runs it again. */
typedef int QemuMove(Op *op, QemuFollow *f, const DomainConfig *to, Error *err);

/* For the run() or undo() of a step. `moves` ends with NULL. On a negative return the guest may
 * have followed in part. */
int qemu_follow(Op *op, QemuMove *const *moves, const DomainConfig *to, Error *err);
/* The guest has ended: who waits for it to give something up is told. */
void qemu_follow_ended(QemuGuest *guest, const Error *cause);
void qemu_follow_done(QemuFollow *f);

/* For moves: asks QEMU, f->answer has it when the move runs again. OP_AGAIN. */
int qemu_move_ask(Op *op, const char *command, Error *err);
/* For moves: gives a command after which the move runs again. OP_AGAIN. */
int qemu_move_tell(Op *op, const char *command, json_t *args, Error *err);

/* Memory and its reports, in moves.c. */
QemuMove qemu_move_balloon, qemu_move_stats_period, qemu_move_links;
/* Threads, in threads.c. The pins need the answers of the two before it. */
QemuMove qemu_move_ask_vcpus, qemu_move_ask_iothreads, qemu_move_pins, qemu_move_iothreads;
/* Before QEMU runs: its threads begin where the emulator's are to be. */
int qemu_pin_process(const DomainConfig *live, pid_t pid, Error *err);
/* Virtual processors, in vcpus.c. */
QemuMove qemu_move_vcpus;
/* A device has left the guest, or the guest refused to let it go: `err`. Nothing happens where it
 * is no virtual processor. */
void qemu_vcpu_left(QemuGuest *guest, const char *device, const Error *err);
