/* What each kind of edit does; the table is in edit.c. */
#pragma once

#include "config/edit.h"

typedef int EditFn(DomainConfig *config, const Edit *edit, bool live, Error *err);

EditFn edit_max_vcpus, edit_vcpus, edit_vcpu_pin, edit_emulator_pin, edit_iothread_pin,
        edit_iothread_add, edit_iothread_delete;
