#include "qemu/ask.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/process.h"
#include "qemu/screenshot.h"

enum {
        ASKS_MAX = 32, /* of one guest */
        DEPTH_MAX = 64,
};

static void ask_free(QemuAsk *ask)
{
        list_remove(&ask->node);
        json_decref(ask->id);
        fd_close(ask->fd);
        error_done(&ask->error);
        free(ask->mime);
        free(ask);
}

void qemu_ask_answer(QemuAsk *ask, DriverAnswer *answer, const Error *err)
{
        DriverAnswerFn *done = ask->done;
        void *data = ask->data;

        ask->done = NULL;
        ask_free(ask);
        if (done)
                done(data, err ? NULL : answer, err);
}

/* Every command was told before this, and forgets its question; what is left is in between. */
void qemu_asks_ended(QemuGuest *guest, const Error *cause)
{
        QemuAsk *ask;

        while ((ask = list_first(&guest->asks, QemuAsk, node)))
                qemu_ask_answer(ask, NULL, cause);
}

void qemu_asks_done(QemuGuest *guest)
{
        LIST_FOREACH(ask, &guest->asks, QemuAsk, node)
                ask_free(ask);
}

/* --- answers --- */

static void told_done(void *data, json_t *value, const Error *err)
{
        (void) value;
        qemu_ask_answer(data, &(DriverAnswer){.fd = -1}, err);
}

/* The whole answer as QEMU gave it, under the asker's own id. */
static void told_raw(void *data, json_t *value, const Error *err)
{
        QemuAsk *ask = data;
        _cleanup_(free_ptr) char *text = NULL;

        if (value) {
                if (ask->id)
                        json_object_set(value, "id", ask->id);
                text = json_dumps(value, JSON_COMPACT);
        }
        qemu_ask_answer(ask, &(DriverAnswer){.text = text, .fd = -1}, err);
}

static void told_line(void *data, json_t *value, const Error *err)
{
        const char *text = json_is_string(value) ? json_string_value(value) : "";

        qemu_ask_answer(data, &(DriverAnswer){.text = text, .fd = -1}, err);
}

/* --- questions --- */

typedef int AskFn(QemuAsk *ask, const DriverQuestion *question, Error *err);

static bool too_deep(const char *text)
{
        unsigned depth = 0;

        for (; *text; text++) {
                if (*text == '{' || *text == '[')
                        depth++;
                else if ((*text == '}' || *text == ']') && depth)
                        depth--;
                if (depth > DEPTH_MAX)
                        return true;
        }
        return false;
}

/* Said once, in the guest's log, where people look for what became of it. */
static void taint(QemuGuest *guest)
{
        Domain *d = guest->domain;

        if (d->taints & TAINT_MONITOR)
                return;
        d->taints |= TAINT_MONITOR;
        process_log_note(guest->log_path, "tainted: custom monitor control commands issued");
}

/* A command of QMP, whole or its name alone. */
static int ask_monitor(QemuAsk *ask, const DriverQuestion *question, Error *err)
{
        _cleanup_(json_p) json_t *command = NULL;
        const char *text = question->text, *name;
        json_error_t why;

        if (too_deep(text))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "the monitor command nests deeper than %d", (int) DEPTH_MAX);
        if (text[strspn(text, " \t\r\n")] != '{') {
                taint(ask->guest);
                qmp_client_call_raw(ask->guest->qmp, text, NULL, told_raw, ask);
                return 0;
        }
        command = json_loads(text, JSON_REJECT_DUPLICATES, &why);
        if (!json_is_object(command))
                return error_set(err, ERROR_INTERNAL, "cannot parse json %s: %s", text, why.text);
        name = json_text(command, "execute", NULL);
        if (!name)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "the monitor command has no 'execute'");
        taint(ask->guest);
        ask->id = json_incref(json_object_get(command, "id"));
        qmp_client_call_raw(ask->guest->qmp, name,
                            json_incref(json_object_get(command, "arguments")), told_raw, ask);
        return 0;
}

static int ask_monitor_line(QemuAsk *ask, const DriverQuestion *question, Error *err)
{
        json_t *args = json_pack("{s:s}", "command-line", question->text);

        if (!args)
                return error_set(err, ERROR_INVALID_ARGUMENT, "the monitor command is no UTF-8");
        taint(ask->guest);
        qmp_client_call(ask->guest->qmp, "human-monitor-command", args, told_line, ask);
        return 0;
}

static int ask_send_keys(QemuAsk *ask, const DriverQuestion *question, Error *err)
{
        json_t *keys = json_array();
        json_t *args;

        (void) err;
        for (size_t i = 0; i < question->n_keys; i++)
                json_array_append_new(keys, json_pack("{s:s, s:I}", "type", "number", "data",
                                                      (json_int_t) question->keys[i]));
        args = json_pack("{s:o}", "keys", keys);
        if (question->hold_ms)
                json_object_set_new(args, "hold-time", json_integer(question->hold_ms));
        qmp_client_call(ask->guest->qmp, "send-key", args, told_done, ask);
        return 0;
}

static int ask_nmi(QemuAsk *ask, const DriverQuestion *question, Error *err)
{
        (void) question;
        (void) err;
        qmp_client_call(ask->guest->qmp, "inject-nmi", NULL, told_done, ask);
        return 0;
}

int qemu_ask(Driver *driver, Domain *d, const DriverQuestion *question, DriverAnswerFn *done,
             void *data, Error *err)
{
        static AskFn *const table[] = {
                [ASK_MONITOR] = ask_monitor,
                [ASK_MONITOR_LINE] = ask_monitor_line,
                [ASK_SEND_KEYS] = ask_send_keys,
                [ASK_SCREENSHOT] = qemu_screenshot,
                [ASK_NMI] = ask_nmi,
        };
        QemuGuest *guest = qemu_guest(d);
        size_t asked = 0;
        QemuAsk *ask;
        int r;

        (void) driver;
        if (!guest || !guest->qmp || !d->live)
                return error_set(err, ERROR_OPERATION_FAILED,
                                 "domain '%s' has no monitor connection", d->name);
        LIST_FOREACH(other, &guest->asks, QemuAsk, node)
                asked++;
        if (asked >= ASKS_MAX)
                return error_set(err, ERROR_BUSY, "%zu questions to domain '%s' have no answer yet",
                                 asked, d->name);
        ask = xnew0(QemuAsk, 1);
        *ask = (QemuAsk){.guest = guest, .done = done, .data = data, .fd = -1, .fdset = -1};
        list_append(&guest->asks, &ask->node);
        r = table[question->kind](ask, question, err);
        if (r < 0)
                ask_free(ask);
        return r;
}
