/* Edits: one described change of a configuration (Edit of op-args.h), applied to a copy of the
 * template or of what runs. Here is what each kind of change means; engine/op-edit.c says when. */
#pragma once

#include "config/config.h"
#include "config/op-args.h"

/* `live`: the configuration of a running guest, which can be changed less. The caller's copy may be
 * half changed on error. ERROR_INVALID_ARGUMENT: a value that does not fit;
 * ERROR_OPERATION_INVALID: not while it runs. */
int config_edit(DomainConfig *config, const Edit *edit, bool live, Error *err);

/* Whether the guest's hypervisor has to do something for it. */
bool config_edit_moves_guest(const Edit *edit);
