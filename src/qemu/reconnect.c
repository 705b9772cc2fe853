#include "qemu/reconnect.h"

#include "base/clock.h"
#include "base/str.h"
#include "qemu/events.h"
#include "qemu/files.h"
#include "qemu/qemu.h"

struct Reconnect {
        QemuGuest *guest;
        DriverDoneFn *done;
        void *data;
        Timer *failed; /* tells `error` on the next turn */
        Error error;
};

Reconnect *reconnect_free(Reconnect *reconnect)
{
        if (!reconnect)
                return NULL;
        timer_free(reconnect->failed);
        error_done(&reconnect->error);
        free(reconnect);
        return NULL;
}

static void finish(Reconnect *reconnect, const Error *err)
{
        DriverDoneFn *done = reconnect->done;
        void *data = reconnect->data;

        reconnect->guest->reconnect = NULL;
        reconnect_free(reconnect);
        done(data, err);
}

void reconnect_ended(QemuGuest *guest, const Error *cause)
{
        if (guest->reconnect)
                finish(guest->reconnect, cause);
}

static void no_monitor(void *data)
{
        Reconnect *reconnect = data;
        _cleanup_(error_done) Error err = {};

        error_move(&err, &reconnect->error);
        finish(reconnect, &err);
}

static void late_status_told(void *data, json_t *value, const Error *err)
{
        if (!err)
                qemu_sync_status(data, json_text(value, "status", ""));
}

static void status_told(void *data, json_t *value, const Error *err)
{
        Reconnect *reconnect = data;
        QemuGuest *guest = reconnect->guest;

        if (!err)
                qemu_sync_status(guest, json_text(value, "status", ""));
        else if (!qmp_client_broken(guest->qmp))
                qmp_client_ask(guest->qmp, "query-status", NULL, late_status_told, guest);
        finish(reconnect, err);
}

/* There is no process: the domain is off, whatever ended it. */
static void gone(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done, void *data)
{
        StoreTx *tx = store_tx_new(driver->host.store);

        qemu_guest_unbind(driver, d);
        files_give_back(driver, d, qemu_guest_held(row));
        domain_ended(d, REASON_UNKNOWN, EVENT_STOPPED_FAILED);
        store_commit(tx, STORE_ORDERED, done, data);
}

void qemu_reconnect(Driver *driver, Domain *d, const RuntimeRow *row, DriverDoneFn *done,
                    void *data)
{
        _cleanup_(error_done) Error err = {};
        Reconnect *reconnect;
        QemuGuest *guest;

        if (!str_eq(row->boot_id, clock_boot_id()) || qemu_guest_adopt(driver, d, row, &err) < 0) {
                gone(driver, d, row, done, data);
                return;
        }
        guest = qemu_guest(d);
        reconnect = xnew0(Reconnect, 1);
        *reconnect = (Reconnect){.guest = guest, .done = done, .data = data};
        guest->reconnect = reconnect;
        if (guest->qmp) {
                qmp_client_call(guest->qmp, "query-status", NULL, status_told, reconnect);
                return;
        }
        error_set(&reconnect->error, ERROR_OPERATION_FAILED,
                  "the monitor of domain '%s' cannot be connected", d->name);
        reconnect->failed = timer_new(driver->host.loop, no_monitor, reconnect);
        timer_start(reconnect->failed, 0);
}
