/* What domain.c and list.c share. */
#pragma once

#include "domain/domain.h"

/* -1: none. */
void domain_list_set_id(Domain *d, int64_t id);
/* Out of the list; the list's reference goes. */
void domain_list_remove(Domain *d);
