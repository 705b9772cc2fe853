/* The codec of the wire protocol. Entry points: xdr_decode(), xdr_encode(), xdr_release(). One walk
 * over the fields of a layout each; a field's shape (one, optional, fixed, counted) is dealt with
 * once, then its kind. */
#include "wire/xdr.h"

#include <endian.h>

typedef struct Reader {
        const uint8_t *at;
        size_t left;
} Reader;

/* In memory, and the shortest on the wire. */
static const struct {
        uint32_t size, min_encoded;
} kinds[] = {
        [WIRE_INT] = {sizeof(int32_t), 4},
        [WIRE_UINT] = {sizeof(uint32_t), 4},
        [WIRE_HYPER] = {sizeof(int64_t), 8},
        [WIRE_UHYPER] = {sizeof(uint64_t), 8},
        [WIRE_DOUBLE] = {sizeof(double), 8},
        [WIRE_SHORT] = {sizeof(uint16_t), 4},
        [WIRE_CHAR] = {sizeof(char), 4},
        [WIRE_UCHAR] = {sizeof(uint8_t), 4},
        [WIRE_STRING] = {sizeof(char *), 4},
        [WIRE_STRING_OPTIONAL] = {sizeof(char *), 4},
        [WIRE_UUID] = {sizeof(Uuid), 16},
        [WIRE_BYTES] = {sizeof(WireBytes), 4},
        [WIRE_PARAM] = {sizeof(WireTypedParam), 12},
};

void xdr_put_u32(uint8_t bytes[4], uint32_t value)
{
        value = htobe32(value);
        memcpy(bytes, &value, 4);
}

uint32_t xdr_get_u32(const uint8_t bytes[4])
{
        uint32_t value;

        memcpy(&value, bytes, 4);
        return be32toh(value);
}

static uint32_t item_size(const WireField *field)
{
        return field->kind == WIRE_STRUCT ? field->layout->size : kinds[field->kind].size;
}

static uint32_t item_min(const WireField *field)
{
        return field->kind == WIRE_STRUCT ? field->layout->min_encoded
                                          : kinds[field->kind].min_encoded;
}

static size_t padding(size_t len)
{
        return -len & 3;
}

/* --- decoding --- */

static int decode_struct(const WireLayout *layout, Reader *in, void *at, Error *err);

static int truncated(Error *err)
{
        return error_set(err, ERROR_PROTOCOL, "the payload ends early");
}

static int get_u32(Reader *in, uint32_t *ret, Error *err)
{
        if (in->left < 4)
                return truncated(err);
        *ret = xdr_get_u32(in->at);
        in->at += 4;
        in->left -= 4;
        return 0;
}

static int get_u64(Reader *in, uint64_t *ret, Error *err)
{
        if (in->left < 8)
                return truncated(err);
        memcpy(ret, in->at, 8);
        *ret = be64toh(*ret);
        in->at += 8;
        in->left -= 8;
        return 0;
}

/* A length of at most `max`, and the bytes behind it. */
static int get_run(Reader *in, uint32_t max, const uint8_t **ret_bytes, uint32_t *ret_len,
                   Error *err)
{
        uint32_t len;
        int r = get_u32(in, &len, err);

        if (r < 0)
                return r;
        if (len > max)
                return error_set(err, ERROR_PROTOCOL, "%u bytes where %u are the most", len, max);
        if (in->left < len + padding(len))
                return truncated(err);
        *ret_bytes = in->at;
        *ret_len = len;
        in->at += len + padding(len);
        in->left -= len + padding(len);
        return 0;
}

static int get_string(Reader *in, uint32_t max, char **ret, Error *err)
{
        const uint8_t *bytes;
        uint32_t len;
        int r = get_run(in, max, &bytes, &len, err);

        if (r < 0)
                return r;
        if (memchr(bytes, 0, len))
                return error_set(err, ERROR_PROTOCOL, "a string has a NUL inside");
        *ret = xstrndup((const char *) bytes, len);
        return 0;
}

/* The word before something optional. */
static int get_presence(Reader *in, bool *ret, Error *err)
{
        uint32_t word;
        int r = get_u32(in, &word, err);

        if (r < 0)
                return r;
        if (word > 1)
                return error_set(err, ERROR_PROTOCOL, "%u where 0 or 1 is due", word);
        *ret = word;
        return 0;
}

static int decode_param(Reader *in, WireTypedParam *param, Error *err)
{
        uint32_t tag;
        uint64_t bits = 0;
        int r = get_string(in, WIRE_PARAM_FIELD_MAX - 1, &param->field, err);

        if (r >= 0)
                r = get_u32(in, &tag, err);
        if (r < 0)
                return r;
        if (tag < WIRE_PARAM_INT || tag > WIRE_PARAM_STRING)
                return error_set(err, ERROR_PROTOCOL, "%u is no type of a parameter", tag);
        param->tag = (int32_t) tag;
        switch ((WireParamTag) tag) {
        case WIRE_PARAM_STRING:
                return get_string(in, WIRE_STRING_MAX, &param->value.s, err);
        case WIRE_PARAM_LLONG:
        case WIRE_PARAM_ULLONG:
        case WIRE_PARAM_DOUBLE:
                r = get_u64(in, &bits, err);
                if (r >= 0)
                        memcpy(&param->value, &bits, sizeof(bits));
                return r;
        default:
                return get_u32(in, &param->value.u, err);
        }
}

static int decode_bytes(Reader *in, uint32_t max, WireBytes *bytes, Error *err)
{
        const uint8_t *run;
        uint32_t len;
        int r = get_run(in, max, &run, &len, err);

        if (r < 0)
                return r;
        bytes->data = len > 0 ? xmemdup(run, len) : NULL;
        bytes->len = len;
        return 0;
}

static int decode_item(const WireField *field, Reader *in, void *at, Error *err)
{
        uint32_t word;
        bool present;
        int r;

        switch ((WireKind) field->kind) {
        case WIRE_INT:
        case WIRE_UINT:
                return get_u32(in, at, err);
        case WIRE_HYPER:
        case WIRE_UHYPER:
        case WIRE_DOUBLE:
                return get_u64(in, at, err);
        case WIRE_SHORT:
                r = get_u32(in, &word, err);
                *(uint16_t *) at = r < 0 ? 0 : (uint16_t) word;
                return r;
        case WIRE_CHAR:
        case WIRE_UCHAR:
                r = get_u32(in, &word, err);
                *(uint8_t *) at = r < 0 ? 0 : (uint8_t) word;
                return r;
        case WIRE_STRING:
                return get_string(in, WIRE_STRING_MAX, at, err);
        case WIRE_STRING_OPTIONAL:
                r = get_presence(in, &present, err);
                return r < 0 || !present ? r : get_string(in, WIRE_STRING_MAX, at, err);
        case WIRE_UUID:
                if (in->left < sizeof(Uuid))
                        return truncated(err);
                memcpy(at, in->at, sizeof(Uuid));
                in->at += sizeof(Uuid);
                in->left -= sizeof(Uuid);
                return 0;
        case WIRE_BYTES:
                return decode_bytes(in, field->max, at, err);
        case WIRE_PARAM:
                return decode_param(in, at, err);
        case WIRE_STRUCT:
                return decode_struct(field->layout, in, at, err);
        }
        return error_set(err, ERROR_INTERNAL, "layout has no kind %u", field->kind);
}

static int decode_items(const WireField *field, Reader *in, void *first, uint32_t n, Error *err)
{
        for (uint32_t i = 0; i < n; i++) {
                int r = decode_item(field, in, (char *) first + (size_t) i * item_size(field), err);

                if (r < 0)
                        return r;
        }
        return 0;
}

/* Count and array are set before the items, so that a half decoded one can be released. */
static int decode_counted(const WireField *field, Reader *in, void *value, Error *err)
{
        void **items = (void **) ((char *) value + field->offset);
        uint32_t *count = (uint32_t *) ((char *) value + field->count_offset), n;
        int r = get_u32(in, &n, err);

        if (r < 0)
                return r;
        if (n > field->max)
                return error_set(err, ERROR_PROTOCOL, "%u items where %u are the most", n,
                                 field->max);
        if (n > in->left / item_min(field))
                return truncated(err);
        if (n == 0)
                return 0;
        *items = xcalloc(n, item_size(field));
        *count = n;
        return decode_items(field, in, *items, n, err);
}

static int decode_field(const WireField *field, Reader *in, void *value, Error *err)
{
        void *at = (char *) value + field->offset;
        bool present;
        int r;

        switch ((WireShape) field->shape) {
        case WIRE_ONE:
                return decode_item(field, in, at, err);
        case WIRE_FIXED:
                return decode_items(field, in, at, field->max, err);
        case WIRE_COUNTED:
                return decode_counted(field, in, value, err);
        case WIRE_OPTIONAL:
                r = get_presence(in, &present, err);
                if (r < 0 || !present)
                        return r;
                *(void **) at = xcalloc(1, item_size(field));
                return decode_item(field, in, *(void **) at, err);
        }
        return error_set(err, ERROR_INTERNAL, "layout has no shape %u", field->shape);
}

static int decode_struct(const WireLayout *layout, Reader *in, void *value, Error *err)
{
        for (uint32_t i = 0; i < layout->n_fields; i++) {
                int r = decode_field(&layout->fields[i], in, value, err);

                if (r < 0) {
                        error_prefix(err, "%s", layout->fields[i].name);
                        return r;
                }
        }
        return 0;
}

int xdr_decode(const WireLayout *layout, const uint8_t *bytes, size_t len, void *ret_value,
               Error *err)
{
        Reader in = {.at = bytes, .left = len};
        int r;

        if (!layout)
                return 0;
        memset(ret_value, 0, layout->size);
        r = decode_struct(layout, &in, ret_value, err);
        if (r < 0) {
                xdr_release(layout, ret_value);
                error_prefix(err, "%s", layout->name);
        }
        return r;
}

/* --- encoding --- */

static int encode_struct(const WireLayout *layout, const void *value, Str *out, Error *err);

static void put_u32(Str *out, uint32_t value)
{
        value = htobe32(value);
        str_addn(out, (const char *) &value, 4);
}

static void put_u64(Str *out, const void *value)
{
        uint64_t bits;

        memcpy(&bits, value, 8);
        bits = htobe64(bits);
        str_addn(out, (const char *) &bits, 8);
}

static int put_run(Str *out, const void *bytes, size_t len, uint32_t max, Error *err)
{
        if (len > max)
                return error_set(err, ERROR_PROTOCOL, "%zu bytes where %u are the most", len, max);
        put_u32(out, (uint32_t) len);
        if (len > 0)
                str_addn(out, bytes, len);
        str_addn(out, "\0\0\0", padding(len));
        return 0;
}

static int put_string(Str *out, const char *text, uint32_t max, Error *err)
{
        if (!text)
                return error_set(err, ERROR_PROTOCOL, "the string is not set");
        return put_run(out, text, strlen(text), max, err);
}

static int encode_param(const WireTypedParam *param, Str *out, Error *err)
{
        int r = put_string(out, param->field, WIRE_PARAM_FIELD_MAX - 1, err);

        if (r < 0)
                return r;
        put_u32(out, (uint32_t) param->tag);
        switch ((WireParamTag) param->tag) {
        case WIRE_PARAM_INT:
        case WIRE_PARAM_UINT:
        case WIRE_PARAM_BOOLEAN:
                put_u32(out, param->value.u);
                return 0;
        case WIRE_PARAM_LLONG:
        case WIRE_PARAM_ULLONG:
        case WIRE_PARAM_DOUBLE:
                put_u64(out, &param->value);
                return 0;
        case WIRE_PARAM_STRING:
                return put_string(out, param->value.s, WIRE_STRING_MAX, err);
        }
        return error_set(err, ERROR_PROTOCOL, "%d is no type of a parameter", param->tag);
}

static int encode_item(const WireField *field, const void *at, Str *out, Error *err)
{
        const WireBytes *bytes = at;
        const char *text;

        switch ((WireKind) field->kind) {
        case WIRE_INT:
        case WIRE_UINT:
                put_u32(out, *(const uint32_t *) at);
                return 0;
        case WIRE_HYPER:
        case WIRE_UHYPER:
        case WIRE_DOUBLE:
                put_u64(out, at);
                return 0;
        case WIRE_SHORT:
                put_u32(out, *(const uint16_t *) at);
                return 0;
        case WIRE_CHAR:
                put_u32(out, (uint32_t) (int32_t) * (const signed char *) at);
                return 0;
        case WIRE_UCHAR:
                put_u32(out, *(const uint8_t *) at);
                return 0;
        case WIRE_STRING:
                return put_string(out, *(char *const *) at, WIRE_STRING_MAX, err);
        case WIRE_STRING_OPTIONAL:
                text = *(char *const *) at;
                put_u32(out, text != NULL);
                return text ? put_string(out, text, WIRE_STRING_MAX, err) : 0;
        case WIRE_UUID:
                str_addn(out, at, sizeof(Uuid));
                return 0;
        case WIRE_BYTES:
                return put_run(out, bytes->data, bytes->len, field->max, err);
        case WIRE_PARAM:
                return encode_param(at, out, err);
        case WIRE_STRUCT:
                return encode_struct(field->layout, at, out, err);
        }
        return error_set(err, ERROR_INTERNAL, "layout has no kind %u", field->kind);
}

static int encode_items(const WireField *field, const void *first, uint32_t n, Str *out, Error *err)
{
        for (uint32_t i = 0; i < n; i++) {
                int r = encode_item(field, (const char *) first + (size_t) i * item_size(field),
                                    out, err);

                if (r < 0)
                        return r;
        }
        return 0;
}

static int encode_field(const WireField *field, const void *value, Str *out, Error *err)
{
        const void *at = (const char *) value + field->offset;
        const void *target;
        uint32_t n;

        switch ((WireShape) field->shape) {
        case WIRE_ONE:
                return encode_item(field, at, out, err);
        case WIRE_FIXED:
                return encode_items(field, at, field->max, out, err);
        case WIRE_COUNTED:
                n = *(const uint32_t *) ((const char *) value + field->count_offset);
                if (n > field->max)
                        return error_set(err, ERROR_PROTOCOL, "%u items where %u are the most", n,
                                         field->max);
                put_u32(out, n);
                return encode_items(field, *(void *const *) at, n, out, err);
        case WIRE_OPTIONAL:
                target = *(void *const *) at;
                put_u32(out, target != NULL);
                return target ? encode_item(field, target, out, err) : 0;
        }
        return error_set(err, ERROR_INTERNAL, "layout has no shape %u", field->shape);
}

static int encode_struct(const WireLayout *layout, const void *value, Str *out, Error *err)
{
        for (uint32_t i = 0; i < layout->n_fields; i++) {
                int r = encode_field(&layout->fields[i], value, out, err);

                if (r < 0) {
                        error_prefix(err, "%s", layout->fields[i].name);
                        return r;
                }
        }
        return 0;
}

int xdr_encode(const WireLayout *layout, const void *value, Str *out, Error *err)
{
        size_t start = out->len;
        int r;

        if (!layout)
                return 0;
        r = encode_struct(layout, value, out, err);
        if (r < 0) {
                error_prefix(err, "%s", layout->name);
                out->len = start;
                if (out->text)
                        out->text[start] = '\0';
        }
        return r;
}

/* --- release --- */

static void release_item(const WireField *field, void *at)
{
        WireTypedParam *param = at;

        switch ((WireKind) field->kind) {
        case WIRE_STRING:
        case WIRE_STRING_OPTIONAL:
                free(*(char **) at);
                break;
        case WIRE_BYTES:
                free(((WireBytes *) at)->data);
                break;
        case WIRE_PARAM:
                free(param->field);
                if (param->tag == WIRE_PARAM_STRING)
                        free(param->value.s);
                break;
        case WIRE_STRUCT:
                xdr_release(field->layout, at);
                break;
        default:
                break;
        }
}

static void release_field(const WireField *field, void *value)
{
        char *at = (char *) value + field->offset, *target = at;
        uint32_t n = 1;

        if (field->shape == WIRE_FIXED)
                n = field->max;
        if (field->shape == WIRE_COUNTED)
                n = *(uint32_t *) ((char *) value + field->count_offset);
        if (field->shape == WIRE_COUNTED || field->shape == WIRE_OPTIONAL)
                target = *(char **) at;
        for (uint32_t i = 0; target && i < n; i++)
                release_item(field, target + (size_t) i * item_size(field));
        if (target != at)
                free(target);
}

void xdr_release(const WireLayout *layout, void *value)
{
        if (!layout)
                return;
        for (uint32_t i = 0; i < layout->n_fields; i++)
                release_field(&layout->fields[i], value);
        memset(value, 0, layout->size);
}
