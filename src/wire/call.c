#include "wire/call.h"

#include "base/fd.h"
#include "wire/error-map.h"
#include "wire/server-internal.h"
#include "wire/stats-wait.h"

#include <assert.h>

void calls_init(WireCalls *calls)
{
        *calls = (WireCalls){};
        list_init(&calls->waiting);
        list_init(&calls->running);
}

static void call_free(WireCall *call)
{
        WireCalls *calls = &call->client->calls;

        list_remove(&call->node);
        calls->bytes -= call->bytes;
        calls->n_running -= call->running;
        calls->n_waiting -= !call->running;
        engine_forget(call->engine_call);
        job_abandon(call->job);
        stats_wait_free(call->stats_wait);
        engine_ask_forget(call->ask);
        if (call->args)
                xdr_release(call->proc->args, call->args);
        if (call->ret)
                xdr_release(call->proc->ret, call->ret);
        for (uint32_t i = 0; i < call->n_fds; i++)
                fd_close(call->fds[i]);
        free(call->fds);
        free(call->args);
        free(call->ret);
        free(call->payload);
        free(call);
}

void calls_done(WireCalls *calls)
{
        LIST_FOREACH(call, &calls->running, WireCall, node)
                call_free(call);
        LIST_FOREACH(call, &calls->waiting, WireCall, node)
                call_free(call);
}

/* --- answers --- */

static WireHeader reply_header(const WireHeader *call, WireStatus status)
{
        return (WireHeader){
                .program = call->program,
                .version = call->version,
                .procedure = call->procedure,
                .type = WIRE_TYPE_REPLY,
                .serial = call->serial,
                .status = status,
        };
}

static WireHeader header_of(const WireCall *call)
{
        return (WireHeader){
                .program = call->program,
                .version = call->version,
                .procedure = call->proc->number,
                .serial = call->serial,
        };
}

static void send_error(WireClient *client, const WireHeader *header, const Error *err,
                       ErrorContext *context)
{
        WireHeader reply = reply_header(header, WIRE_STATUS_ERROR);
        _cleanup_(str_done) Str packet = {};
        WireError wire;

        context->driver = client->driver ? client->driver->type->name : NULL;
        error_map(err, context, &wire);
        if (packet_build(&reply, &wire_layout_error, &wire, &packet, NULL) < 0) {
                /* a message beyond 4 MiB: the number alone is better than no answer */
                free(wire.message);
                free(wire.str2);
                wire.message = xstrdup(error_code_name(err->code));
                wire.str2 = xstrdup(wire.message);
                (void) packet_build(&reply, &wire_layout_error, &wire, &packet, NULL);
        }
        xdr_release(&wire_layout_error, &wire);
        client_send(client, &packet);
}

void call_refuse(WireClient *client, const WireHeader *header, const Error *err)
{
        send_error(client, header, err, &(ErrorContext){});
}

static void answer_error(WireCall *call, const Error *err, const char *detail)
{
        WireHeader header = header_of(call);
        ErrorContext context = {
                .function = call->proc->api,
                .argument = call->argument,
                .detail = detail,
        };

        send_error(call->client, &header, err, &context);
}

static void answer(WireCall *call)
{
        WireHeader header = header_of(call), reply = reply_header(&header, WIRE_STATUS_OK);
        _cleanup_(error_done) Error err = {}, told = {};
        _cleanup_(str_done) Str packet = {};

        if (packet_build(&reply, call->proc->ret, call->ret, &packet, &err) < 0) {
                error_set(&told, ERROR_PROTOCOL, "Unable to encode message payload");
                answer_error(call, &told, err.message);
                return;
        }
        client_send(call->client, &packet);
}

/* Answers and frees; what waits is not looked at. */
static void call_finish(WireCall *call, const Error *err)
{
        if (error_is_set(err))
                answer_error(call, err, NULL);
        else
                answer(call);
        call_free(call);
}

void call_end(WireCall *call, const Error *err)
{
        WireClient *client = call->client;

        call->engine_call = NULL; /* they end by themselves */
        call->job = NULL;
        call->ask = NULL;
        call_finish(call, err);
        calls_resume(client);
}

/* --- beginning --- */

/* Decodes and checks. */
static int call_decode(WireCall *call, const uint8_t *payload, size_t len, Error *err)
{
        const WireProc *proc = call->proc;
        int r;

        if (proc->args) {
                void *args = xcalloc(1, proc->args->size);

                r = xdr_decode(proc->args, payload, len, args, err);
                if (r < 0) {
                        free(args);
                        return r;
                }
                call->args = args;
        }
        if (proc->ret)
                call->ret = xcalloc(1, proc->ret->size);
        return 0;
}

static void call_start(WireCall *call, const uint8_t *payload, size_t len)
{
        WireClient *client = call->client;
        _cleanup_(error_done) Error err = {}, told = {};
        int r;

        list_append(&client->calls.running, &call->node);
        call->running = true;
        client->calls.n_running++;

        if (call_decode(call, payload, len, &err) < 0) {
                error_set(&told, ERROR_PROTOCOL, "Unable to decode message payload");
                answer_error(call, &told, err.message);
                call_free(call);
                return;
        }
        r = dispatch_check_access(call->proc, call->args, client->readonly, &err);
        if (r >= 0)
                r = call->handler->fn(call, &err);
        assert(r != WIRE_LATER || (call->handler->flags & WIRE_SLOW));
        if (r != WIRE_LATER)
                call_finish(call, &err);
}

void call_again(WireCall *call)
{
        _cleanup_(error_done) Error err = {};

        if (call->handler->fn(call, &err) != WIRE_LATER)
                call_end(call, &err);
}

/* Reads that were answered are not counted: n_running are the changing calls. */
static bool may_start(const WireClient *client, const WireHandler *handler)
{
        if (!client_reads(client))
                return false;
        if (!(handler->flags & WIRE_SLOW))
                return true;
        return client->calls.n_running <
               client->server->limits.calls * (handler->flags & WIRE_URGENT ? 2 : 1);
}

static int check_room(const WireClient *client, size_t len, Error *err)
{
        const WireLimits *limits = &client->server->limits;
        const WireCalls *calls = &client->calls;

        if (calls->n_waiting >= limits->waiting)
                return error_set(err, ERROR_BUSY, "%u calls of this client wait already",
                                 calls->n_waiting);
        if (calls->bytes > 0 && calls->bytes + len > limits->call_bytes)
                return error_set(err, ERROR_BUSY,
                                 "the calls of this client that have not ended "
                                 "take %zu bytes already",
                                 calls->bytes);
        return 0;
}

static WireCall *call_new(WireClient *client, const WireHeader *header, const WireProc *proc,
                          const WireHandler *handler, size_t len, int *fds, uint32_t n_fds)
{
        WireCall *call = xnew0(WireCall, 1);

        call->client = client;
        call->proc = proc;
        call->handler = handler;
        call->program = header->program;
        call->version = header->version;
        call->serial = header->serial;
        call->bytes = len;
        call->fds = n_fds > 0 ? xmemdup(fds, n_fds * sizeof(*fds)) : NULL;
        call->n_fds = n_fds;
        client->calls.bytes += len;
        return call;
}

static void call_wait(WireCall *call, const uint8_t *payload)
{
        WireCalls *calls = &call->client->calls;

        call->payload = call->bytes > 0 ? xmemdup(payload, call->bytes) : NULL;
        list_append(&calls->waiting, &call->node);
        calls->n_waiting++;
}

void calls_arrive(WireClient *client, const WireHeader *header, const uint8_t *payload, size_t len,
                  int *fds, uint32_t n_fds)
{
        const WireProc *proc;
        const WireHandler *handler;
        _cleanup_(error_done) Error err = {};
        int r = dispatch_find(&client->server->dispatch, header, &proc, &handler, &err);

        if (r >= 0 && client->state == CLIENT_NEW && !(handler->flags & WIRE_EARLY))
                r = error_set(&err, ERROR_INTERNAL, "hypervisor connection not open");
        if (r >= 0)
                r = check_room(client, len, &err);
        if (r < 0) {
                for (uint32_t i = 0; i < n_fds; i++)
                        fd_close(fds[i]);
                call_refuse(client, header, &err);
                return;
        }

        WireCall *call = call_new(client, header, proc, handler, len, fds, n_fds);
        if (may_start(client, handler))
                call_start(call, payload, len);
        else
                call_wait(call, payload);
}

void calls_resume(WireClient *client)
{
        LIST_FOREACH(call, &client->calls.waiting, WireCall, node) {
                if (client->state != CLIENT_OPEN && client->state != CLIENT_NEW)
                        return;
                if (!may_start(client, call->handler))
                        continue;
                uint8_t *payload = TAKE_PTR(call->payload);
                list_remove(&call->node);
                client->calls.n_waiting--;
                call_start(call, payload, call->bytes);
                free(payload);
        }
}
