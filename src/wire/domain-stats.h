/* A domain's statistics as the typed parameters of libvirt's groups. */
#pragma once

#include "domain/domain.h"
#include "wire/typed-params.h"

/* The groups that are served, bits of virDomainStatsTypes. */
extern const uint32_t domain_stats_groups;

/* Adds what is known of the groups. `backing`: every layer of a disk, not the top alone. */
void domain_stats_add(TypedParams *params, const Domain *d, uint32_t groups, bool backing);
