#include "daemon/report.h"

#include "base/log.h"

static const char *subject(const Op *op)
{
        const Domain *d = op->subject;

        return d ? d->name : "-";
}

void report_operation(void *data, Op *op, OpEvent event, const Error *err)
{
        const OpStep *step = op_current_step(op);
        const char *name = step->name ? step->name : "end";
        const char *why = err ? error_text(err) : "";
        unsigned long long id = op->id;

        (void) data;
        switch (event) {
        case OP_EVENT_STEP:
                log_debug("op", "%s: %s #%llu: %s", subject(op), op->type->name, id, name);
                break;
        case OP_EVENT_UNDO:
                log_debug("op", "%s: %s #%llu: undoing %s", subject(op), op->type->name, id, name);
                break;
        case OP_EVENT_UNDO_FAILED:
                log_at(LOG_LEVEL_ERROR, "op", "%s: %s #%llu: cannot undo '%s': %s", subject(op),
                       op->type->name, id, name, why);
                break;
        case OP_EVENT_RETRY:
                log_at(LOG_LEVEL_WARNING, "op", "%s: %s #%llu: step '%s' is tried again: %s",
                       subject(op), op->type->name, id, name, why);
                break;
        case OP_EVENT_CANCEL:
                log_at(LOG_LEVEL_INFO, "op", "%s: %s", subject(op), why);
                break;
        case OP_EVENT_END:
                if (op->phase == OP_DONE)
                        log_at(LOG_LEVEL_INFO, "op", "%s: %s #%llu: done in %llu ms", subject(op),
                               op->type->name, id,
                               (unsigned long long) (op->ended_ms - op->started_ms));
                else
                        log_at(op->phase == OP_DEGRADED ? LOG_LEVEL_ERROR : LOG_LEVEL_NOTICE, "op",
                               "%s: %s #%llu: %s: %s", subject(op), op->type->name, id,
                               op_phase_text(op->phase), why);
                break;
        default:
                break;
        }
}

void report_client(void *data, const WireNotice *notice)
{
        LogLevel level = notice->kind == WIRE_NOTICE_TROUBLE || notice->kind == WIRE_NOTICE_REFUSED
                                 ? LOG_LEVEL_WARNING
                                 : LOG_LEVEL_INFO;

        (void) data;
        log_at(level, "wire", "client %llu (pid %d, uid %u%s): %s%s%s",
               (unsigned long long) notice->client, (int) notice->pid, (unsigned) notice->uid,
               notice->readonly ? ", read-only" : "", wire_notice_text(notice->kind),
               notice->why ? ": " : "", notice->why ? notice->why : "");
}

void report_event(void *data, const DomainEvent *event)
{
        (void) data;
        log_at(LOG_LEVEL_INFO, "domain", "%s: %s, now %s (%s)", event->domain->name,
               domain_event_text(event->kind), domain_state_text(event->domain->state),
               domain_reason_text(event->domain->reason));
}
