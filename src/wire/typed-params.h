/* Lists of typed parameters, to build and to read. */
#pragma once

#include "base/vec.h"
#include "op/op.h"
#include "wire/protocol.gen.h"

typedef VEC(WireTypedParam) TypedParams;

void params_add_int(TypedParams *params, const char *field, int32_t value);
void params_add_boolean(TypedParams *params, const char *field, bool value);
void params_add_llong(TypedParams *params, const char *field, int64_t value);
void params_add_ullong(TypedParams *params, const char *field, uint64_t value);
void params_add_string(TypedParams *params, const char *field, const char *value);
/* The data_ and memory_ fields of a job. */
void params_add_progress(TypedParams *params, const OpProgress *progress);
/* Hands the list over to a struct of the protocol. */
void params_take(TypedParams *params, WireTypedParam **ret, uint32_t *ret_n);

/* The text of a string parameter, or NULL: not there, or of another type. */
const char *params_string(const WireTypedParam *params, uint32_t n, const char *field);
/* ERROR_INVALID_ARGUMENT for a parameter that is none of `known` (NULL-terminated, all strings), or
 * comes twice. */
int params_check_strings(const WireTypedParam *params, uint32_t n, const char *const *known,
                         Error *err);
