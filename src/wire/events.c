/* Events. An entry of handlers_events registers; domain_event() hears the engine and sends. */
#include "wire/events.h"

#include "base/str.h"
#include "wire/server-internal.h"
#include "wire/typed-params.h"
#include "wire/word-map.h"

#include <libvirt/libvirt.h>

enum {
        EVENT_ID_MAX = VIR_DOMAIN_EVENT_ID_MEMORY_DEVICE_SIZE_CHANGE,
};

void events_done(WireEvents *events)
{
        events->watch = engine_unwatch(events->watch);
        vec_done(&events->registrations);
}

/* --- messages --- */

static void send_message(WireClient *client, int32_t number, const void *message)
{
        const WireProc *proc = &wire_programs[WIRE_REMOTE].procs[number - 1];
        WireHeader header = {
                .program = wire_programs[WIRE_REMOTE].number,
                .version = wire_programs[WIRE_REMOTE].version,
                .procedure = number,
                .type = WIRE_TYPE_MESSAGE,
                .serial = 1,
        };
        _cleanup_(str_done) Str packet = {};

        if (packet_build(&header, proc->args, message, &packet, NULL) >= 0)
                client_send_event(client, &packet);
}

static WireDomain handle_of(const DomainEvent *event)
{
        return (WireDomain){
                .name = event->domain->name,
                .uuid = event->domain->uuid,
                .id = (int32_t) event->id,
        };
}

static void send_lifecycle(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        RemoteDomainEventCallbackLifecycleArgs message = {
                .callback_id = callback_id,
                .dom = handle_of(event),
        };

        word_map_lifecycle(event->kind, &message.event, &message.detail);
        send_message(client, REMOTE_DOMAIN_EVENT_CALLBACK_LIFECYCLE, &message);
}

static void send_reboot(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        RemoteDomainEventCallbackRebootArgs message = {
                .callback_id = callback_id,
                .dom = handle_of(event),
        };

        send_message(client, REMOTE_DOMAIN_EVENT_CALLBACK_REBOOT, &message);
}

/* What was changed is told by the operation that changed it. */
static void send_metadata_change(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        const Edit *edit = event->op->args.edit;
        RemoteDomainEventCallbackMetadataChangeArgs message = {
                .callback_id = callback_id,
                .dom = handle_of(event),
        };

        switch (edit->kind) {
        case EDIT_KIND_DESCRIPTION:
                message.type = VIR_DOMAIN_METADATA_DESCRIPTION;
                break;
        case EDIT_KIND_TITLE:
                message.type = VIR_DOMAIN_METADATA_TITLE;
                break;
        default:
                message.type = VIR_DOMAIN_METADATA_ELEMENT;
                message.nsuri = edit->uri;
        }
        send_message(client, REMOTE_DOMAIN_EVENT_CALLBACK_METADATA_CHANGE, &message);
}

static void send_balloon_change(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        RemoteDomainEventCallbackBalloonChangeArgs message = {
                .callback_id = callback_id,
                .dom = handle_of(event),
                .actual = event->domain->stats.balloon_kib,
        };

        send_message(client, REMOTE_DOMAIN_EVENT_CALLBACK_BALLOON_CHANGE, &message);
}

/* The verb that an operation of the driver carries out. */
static DomainVerb verb_of(const Driver *driver, const Op *op)
{
        for (DomainVerb verb = 0; verb < _VERB_MAX; verb++)
                if (driver->type->ops[verb] == op->type)
                        return verb;
        return _VERB_MAX;
}

static void send_job_completed(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        RemoteDomainEventCallbackJobCompletedArgs message = {
                .callback_id = callback_id,
                .dom = handle_of(event),
        };
        const Op *op = event->op;
        TypedParams params = {};

        params_add_int(&params, VIR_DOMAIN_JOB_OPERATION,
                       word_map_job_operation(verb_of(client->driver, op)));
        params_add_ullong(&params, VIR_DOMAIN_JOB_TIME_ELAPSED,
                          loop_now_ms(client->server->loop) - op->started_ms);
        params_add_progress(&params, &op->progress);
        params_add_boolean(&params, VIR_DOMAIN_JOB_SUCCESS, !error_is_set(&op->error));
        if (error_is_set(&op->error))
                params_add_string(&params, VIR_DOMAIN_JOB_ERRMSG, error_text(&op->error));
        params_take(&params, &message.params, &message.n_params);
        send_message(client, REMOTE_DOMAIN_EVENT_CALLBACK_JOB_COMPLETED, &message);
        message.dom.name = NULL; /* borrowed */
        xdr_release(&wire_layout_remote_domain_event_callback_job_completed_args, &message);
}

static void send_event(WireClient *client, int32_t callback_id, const DomainEvent *event)
{
        switch (word_map_event_id(event->kind)) {
        case VIR_DOMAIN_EVENT_ID_LIFECYCLE:
                send_lifecycle(client, callback_id, event);
                break;
        case VIR_DOMAIN_EVENT_ID_REBOOT:
                send_reboot(client, callback_id, event);
                break;
        case VIR_DOMAIN_EVENT_ID_METADATA_CHANGE:
                if (event->op && event->op->args.edit)
                        send_metadata_change(client, callback_id, event);
                break;
        case VIR_DOMAIN_EVENT_ID_BALLOON_CHANGE:
                send_balloon_change(client, callback_id, event);
                break;
        case VIR_DOMAIN_EVENT_ID_JOB_COMPLETED:
                if (event->op)
                        send_job_completed(client, callback_id, event);
                break;
        }
}

static void domain_event(void *data, const DomainEvent *event)
{
        WireClient *client = data;
        int32_t id = word_map_event_id(event->kind);

        for (size_t i = 0; i < client->events.registrations.len; i++) {
                const WireRegistration *registration = &client->events.registrations.items[i];

                if (registration->event_id == id &&
                    (registration->any || uuid_equal(&registration->uuid, &event->domain->uuid)))
                        send_event(client, registration->callback_id, event);
        }
}

/* --- handlers --- */

static int register_any(WireCall *call, Error *err)
{
        const RemoteConnectDomainEventCallbackRegisterAnyArgs *args = call->args;
        RemoteConnectDomainEventCallbackRegisterAnyRet *ret = call->ret;
        WireClient *client = call->client;
        WireEvents *events = &client->events;

        if (args->event_id < 0 || args->event_id > EVENT_ID_MAX)
                return error_set(err, ERROR_INTERNAL, "unsupported event ID %d", args->event_id);
        if (events->registrations.len >= client->server->limits.registrations)
                return error_set(err, ERROR_BUSY, "this client has %zu registrations already",
                                 events->registrations.len);
        if (!events->watch)
                events->watch =
                        engine_watch(call_engine(call), client->driver, domain_event, client);
        ret->callback_id = (int32_t) (++client->server->last_callback & INT32_MAX);
        *vec_push(&events->registrations) = (WireRegistration){
                .callback_id = ret->callback_id,
                .event_id = args->event_id,
                .any = !args->dom,
                .uuid = args->dom ? args->dom->uuid : (Uuid){},
        };
        return WIRE_DONE;
}

static int deregister_any(WireCall *call, Error *err)
{
        const RemoteConnectDomainEventCallbackDeregisterAnyArgs *args = call->args;
        WireEvents *events = &call->client->events;

        for (size_t i = 0; i < events->registrations.len; i++)
                if (events->registrations.items[i].callback_id == args->callback_id) {
                        vec_remove(&events->registrations, i);
                        return WIRE_DONE;
                }
        return error_set(err, ERROR_INTERNAL, "domain event callback %d not registered",
                         args->callback_id);
}

const WireHandler handlers_events[] = {
        {WIRE_REMOTE, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY, register_any, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY, deregister_any, 0},
        {},
};
