/* Questions to QEMU that hold no slot: DriverType.ask. A row a kind; the answer of QEMU is the
 * answer, but for screenshots, which are a dialogue of their own (screenshot.h). */
#pragma once

#include "qemu/guest.h"

int qemu_ask(Driver *driver, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
             void *data, Error *err);
/* The guest ended: who waits is told the cause. */
void qemu_asks_ended(QemuGuest *guest, const Error *cause);
/* Forgets every question. */
void qemu_asks_done(QemuGuest *guest);

/* A question under way. The dialogue of a screenshot begins with it. */
typedef struct QemuAsk {
        ListNode node; /* QemuGuest.asks */
        QemuGuest *guest;
        DriverAnswerFn *done;
        void *data;
        json_t *id; /* of a monitor command: what the asker calls it */
        int fd;     /* -1: none */
        int64_t fdset;
        char *mime;
        Error error;
} QemuAsk;

/* Tells and frees. */
void qemu_ask_answer(QemuAsk *ask, DriverAnswer *answer, const Error *err);
