/* libvirt's numbers for the words of domain/state.h. They stand in this file's .c and nowhere else.
 */
#pragma once

#include "domain/domain.h"

/* virDomainState, and the reason within it (0 where libvirt has none). */
int32_t word_map_state(DomainState state);
int32_t word_map_reason(DomainState state, DomainReason reason);
/* virDomainEventID of an event. */
int32_t word_map_event_id(DomainEventKind kind);
/* virDomainEventType and its detail; false for an event that is none of lifecycle. */
bool word_map_lifecycle(DomainEventKind kind, int32_t *ret_event, int32_t *ret_detail);
/* virDomainJobOperation. */
int32_t word_map_job_operation(DomainVerb verb);
/* virErrorDomain of a driver. */
int32_t word_map_error_domain(const char *driver_name);
