/* A domain that arrives with a call: what define, create and restore share. An Arrival is their
 * operation's state. */
#pragma once

#include "engine/engine-internal.h"

typedef struct Arrival {
        DomainConfig *config;
        Domain *d;         /* referenced; set by the claim */
        EngineCall *inner; /* the verb that the domain was handed to, while it runs */
} Arrival;

/* OpType.release */
void arrival_release(Op *op);

/* Reads and completes the configuration. */
int arrival_parse(Op *op, const char *xml, Error *err);
/* A leaf: what the driver has to know before it judges the configuration. */
OpStepFn arrival_probe;
/* Finds the domain that the configuration is to become: one of the same name and uuid that is off,
 * or a new one that nobody sees yet; the undo drops one that did not begin. */
OpStepFn arrival_claim, arrival_unclaim;

/* A leaf: the verb on the claimed domain, in its slot, with the arguments, which are taken over. */
int arrival_hand_over(Op *op, DomainVerb verb, OpArgs *args, Error *err);
/* OpStep.cancel of the step that handed over. */
OpStepFn arrival_cancel;
