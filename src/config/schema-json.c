/* JSON of every described struct. Objects have the names of the schema; enums, UUIDs and addresses
 * are strings; sizes are KiB. A string that is no UTF-8 (a path may be) is written as {"bytes":
 * "hex"}. Nothing that is unset is written, and nothing unknown is read. */
#include "config/schema.h"

#include "base/str.h"
#include "base/uuid.h"
#include "config/mac.h"
#include "config/schema-walk.h"
#include "config/schema-xml.h"

#include <ctype.h>
#include <jansson.h>

enum {
        JSON_MAX = 32 * 1024 * 1024,
};

static json_t *object_to_json(const Schema *schema, const void *value);

static json_t *text_to_json(const char *text)
{
        json_t *string = json_string(text);
        _cleanup_(str_done) Str hex = {};

        for (const char *p = string ? "" : text; *p; p++)
                str_addf(&hex, "%02x", (unsigned char) *p);
        return string ? string : json_pack("{ss}", "bytes", hex.text);
}

static json_t *one_to_json(const SchemaField *f, const Schema *schema, const void *at)
{
        if (field_is_composite(f))
                return schema ? object_to_json(schema, at) : NULL;
        switch (f->kind) {
        case KIND_STR:
        case KIND_XML:
                return text_to_json(*(char *const *) at);
        case KIND_BOOL:
                return json_boolean(*(const bool *) at);
        case KIND_UUID:
                return json_string(UUID_TEXT((const Uuid *) at));
        case KIND_MAC:
                return json_string(mac_format(at, (char[MAC_TEXT_SIZE]){}));
        case KIND_ENUM:
                return json_string(schema_enum_text(f->choices, *(const int *) at));
        default:
                return json_integer(number_get(f->kind, at));
        }
}

static json_t *field_to_json(const SchemaField *f, const void *value)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        const void *at = field_at(f, value);

        if (!field_is_set(f, value))
                return NULL;
        if (f->flags & FIELD_LIST) {
                const AnyVec *v = at;
                json_t *array = json_array();
                for (size_t i = 0; i < v->len; i++)
                        json_array_append_new(array,
                                              one_to_json(f, schema, vec_at(v, field_size(f), i)));
                return array;
        }
        return one_to_json(f, schema, field_is_pointer(f) ? *(void *const *) at : at);
}

static json_t *object_to_json(const Schema *schema, const void *value)
{
        json_t *object = json_object();

        for (size_t i = 0; i < schema->n; i++) {
                const SchemaField *f = &schema->fields[i];
                json_t *item = field_to_json(f, value);
                bool empty = field_is_composite(f) && json_is_object(item) &&
                             !(f->flags & FIELD_OPTIONAL) && json_object_size(item) == 0;

                if (item && !empty)
                        json_object_set_new(object, f->name, item);
                else
                        json_decref(item);
        }
        return object;
}

char *schema_to_json(const Schema *schema, const void *value)
{
        json_t *object = object_to_json(schema, value);
        char *text = json_dumps(object, JSON_COMPACT);

        json_decref(object);
        return text;
}

/* Where in the document a fault lies, as "devices.disks[2].target". */
typedef struct Place {
        const struct Place *outer;
        const char *name;
        size_t index;
        bool in_list;
} Place;

static void place_text(const Place *place, Str *ret)
{
        if (!place)
                return;
        place_text(place->outer, ret);
        if (ret->len > 0)
                str_addc(ret, '.');
        str_add(ret, place->name);
        if (place->in_list)
                str_addf(ret, "[%zu]", place->index);
}

static int fault(const Place *place, Error *err, const char *what)
{
        _cleanup_(str_done) Str where = {};

        place_text(place, &where);
        return error_set(err, ERROR_INTERNAL, "stored JSON: %s in '%s'", what,
                         where.len > 0 ? where.text : "the document");
}

static int object_from_json(const Schema *schema, json_t *object, void *ret, const Place *place,
                            Error *err);

static int text_from_json(const SchemaField *f, const char *text, size_t len, void *at,
                          const Place *place, Error *err)
{
        switch (f->kind) {
        case KIND_UUID:
                return uuid_parse(text, at) ? 0 : fault(place, err, "no UUID");
        case KIND_MAC:
                return mac_parse(text, at) ? 0 : fault(place, err, "no MAC address");
        case KIND_ENUM:
                return schema_enum_parse(f->choices, text, at)
                               ? 0
                               : fault(place, err, "an unknown word");
        default:
                if (len > f->max)
                        return fault(place, err, "a string too long");
                if (f->kind == KIND_XML && !schema_xml_is_content(text))
                        return fault(place, err, "XML that is not well formed");
                *(char **) at = xstrndup(text, len);
                return 0;
        }
}

static int bytes_from_json(const SchemaField *f, json_t *item, char **at, const Place *place,
                           Error *err)
{
        const char *hex = json_string_value(json_object_get(item, "bytes"));
        size_t len = hex ? strlen(hex) : 1;

        if (len % 2 || len / 2 > f->max || json_object_size(item) != 1)
                return fault(place, err, "no bytes in hex");
        _cleanup_(free_ptr) char *bytes = xcalloc(1, len / 2 + 1);
        for (size_t i = 0; i < len / 2; i++) {
                char pair[3] = {hex[2 * i], hex[2 * i + 1]};
                if (!isxdigit(pair[0]) || !isxdigit(pair[1]) ||
                    !(bytes[i] = (char) strtoul(pair, NULL, 16)))
                        return fault(place, err, "no bytes in hex");
        }
        *at = TAKE_PTR(bytes);
        return 0;
}

static int one_from_json(const SchemaField *f, const Schema *schema, json_t *item, void *at,
                         const Place *place, Error *err)
{
        if (field_is_composite(f)) {
                if (!json_is_object(item) || !schema)
                        return fault(place, err, "no object is expected or none is there");
                return object_from_json(schema, item, at, place, err);
        }
        if (f->kind == KIND_BOOL) {
                if (!json_is_boolean(item))
                        return fault(place, err, "neither true nor false");
                *(bool *) at = json_is_true(item);
                return 0;
        }
        if (f->kind == KIND_U32 || f->kind == KIND_U64 || f->kind == KIND_I64 ||
            f->kind == KIND_KIB) {
                json_int_t n = json_integer_value(item);
                if (!json_is_integer(item) || n < f->min || (n > 0 && (uint64_t) n > f->max))
                        return fault(place, err, "no number within bounds");
                number_set(f->kind, at, n);
                return 0;
        }
        if (json_is_object(item) && f->kind == KIND_STR)
                return bytes_from_json(f, item, at, place, err);
        if (!json_is_string(item))
                return fault(place, err, "no string");
        return text_from_json(f, json_string_value(item), json_string_length(item), at, place, err);
}

static int list_from_json(const SchemaField *f, const Schema *schema, json_t *array, AnyVec *v,
                          Place *place, Error *err)
{
        if (!json_is_array(array) || json_array_size(array) > f->max)
                return fault(place, err, "no list within bounds");
        place->in_list = true;
        for (place->index = 0; place->index < json_array_size(array); place->index++) {
                int r = one_from_json(f, schema, json_array_get(array, place->index),
                                      vec_grow(v, field_size(f)), place, err);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int field_from_json(const SchemaField *f, json_t *item, void *value, Place *place,
                           Error *err)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        void *at = field_at(f, value);

        if (f->flags & FIELD_LIST)
                return list_from_json(f, schema, item, at, place, err);
        if (field_is_pointer(f))
                at = *(void **) at = xcalloc(1, schema->size);
        else if (f->flags & FIELD_OPTIONAL)
                *field_has(f, value) = true;
        else if (f->kind == KIND_STR)
                free(TAKE_PTR(*(char **) at));
        return one_from_json(f, schema, item, at, place, err);
}

/* `ret` holds defaults, or zeros where it is about to. On error it is left fit for schema_done().
 */
static int object_from_json(const Schema *schema, json_t *object, void *ret, const Place *outer,
                            Error *err)
{
        size_t known = 0;

        schema_init(schema, ret);
        for (size_t i = 0; i < schema->n; i++) {
                const SchemaField *f = &schema->fields[i];
                Place place = {.outer = outer, .name = f->name};
                json_t *item = json_object_get(object, f->name);

                if (!item && (f->flags & FIELD_REQUIRED))
                        return fault(&place, err, "nothing");
                if (!item) {
                        /* The field that selects a variant may have changed since init. */
                        const Schema *variant = f->kind == KIND_UNION ? field_schema(f, ret) : NULL;
                        if (variant)
                                schema_init(variant, field_at(f, ret));
                        continue;
                }
                known++;
                int r = field_from_json(f, item, ret, &place, err);
                if (r < 0)
                        return r;
        }
        if (known == json_object_size(object))
                return 0;
        return fault(outer, err, "an unknown key");
}

int schema_from_json(const Schema *schema, const char *json, void *ret, Error *err)
{
        size_t len = strnlen(json, JSON_MAX + 1);
        json_error_t why;

        if (len > JSON_MAX)
                return error_set(err, ERROR_INTERNAL, "stored JSON is too long");
        json_t *object = json_loadb(json, len, JSON_REJECT_DUPLICATES, &why);
        if (!object)
                return error_set(err, ERROR_INTERNAL, "stored JSON: %s, line %d column %d",
                                 why.text, why.line, why.column);

        _cleanup_(free_ptr) void *value = xcalloc(1, schema->size);
        int r = json_is_object(object) ? object_from_json(schema, object, value, NULL, err)
                                       : error_set(err, ERROR_INTERNAL, "stored JSON is no object");
        json_decref(object);
        if (r < 0)
                schema_done(schema, value);
        else
                memcpy(ret, value, schema->size);
        return r;
}
