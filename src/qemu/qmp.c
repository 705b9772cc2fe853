#include "qemu/qmp.h"

#include "base/fd.h"
#include "base/list.h"
#include "base/log.h"
#include "base/str.h"
#include "loop/stream.h"
#include "loop/timer.h"

#include <string.h>

typedef enum QmpState {
        QMP_GREETING,
        QMP_CAPABILITIES,
        QMP_READY,
        QMP_LOST,
        QMP_BROKEN,
} QmpState;

typedef struct Call {
        ListNode node;
        QmpClient *client;
        uint64_t id;
        char *command;
        char *text;     /* until it is sent */
        int fd;         /* until it is sent, or -1 */
        bool refused;   /* too many wait: never sent */
        bool raw;       /* told the whole answer, whatever it is */
        QmpReplyFn *fn; /* NULL: was told already, the answer is dropped */
        void *data;
        Timer *deadline;
} Call;

struct QmpClient {
        Loop *loop;
        QmpSpec spec;
        char *subject;
        QmpState state;
        Stream *stream;
        Timer *greeting; /* its deadline; afterwards tells calls made on a broken client */
        ListNode calls;  /* that wait, in the order of their making */
        size_t n_calls;
        uint64_t last_id;
        size_t scanned; /* bytes of the unfinished line known to hold no newline */
        Error error;    /* why it broke */
        unsigned refs;
        bool freed;
};

const char *json_text(const json_t *object, const char *key, const char *fallback)
{
        const json_t *value = json_object_get(object, key);

        return json_is_string(value) ? json_string_value(value) : fallback;
}

uint64_t json_u64(const json_t *object, const char *key, uint64_t fallback)
{
        const json_t *value = json_object_get(object, key);

        return json_is_integer(value) && json_integer_value(value) >= 0
                       ? (uint64_t) json_integer_value(value)
                       : fallback;
}

bool json_flag(const json_t *object, const char *key, bool fallback)
{
        const json_t *value = json_object_get(object, key);

        return json_is_boolean(value) ? json_is_true(value) : fallback;
}

static void client_unref(QmpClient *client)
{
        if (--client->refs)
                return;
        error_done(&client->error);
        free(client->subject);
        free(client);
}

static void call_free(Call *call)
{
        call->client->n_calls--;
        list_remove(&call->node);
        timer_free(call->deadline);
        fd_close(call->fd);
        free(call->command);
        free(call->text);
        free(call);
}

static void call_end(Call *call, json_t *value, const Error *err)
{
        QmpReplyFn *fn = call->fn;
        void *data = call->data;

        call_free(call);
        if (fn)
                fn(data, value, err);
}

static void call_expired(void *data)
{
        Call *call = data;
        QmpClient *client = call->client;
        _cleanup_(error_done) Error err = {};

        if (call->refused) {
                error_set(&err, ERROR_BUSY, "%d QEMU commands on %s wait for an answer already",
                          (int) QMP_CALLS_MAX, client->subject);
                call_end(call, NULL, &err);
                return;
        }
        error_set(&err, ERROR_TIMEOUT, "QEMU command '%s' on %s had no answer within %llu ms",
                  call->command, client->subject, (unsigned long long) client->spec.command_ms);
        if (call->text) {
                call_end(call, NULL, &err);
                return;
        }

        QmpReplyFn *fn = TAKE_PTR(call->fn);

        if (fn)
                fn(call->data, NULL, &err);
}

static void call_send(Call *call)
{
        Stream *stream = call->client->stream;

        /* The parser on the other side bears white space between messages, and no other byte. */
        if (call->fd >= 0)
                stream_write_fd(stream, ' ', TAKE_FD(call->fd));
        stream_write(stream, call->text, strlen(call->text));
        free(TAKE_PTR(call->text));
}

/* Tells every call that is there now; those made meanwhile wait for the next turn. */
static void tell_all(QmpClient *client)
{
        uint64_t last = client->last_id;

        for (Call *call;
             !client->freed && (call = list_first(&client->calls, Call, node)) && call->id <= last;)
                call_end(call, NULL, &client->error);
        if (!client->freed && !list_empty(&client->calls))
                timer_start(client->greeting, 0);
}

void qmp_client_break(QmpClient *client, const Error *why)
{
        if (client->state == QMP_BROKEN)
                return;
        client->state = QMP_BROKEN;
        error_copy(&client->error, why);
        client->stream = stream_free(client->stream);
        timer_stop(client->greeting);

        client->refs++;
        tell_all(client);
        if (!client->freed && client->spec.broken)
                client->spec.broken(client->spec.data, &client->error);
        client_unref(client);
}

static void client_fail(QmpClient *client, ErrorCode code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

static void client_fail(QmpClient *client, ErrorCode code, const char *format, ...)
{
        _cleanup_(error_done) Error err = {};
        va_list ap;

        va_start(ap, format);
        error_setv(&err, code, format, ap);
        va_end(ap);
        error_prefix(&err, "monitor of %s", client->subject);
        qmp_client_break(client, &err);
}

static void greeting_expired(void *data)
{
        QmpClient *client = data;

        if (client->state == QMP_BROKEN) {
                client->refs++;
                tell_all(client);
                client_unref(client);
        } else {
                client_fail(client, ERROR_TIMEOUT, "no greeting within %llu ms",
                            (unsigned long long) client->spec.greeting_ms);
        }
}

static void greeted(QmpClient *client, const json_t *message)
{
        static const char text[] = "{\"execute\":\"qmp_capabilities\",\"id\":0}\n";

        if (!json_is_object(json_object_get(message, "QMP"))) {
                client_fail(client, ERROR_PROTOCOL, "what came first is no greeting");
                return;
        }
        client->state = QMP_CAPABILITIES;
        stream_write(client->stream, text, sizeof(text) - 1);
}

static void negotiated(QmpClient *client, const json_t *message)
{
        if (!json_object_get(message, "return") || json_u64(message, "id", 1) != 0) {
                client_fail(
                        client, ERROR_PROTOCOL, "the handshake was refused: %s",
                        json_text(json_object_get(message, "error"), "desc", "no reason given"));
                return;
        }
        client->state = QMP_READY;
        timer_stop(client->greeting);
        LIST_FOREACH(call, &client->calls, Call, node)
                if (!call->refused)
                        call_send(call);
}

static Call *find_call(QmpClient *client, const json_t *message)
{
        const json_t *id = json_object_get(message, "id");

        if (!json_is_integer(id))
                return NULL;
        LIST_FOREACH(call, &client->calls, Call, node)
                if (!call->text && (json_int_t) call->id == json_integer_value(id))
                        return call;
        return NULL;
}

static void answered(QmpClient *client, json_t *message)
{
        json_t *value = json_object_get(message, "return");
        const json_t *failure = json_object_get(message, "error");
        const char *desc = json_text(failure, "desc", "no reason given");
        Call *call = find_call(client, message);
        _cleanup_(error_done) Error err = {};

        if (!call || !value == !failure) {
                client_fail(client, ERROR_PROTOCOL, "an answer to no command%s%s",
                            failure ? ": " : "", failure ? desc : "");
                return;
        }
        if (call->raw) {
                call_end(call, message, NULL);
                return;
        }
        if (failure)
                error_set(&err, ERROR_OPERATION_FAILED,
                          "unable to execute QEMU command '%s' on %s: %s", call->command,
                          client->subject, desc);

        call_end(call, value, error_is_set(&err) ? &err : NULL);
}

/* Whether the text nests deeper than the parser, which calls itself, shall go. */
static bool too_deep(const char *text, size_t len)
{
        unsigned depth = 0;
        bool quoted = false;

        for (size_t i = 0; i < len; i++) {
                char c = text[i];

                if (quoted && c == '\\')
                        i++;
                else if (c == '"')
                        quoted = !quoted;
                else if (!quoted && (c == '{' || c == '['))
                        depth++;
                else if (!quoted && (c == '}' || c == ']') && depth)
                        depth--;
                if (depth > QMP_DEPTH_MAX)
                        return true;
        }
        return false;
}

/* The text with every integer beyond 63 bits as -1, which is what QEMU means by them: its unsigned
 * numbers that are not known. */
static char *without_huge(const char *text, size_t len)
{
        char *copy = xcalloc(1, len + 1), *out = copy;
        bool quoted = false;

        for (size_t i = 0; i < len; i++) {
                size_t digits = quoted ? 0 : strspn(text + i, "0123456789");

                if (digits > len - i)
                        digits = len - i;
                if (digits >= 19 &&
                    (digits > 19 || memcmp(text + i, "9223372036854775807", 19) > 0)) {
                        if (i == 0 || text[i - 1] != '-')
                                *out++ = '-';
                        *out++ = '1';
                        i += digits - 1;
                        continue;
                }
                if (quoted && text[i] == '\\' && i + 1 < len)
                        *out++ = text[i++];
                else if (text[i] == '"')
                        quoted = !quoted;
                *out++ = text[i];
        }
        *out = '\0';
        return copy;
}

static json_t *parse(const char *text, size_t len, json_error_t *ret_why)
{
        /* A guest may get a NUL into a text of an event: no reason to lose the monitor. */
        const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
        json_t *message = json_loadb(text, len, flags, ret_why);

        if (!message && json_error_code(ret_why) == json_error_numeric_overflow) {
                _cleanup_(free_ptr) char *smaller = without_huge(text, len);

                message = json_loads(smaller, flags, ret_why);
        }
        return message;
}

static void message_arrived(QmpClient *client, const char *text, size_t len)
{
        _cleanup_(json_p) json_t *message = NULL;
        json_error_t why;

        if (len && text[len - 1] == '\r')
                len--;
        if (!len)
                return;
        if (too_deep(text, len)) {
                client_fail(client, ERROR_PROTOCOL, "a message nests deeper than %d",
                            (int) QMP_DEPTH_MAX);
                return;
        }
        message = parse(text, len, &why);
        if (!json_is_object(message)) {
                client_fail(client, ERROR_PROTOCOL, "what came is no QMP message: %s",
                            message ? "not an object" : why.text);
                return;
        }

        const char *event = json_text(message, "event", NULL);

        if (client->state == QMP_GREETING)
                greeted(client, message);
        else if (event && client->spec.event)
                client->spec.event(client->spec.data, event, json_object_get(message, "data"));
        else if (!event && client->state == QMP_CAPABILITIES)
                negotiated(client, message);
        else if (!event)
                answered(client, message);
}

static size_t stream_input(void *data, const uint8_t *bytes, size_t len)
{
        QmpClient *client = data;
        size_t used = 0;
        const uint8_t *end;

        client->refs++;
        while (client->state < QMP_LOST && !client->freed &&
               (end = memchr(bytes + used + client->scanned, '\n', len - used - client->scanned))) {
                const char *text = (const char *) bytes + used;

                used = (size_t) (end - bytes) + 1;
                client->scanned = 0;
                message_arrived(client, text, (size_t) ((const char *) end - text));
        }
        if (client->state < QMP_LOST && !client->freed) {
                client->scanned = len - used;
                if (client->scanned >= QMP_MESSAGE_MAX)
                        client_fail(client, ERROR_PROTOCOL, "a message is longer than %d bytes",
                                    (int) QMP_MESSAGE_MAX);
        }
        client_unref(client);
        return used;
}

static void stream_closed(void *data, const Error *err)
{
        QmpClient *client = data;
        _cleanup_(error_done) Error why = {};

        error_set(&why, ERROR_OPERATION_FAILED, "monitor of %s: connection closed%s%s",
                  client->subject, error_is_set(err) ? ": " : "",
                  error_is_set(err) ? error_text(err) : "");
        if (!client->spec.lost) {
                qmp_client_break(client, &why);
                return;
        }
        client->state = QMP_LOST;
        client->stream = stream_free(client->stream);
        timer_stop(client->greeting);
        client->spec.lost(client->spec.data, &why);
}

int qmp_client_new(Loop *loop, int fd, const QmpSpec *spec, QmpClient **ret, Error *err)
{
        static const StreamOps ops = {.input = stream_input, .closed = stream_closed};
        static const StreamLimits limits = {.max_input = QMP_MESSAGE_MAX};
        QmpClient *client = xnew0(QmpClient, 1);
        int r;

        r = stream_new(loop, fd, &ops, &limits, client, &client->stream, err);
        if (r < 0) {
                free(client);
                return r;
        }
        client->loop = loop;
        client->spec = *spec;
        client->spec.subject = client->subject = xstrdup(spec->subject);
        client->refs = 1;
        list_init(&client->calls);
        client->greeting = timer_new(loop, greeting_expired, client);
        if (spec->greeting_ms)
                timer_start(client->greeting, spec->greeting_ms);
        *ret = client;
        return 0;
}

static Call *call_new(QmpClient *client, const char *command, json_t *args)
{
        Call *call = xnew0(Call, 1);
        _cleanup_(json_p) json_t *message = NULL;

        call->client = client;
        call->id = ++client->last_id;
        call->command = xstrdup(command);
        call->fd = -1;
        call->deadline = timer_new(client->loop, call_expired, call);
        call->refused = client->n_calls >= QMP_CALLS_MAX;
        list_append(&client->calls, &call->node);
        client->n_calls++;

        message = json_pack("{s:s, s:o*, s:I}", "execute", command, "arguments", args, "id",
                            (json_int_t) call->id);
        _cleanup_(free_ptr) char *text = json_dumps(message, JSON_COMPACT);
        call->text = xasprintf("%s\n", text);
        return call;
}

/* `limited`: by the deadline. */
static void call_begin(Call *call, bool limited)
{
        QmpClient *client = call->client;
        const QmpSpec *spec = &client->spec;

        if (client->state == QMP_BROKEN)
                timer_start(client->greeting, 0);
        else if (call->refused)
                timer_start(call->deadline, 0);
        else if (limited)
                timer_start(call->deadline,
                            spec->command_ms + (client->state < QMP_READY ? spec->greeting_ms : 0));
        if (client->state == QMP_READY && !call->refused)
                call_send(call);
}

void qmp_client_call_fd(QmpClient *client, const char *command, json_t *args, int fd,
                        QmpReplyFn *fn, void *data)
{
        Call *call = call_new(client, command, args);

        call->fd = fd;
        call->fn = fn;
        call->data = data;
        call_begin(call, true);
}

void qmp_client_call(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                     void *data)
{
        qmp_client_call_fd(client, command, args, -1, fn, data);
}

void qmp_client_ask(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                    void *data)
{
        Call *call = call_new(client, command, args);

        call->fn = fn;
        call->data = data;
        call_begin(call, false);
}

void qmp_client_call_raw(QmpClient *client, const char *command, json_t *args, QmpReplyFn *fn,
                         void *data)
{
        Call *call = call_new(client, command, args);

        call->raw = true;
        call->fn = fn;
        call->data = data;
        call_begin(call, true);
}

bool qmp_client_broken(const QmpClient *client)
{
        return client->state == QMP_BROKEN;
}

QmpClient *qmp_client_free(QmpClient *client)
{
        if (!client)
                return NULL;
        client->freed = true;
        client->state = QMP_BROKEN;
        LIST_FOREACH(call, &client->calls, Call, node)
                call_free(call);
        client->stream = stream_free(client->stream);
        client->greeting = timer_free(client->greeting);
        client_unref(client);
        return NULL;
}
