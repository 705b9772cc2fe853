/* Random values for any layout of the protocol, the same for the same seed. */
#pragma once

#include "base/str.h"
#include "wire/xdr.h"

typedef struct Dice {
        uint64_t state;
} Dice;

_unused_ static uint64_t dice(Dice *d)
{
        d->state ^= d->state << 13;
        d->state ^= d->state >> 7;
        d->state ^= d->state << 17;
        return d->state;
}

_unused_ static char *random_text(Dice *d, size_t max)
{
        size_t len = dice(d) % (max + 1);
        char *text = xcalloc(1, len + 1);

        for (size_t i = 0; i < len; i++)
                text[i] = (char) (1 + dice(d) % 255);
        return text;
}

_unused_ static void random_struct(Dice *d, const WireLayout *layout, void *value);

_unused_ static void random_param(Dice *d, WireTypedParam *param)
{
        param->field = random_text(d, WIRE_PARAM_FIELD_MAX - 1);
        param->tag = (int32_t) (WIRE_PARAM_INT + dice(d) % 7);
        if (param->tag == WIRE_PARAM_STRING)
                param->value.s = random_text(d, 40);
        else if (param->tag >= WIRE_PARAM_LLONG && param->tag <= WIRE_PARAM_DOUBLE)
                param->value.ul = dice(d);
        else
                param->value.u = (uint32_t) dice(d);
}

_unused_ static uint32_t random_item_size(const WireField *field)
{
        static const uint32_t sizes[] = {
                [WIRE_INT] = 4,
                [WIRE_UINT] = 4,
                [WIRE_HYPER] = 8,
                [WIRE_UHYPER] = 8,
                [WIRE_DOUBLE] = 8,
                [WIRE_SHORT] = 2,
                [WIRE_CHAR] = 1,
                [WIRE_UCHAR] = 1,
                [WIRE_STRING] = sizeof(char *),
                [WIRE_STRING_OPTIONAL] = sizeof(char *),
                [WIRE_UUID] = 16,
                [WIRE_BYTES] = sizeof(WireBytes),
                [WIRE_PARAM] = sizeof(WireTypedParam),
        };

        return field->kind == WIRE_STRUCT ? field->layout->size : sizes[field->kind];
}

_unused_ static void random_item(Dice *d, const WireField *field, void *at)
{
        WireBytes *bytes = at;

        switch ((WireKind) field->kind) {
        case WIRE_STRING:
                *(char **) at = random_text(d, 40);
                break;
        case WIRE_STRING_OPTIONAL:
                *(char **) at = dice(d) % 2 ? random_text(d, 40) : NULL;
                break;
        case WIRE_BYTES:
                bytes->len = (uint32_t) (dice(d) % 60 % (field->max + 1));
                bytes->data = bytes->len ? xcalloc(1, bytes->len) : NULL;
                for (uint32_t i = 0; i < bytes->len; i++)
                        bytes->data[i] = (uint8_t) dice(d);
                break;
        case WIRE_PARAM:
                random_param(d, at);
                break;
        case WIRE_STRUCT:
                random_struct(d, field->layout, at);
                break;
        default:
                for (uint32_t i = 0; i < random_item_size(field); i++)
                        ((uint8_t *) at)[i] = (uint8_t) dice(d);
                break;
        }
}

_unused_ static void random_field(Dice *d, const WireField *field, void *value)
{
        char *at = (char *) value + field->offset, *target = at;
        uint32_t n = 1;

        if (field->shape == WIRE_FIXED)
                n = field->max;
        if (field->shape == WIRE_OPTIONAL)
                n = dice(d) % 2;
        if (field->shape == WIRE_COUNTED) {
                n = (uint32_t) (dice(d) % 6 % (field->max + 1));
                *(uint32_t *) ((char *) value + field->count_offset) = n;
        }
        if (field->shape == WIRE_OPTIONAL || field->shape == WIRE_COUNTED)
                *(void **) at = target = n > 0 ? xcalloc(n, random_item_size(field)) : NULL;
        for (uint32_t i = 0; i < n; i++)
                random_item(d, field, target + (size_t) i * random_item_size(field));
}

/* `value` has layout->size bytes. */
_unused_ static void random_struct(Dice *d, const WireLayout *layout, void *value)
{
        memset(value, 0, layout->size);
        for (uint32_t i = 0; i < layout->n_fields; i++)
                random_field(d, &layout->fields[i], value);
}
