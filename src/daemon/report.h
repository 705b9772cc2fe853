/* What the daemon tells its log: operations, connections, guests. The rooms below report through
 * observers; here they become lines with a level. */
#pragma once

#include "engine/engine.h"
#include "wire/server.h"

/* OpHooks.observe */
void report_operation(void *data, Op *op, OpEvent event, const Error *err);
/* WireConfig.observe */
void report_client(void *data, const WireNotice *notice);
/* DomainEventFn */
void report_event(void *data, const DomainEvent *event);
