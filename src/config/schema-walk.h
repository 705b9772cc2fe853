/* For the files that walk structs by their tables: where a field lies and whether it is set. */
#pragma once

#include "base/vec.h"
#include "config/schema.h"

/* Any VEC, seen by its layout. */
typedef VEC(char) AnyVec;

/* The bytes of one value of the field: of one element where it is a list. */
size_t field_size(const SchemaField *f);
/* Whether it would be written: a truth unlike its default, a number always, else what is set. */
bool field_is_set(const SchemaField *f, const void *value);
/* The struct to go into: of the field, or of the selected variant, NULL where there is none. */
const Schema *field_schema(const SchemaField *f, const void *value);

static inline void *field_at(const SchemaField *f, const void *value)
{
        return (char *) value + f->offset;
}

static inline bool *field_has(const SchemaField *f, const void *value)
{
        return (bool *) ((char *) value + f->has);
}

static inline bool field_is_composite(const SchemaField *f)
{
        return f->kind == KIND_STRUCT || f->kind == KIND_UNION;
}

static inline bool field_is_pointer(const SchemaField *f)
{
        return f->kind == KIND_STRUCT && (f->flags & FIELD_OPTIONAL);
}

static inline void *vec_at(const AnyVec *v, size_t size, size_t i)
{
        return v->items + i * size;
}

/* A new zeroed element of `size` bytes at the end. */
void *vec_grow(AnyVec *v, size_t size);

/* Numbers of any width, as one type; *_set() stores what fits the kind. */
int64_t number_get(SchemaKind kind, const void *at);
void number_set(SchemaKind kind, void *at, int64_t n);
