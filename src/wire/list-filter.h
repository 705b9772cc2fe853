/* The filters of domain lists: groups of flags, each of which says nothing, or which of its kinds
 * are wanted. */
#pragma once

#include "domain/domain.h"

extern const uint32_t list_filter_flags; /* every flag of virConnectListAllDomains */

bool list_filter_matches(const Domain *d, uint32_t flags);
