#include "qemu/follow.h"

#include "base/str.h"

static void reset(QemuFollow *f)
{
        json_decref(f->answer);
        json_decref(f->vcpus);
        json_decref(f->iothreads);
        timer_free(f->patience);
        free(f->leaving);
        *f = (QemuFollow){};
}

void qemu_follow_done(QemuFollow *f)
{
        reset(f);
}

int qemu_follow(Op *op, QemuMove *const *moves, const DomainConfig *to, Error *err)
{
        QemuGuest *guest = qemu_guest(op_domain(op));
        QemuFollow *f;
        int r = OP_NEXT;

        if (!guest)
                return error_set(err, ERROR_OPERATION_INVALID, "domain is not running");
        f = &guest->follow;
        if (f->op_id != op->id || f->phase != op->phase) {
                reset(f);
                f->op_id = op->id;
                f->phase = op->phase;
        }
        while (moves[f->move]) {
                r = moves[f->move](op, f, to, err);
                if (r < 0 || r == OP_AGAIN)
                        break;
                f->move++;
                f->i = 0;
                if (r == OP_WAIT)
                        return OP_AGAIN;
        }
        if (r != OP_AGAIN)
                reset(f);
        return r;
}

void qemu_follow_ended(QemuGuest *guest, const Error *cause)
{
        Op *waiting = TAKE_PTR(guest->follow.waiting);

        if (waiting)
                op_wake(waiting, cause);
}

static void answered(void *data, json_t *value, const Error *err)
{
        Op *op = data;
        QemuGuest *guest = qemu_guest(op_domain(op));

        if (guest && value)
                guest->follow.answer = json_incref(value);
        op_wake(op, err);
}

int qemu_move_ask(Op *op, const char *command, Error *err)
{
        int r = qemu_guest_call(op, command, NULL, answered, err);

        return r < 0 ? r : OP_AGAIN;
}

int qemu_move_tell(Op *op, const char *command, json_t *args, Error *err)
{
        int r = qemu_guest_call(op, command, args, NULL, err);

        return r < 0 ? r : OP_AGAIN;
}
