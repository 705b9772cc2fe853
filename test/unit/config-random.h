/* A random value of any described struct, the same for the same seed: for round trips. */
#pragma once

#include "base/str.h"
#include "config/schema-walk.h"

enum {
        RANDOM_NO_LIVE = 1 << 0, /* nothing that reading XML drops */
};

typedef struct Random {
        uint64_t state;
        unsigned flags;
} Random;

static uint64_t random_next(Random *random)
{
        uint64_t z = random->state += 0x9e3779b97f4a7c15;

        z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
        z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
        return z ^ (z >> 31);
}

static uint64_t random_below(Random *random, uint64_t n)
{
        return n ? random_next(random) % n : random_next(random);
}

static bool random_chance(Random *random, unsigned percent)
{
        return random_below(random, 100) < percent;
}

/* Begins with a letter, then holds whatever is awkward to quote. */
static char *random_text(Random *random, const SchemaField *f)
{
        static const char *const pieces[] = {"a",   "Z",  "0",  " ",  "/",  "&",    "<",  ">",
                                             "'",   "\"", "é",  "€",  "😀",  "\n",   "\t", "\r",
                                             "]]>", "{",  "\\", "%s", "--", "&amp;"};
        static const char *const contents[] = {
                "<x/>", "text &amp; more", "<a:b xmlns:a=\"urn:x\" a:c=\"1\">é<a:d/></a:b>",
                "\n  <y z=\"&lt;\">\n    t\n  </y>\n", "<!-- note --><p>q</p>"};
        size_t n = random_below(random, 12);
        Str text = {};

        if (f->kind == KIND_XML)
                return xstrdup(contents[random_below(random, ELEMENTSOF(contents))]);
        str_add(&text, "x");
        for (size_t i = 0; i < n; i++) {
                const char *piece = pieces[random_below(random, ELEMENTSOF(pieces))];
                if (text.len + strlen(piece) <= f->max)
                        str_add(&text, piece);
        }
        return str_take(&text);
}

static int64_t random_number(Random *random, const SchemaField *f)
{
        uint64_t span = f->max - (uint64_t) f->min;

        switch (random_below(random, 4)) {
        case 0:
                return f->min;
        case 1:
                return (int64_t) f->max;
        default:
                return (int64_t) ((uint64_t) f->min + random_below(random, span + 1));
        }
}

static void random_struct(Random *random, const Schema *schema, void *value);

static void random_one(Random *random, const SchemaField *f, const Schema *schema, void *at)
{
        switch (f->kind) {
        case KIND_STR:
        case KIND_XML:
                *(char **) at = random_text(random, f);
                break;
        case KIND_BOOL:
                *(bool *) at = random_chance(random, 50);
                break;
        case KIND_ENUM:
                *(unsigned *) at = (unsigned) (1 + random_below(random, f->choices->n - 1));
                break;
        case KIND_UUID:
        case KIND_MAC:
                for (size_t i = 0; i < field_size(f); i++)
                        ((uint8_t *) at)[i] = (uint8_t) random_next(random);
                break;
        case KIND_STRUCT:
        case KIND_UNION:
                if (schema)
                        random_struct(random, schema, at);
                break;
        default:
                number_set(f->kind, at, random_number(random, f));
        }
}

static void random_field(Random *random, const SchemaField *f, void *value)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        bool inlined = field_is_composite(f) && !(f->flags & (FIELD_LIST | FIELD_OPTIONAL));
        void *at = field_at(f, value);

        if ((random->flags & RANDOM_NO_LIVE) && (f->flags & FIELD_LIVE))
                return;
        if (!inlined && !(f->flags & FIELD_REQUIRED) && random_chance(random, 50))
                return;
        if (f->flags & FIELD_LIST) {
                size_t n = random_below(random, (f->max < 3 ? f->max : 3) + 1);
                for (size_t i = 0; i < n; i++)
                        random_one(random, f, schema, vec_grow(at, field_size(f)));
                return;
        }
        if (field_is_pointer(f))
                at = *(void **) at = xcalloc(1, schema->size);
        else if (f->flags & FIELD_OPTIONAL)
                *field_has(f, value) = true;
        else if (f->kind == KIND_STR)
                free(TAKE_PTR(*(char **) at));
        random_one(random, f, schema, at);
}

static void random_struct(Random *random, const Schema *schema, void *value)
{
        schema_init(schema, value);
        for (size_t i = 0; i < schema->n; i++) {
                const SchemaField *f = &schema->fields[i];
                /* The default selected another variant. */
                if (f->kind == KIND_UNION && field_schema(f, value))
                        schema_init(field_schema(f, value), field_at(f, value));
                random_field(random, f, value);
        }
}
