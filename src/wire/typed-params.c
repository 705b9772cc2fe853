#include "wire/typed-params.h"

#include "base/str.h"

#include <libvirt/libvirt.h>

static WireTypedParam *add(TypedParams *params, const char *field, WireParamTag tag)
{
        WireTypedParam *param = vec_push(params);

        param->field = xstrdup(field);
        param->tag = tag;
        return param;
}

void params_add_int(TypedParams *params, const char *field, int32_t value)
{
        add(params, field, WIRE_PARAM_INT)->value.i = value;
}

void params_add_boolean(TypedParams *params, const char *field, bool value)
{
        add(params, field, WIRE_PARAM_BOOLEAN)->value.i = value;
}

void params_add_llong(TypedParams *params, const char *field, int64_t value)
{
        add(params, field, WIRE_PARAM_LLONG)->value.l = value;
}

void params_add_ullong(TypedParams *params, const char *field, uint64_t value)
{
        add(params, field, WIRE_PARAM_ULLONG)->value.ul = value;
}

void params_add_string(TypedParams *params, const char *field, const char *value)
{
        add(params, field, WIRE_PARAM_STRING)->value.s = xstrdup(value);
}

void params_add_progress(TypedParams *params, const OpProgress *progress)
{
        uint64_t total = progress->total > progress->done ? progress->total : progress->done;

        params_add_ullong(params, VIR_DOMAIN_JOB_DATA_TOTAL, total);
        params_add_ullong(params, VIR_DOMAIN_JOB_DATA_PROCESSED, progress->done);
        params_add_ullong(params, VIR_DOMAIN_JOB_DATA_REMAINING, total - progress->done);
        params_add_ullong(params, VIR_DOMAIN_JOB_MEMORY_TOTAL, total);
        params_add_ullong(params, VIR_DOMAIN_JOB_MEMORY_PROCESSED, progress->done);
        params_add_ullong(params, VIR_DOMAIN_JOB_MEMORY_REMAINING, total - progress->done);
}

void params_take(TypedParams *params, WireTypedParam **ret, uint32_t *ret_n)
{
        *ret = params->items;
        *ret_n = (uint32_t) params->len;
        *params = (TypedParams){};
}

const char *params_string(const WireTypedParam *params, uint32_t n, const char *field)
{
        for (uint32_t i = 0; i < n; i++)
                if (params[i].tag == WIRE_PARAM_STRING && str_eq(params[i].field, field))
                        return params[i].value.s;
        return NULL;
}

int params_check_strings(const WireTypedParam *params, uint32_t n, const char *const *known,
                         Error *err)
{
        for (uint32_t i = 0; i < n; i++) {
                const char *const *name = known;

                while (*name && !str_eq(*name, params[i].field))
                        name++;
                if (!*name)
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "parameter '%s' not supported", params[i].field);
                if (params[i].tag != WIRE_PARAM_STRING)
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "parameter '%s' must be a string", params[i].field);
                for (uint32_t k = 0; k < i; k++)
                        if (str_eq(params[k].field, params[i].field))
                                return error_set(err, ERROR_INVALID_ARGUMENT,
                                                 "parameter '%s' occurs twice", params[i].field);
        }
        return 0;
}
