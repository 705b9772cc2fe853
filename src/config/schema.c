/* What every described struct can do without a document: init, done, copy, equal. */
#include "config/schema.h"

#include "base/str.h"
#include "base/uuid.h"
#include "config/mac.h"
#include "config/schema-walk.h"

static const size_t kind_sizes[] = {
        [KIND_STR] = sizeof(char *),    [KIND_XML] = sizeof(char *),   [KIND_BOOL] = sizeof(bool),
        [KIND_U32] = sizeof(uint32_t),  [KIND_U64] = sizeof(uint64_t), [KIND_I64] = sizeof(int64_t),
        [KIND_KIB] = sizeof(uint64_t),  [KIND_UUID] = sizeof(Uuid),    [KIND_MAC] = sizeof(Mac),
        [KIND_ENUM] = sizeof(unsigned),
};

size_t field_size(const SchemaField *f)
{
        return f->kind == KIND_STRUCT ? f->schema->size : kind_sizes[f->kind];
}

static bool is_zero(const void *at, size_t size)
{
        const char *bytes = at;

        for (size_t i = 0; i < size; i++)
                if (bytes[i])
                        return false;
        return true;
}

bool field_is_set(const SchemaField *f, const void *value)
{
        const void *at = field_at(f, value);

        if (f->flags & FIELD_LIST)
                return ((const AnyVec *) at)->len > 0;
        if (field_is_pointer(f))
                return *(void *const *) at;
        if (f->flags & FIELD_OPTIONAL)
                return *field_has(f, value);
        switch (f->kind) {
        case KIND_STR:
        case KIND_XML:
        case KIND_ENUM:
        case KIND_UUID:
        case KIND_MAC:
                return !is_zero(at, field_size(f));
        case KIND_BOOL:
                return *(const bool *) at != (bool) f->number;
        default:
                return true;
        }
}

const Schema *field_schema(const SchemaField *f, const void *value)
{
        if (f->kind == KIND_STRUCT)
                return f->schema;
        unsigned tag = *(const unsigned *) ((const char *) value + f->tag);
        return tag < f->variants->n ? f->variants->variants[tag] : NULL;
}

void *vec_grow(AnyVec *v, size_t size)
{
        if (v->len == v->cap) {
                v->cap = v->cap ? 2 * v->cap : 8;
                v->items = xrealloc(v->items, v->cap, size);
        }
        void *at = vec_at(v, size, v->len++);
        memset(at, 0, size);
        return at;
}

int64_t number_get(SchemaKind kind, const void *at)
{
        return kind == KIND_U32 ? (int64_t) * (const uint32_t *) at : *(const int64_t *) at;
}

void number_set(SchemaKind kind, void *at, int64_t n)
{
        if (kind == KIND_U32)
                *(uint32_t *) at = (uint32_t) n;
        else
                *(int64_t *) at = n;
}

static void init_field(const SchemaField *f, void *value)
{
        void *at = field_at(f, value);

        if (f->flags & (FIELD_LIST | FIELD_OPTIONAL))
                return;
        switch (f->kind) {
        case KIND_STR:
                *(char **) at = xstrdup_null(f->text);
                break;
        case KIND_BOOL:
                *(bool *) at = f->number;
                break;
        case KIND_ENUM:
                *(unsigned *) at = (unsigned) f->number;
                break;
        case KIND_U32:
        case KIND_U64:
        case KIND_I64:
        case KIND_KIB:
                number_set(f->kind, at, f->number);
                break;
        case KIND_STRUCT:
                schema_init(f->schema, at);
                break;
        case KIND_UNION: {
                const Schema *variant = field_schema(f, value);
                if (variant)
                        schema_init(variant, at);
                break;
        }
        default:
                break;
        }
}

void schema_init(const Schema *schema, void *value)
{
        memset(value, 0, schema->size);
        for (size_t i = 0; i < schema->n; i++)
                init_field(&schema->fields[i], value);
}

static void done_one(const SchemaField *f, const Schema *schema, void *at)
{
        if (schema)
                schema_done(schema, at);
        else if (f->kind == KIND_STR || f->kind == KIND_XML)
                free(*(char **) at);
}

static void done_field(const SchemaField *f, void *value)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        void *at = field_at(f, value);

        if (f->flags & FIELD_LIST) {
                AnyVec *v = at;
                for (size_t i = 0; i < v->len; i++)
                        done_one(f, schema, vec_at(v, field_size(f), i));
                free(v->items);
        } else if (field_is_pointer(f)) {
                if (*(void **) at)
                        schema_done(schema, *(void **) at);
                free(*(void **) at);
        } else {
                done_one(f, schema, at);
        }
}

void schema_done(const Schema *schema, void *value)
{
        /* Backwards: a union ends before the field that selects its variant. */
        for (size_t i = schema->n; i-- > 0;)
                done_field(&schema->fields[i], value);
        memset(value, 0, schema->size);
}

static void copy_one(const SchemaField *f, const Schema *schema, void *dst, const void *src)
{
        if (schema)
                schema_copy(schema, dst, src);
        else if (f->kind == KIND_STR || f->kind == KIND_XML)
                *(char **) dst = xstrdup_null(*(char *const *) src);
        else if (!field_is_composite(f))
                memcpy(dst, src, field_size(f));
}

static void copy_field(const SchemaField *f, void *dst, const void *src)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, src) : NULL;
        const void *from = field_at(f, src);
        void *to = field_at(f, dst);

        if (f->flags & FIELD_LIST) {
                const AnyVec *v = from;
                for (size_t i = 0; i < v->len; i++)
                        copy_one(f, schema, vec_grow(to, field_size(f)),
                                 vec_at(v, field_size(f), i));
        } else if (field_is_pointer(f)) {
                if (!*(void *const *) from)
                        return;
                *(void **) to = xcalloc(1, schema->size);
                schema_copy(schema, *(void **) to, *(void *const *) from);
        } else {
                copy_one(f, schema, to, from);
                if (f->flags & FIELD_OPTIONAL)
                        *field_has(f, dst) = *field_has(f, src);
        }
}

void schema_copy(const Schema *schema, void *dst, const void *src)
{
        memset(dst, 0, schema->size);
        for (size_t i = 0; i < schema->n; i++)
                copy_field(&schema->fields[i], dst, src);
}

static bool equal_one(const SchemaField *f, const Schema *schema, const void *a, const void *b)
{
        if (schema)
                return schema_equal(schema, a, b);
        if (f->kind == KIND_STR || f->kind == KIND_XML)
                return str_eq(*(char *const *) a, *(char *const *) b);
        return field_is_composite(f) || memcmp(a, b, field_size(f)) == 0;
}

static bool equal_field(const SchemaField *f, const void *a, const void *b)
{
        const void *at_a = field_at(f, a), *at_b = field_at(f, b);
        const Schema *schema = field_is_composite(f) ? field_schema(f, a) : NULL;

        if (f->kind == KIND_UNION && field_schema(f, b) != schema)
                return false;
        if (f->flags & FIELD_LIST) {
                const AnyVec *v = at_a, *w = at_b;
                if (v->len != w->len)
                        return false;
                for (size_t i = 0; i < v->len; i++)
                        if (!equal_one(f, schema, vec_at(v, field_size(f), i),
                                       vec_at(w, field_size(f), i)))
                                return false;
                return true;
        }
        if (f->flags & FIELD_OPTIONAL && field_is_set(f, a) != field_is_set(f, b))
                return false;
        if (f->flags & FIELD_OPTIONAL && !field_is_set(f, a))
                return true;
        if (field_is_pointer(f))
                return schema_equal(schema, *(void *const *) at_a, *(void *const *) at_b);
        return equal_one(f, schema, at_a, at_b);
}

bool schema_equal(const Schema *schema, const void *a, const void *b)
{
        for (size_t i = 0; i < schema->n; i++)
                if (!equal_field(&schema->fields[i], a, b))
                        return false;
        return true;
}

const char *schema_enum_text(const SchemaEnum *e, int value)
{
        return value >= 0 && (size_t) value < e->n ? e->texts[value] : NULL;
}

bool schema_enum_parse(const SchemaEnum *e, const char *text, int *ret)
{
        for (size_t i = 1; i < e->n; i++) {
                if (strcmp(e->texts[i], text) != 0)
                        continue;
                *ret = (int) i;
                return true;
        }
        return false;
}
