/* Events: what a connection asked to hear of the domains of its driver.
 *
 * A registration is an event's number, perhaps one domain, and a number of its own that every
 * message carries. An event goes out once for each registration that it fits. */
#pragma once

#include "base/vec.h"
#include "wire/handler.h"

typedef struct WireRegistration {
        int32_t callback_id, event_id;
        bool any; /* domain */
        Uuid uuid;
} WireRegistration;

typedef struct WireEvents {
        VEC(WireRegistration) registrations;
        EngineWatch *watch; /* from the first registration on */
} WireEvents;

void events_done(WireEvents *events);
