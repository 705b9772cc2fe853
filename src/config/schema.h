/* What a schema says, as tables; and what every described struct can do.
 *
 * schema/gen turns schema files into structs and these tables (docs/config.md). The functions here
 * walk a struct by its table, so that each of init, copy, compare, JSON, XML and random exists
 * once. Users of a struct call the typed functions that are generated beside it. */
#pragma once

#include "base/error.h"

#include <stddef.h>
#include <stdint.h>

typedef struct Schema Schema;

typedef enum SchemaKind {
        KIND_STR,
        KIND_XML, /* a char *: the content of an element, kept as it was written */
        KIND_BOOL,
        KIND_U32,
        KIND_U64,
        KIND_I64,
        KIND_KIB, /* a uint64_t: a size, whose XML has a unit */
        KIND_UUID,
        KIND_MAC,
        KIND_ENUM,
        KIND_STRUCT,
        KIND_UNION,
} SchemaKind;

/* How the XML writes it, where there is a choice. */
typedef enum SchemaForm {
        FORM_PLAIN,    /* text; truth is yes or no */
        FORM_ONOFF,    /* truth is on or off */
        FORM_PRESENCE, /* true when the element is there */
        FORM_STATE,    /* as presence, with an attribute state='on' or 'off' that may be missing */
        FORM_HEX,      /* 0x and at least `width` digits */
} SchemaForm;

enum {
        FIELD_REQUIRED = 1 << 0,
        FIELD_OPTIONAL = 1 << 1, /* scalar: a bool tells; struct: a pointer, NULL when unset */
        FIELD_LIST = 1 << 2,     /* VEC of the type */
        FIELD_LIVE = 1 << 3,     /* told of a running guest; dropped when XML is read */
        FIELD_SECRET = 1 << 4,
};

typedef struct SchemaEnum {
        const char *name;
        const char *const *texts; /* [0] is NULL: not said */
        size_t n;
} SchemaEnum;

/* The struct of each value of the enum that selects; NULL where it has nothing to say. */
typedef struct SchemaUnion {
        const Schema *const *variants;
        size_t n;
} SchemaUnion;

typedef struct SchemaField {
        const char *name;
        SchemaKind kind;
        unsigned flags;
        size_t offset;
        size_t has; /* offset of the bool of an optional scalar */
        size_t tag; /* offset of the enum that selects the variant of a union */
        int64_t min;
        uint64_t max;     /* value, length in bytes, or count of a list */
        int64_t number;   /* default */
        const char *text; /* default of a string */
        const SchemaEnum *choices;
        const Schema *schema;
        const SchemaUnion *variants;

        /* XML: elements to go through, the element, the attribute. in_xml and neither element nor
         * attribute: the fields lie in the element of the struct itself. */
        bool in_xml;
        const char *const *wrap; /* NULL-terminated, or NULL */
        const char *element, *attribute;
        SchemaForm form;
        unsigned width;
        const char *keep; /* a live string with this prefix is not dropped */
} SchemaField;

struct Schema {
        const char *name;
        size_t size;
        const SchemaField *fields;
        size_t n;
};

/* `value` is zeroed or uninitialised memory. */
void schema_init(const Schema *schema, void *value);
/* Releases what it owns and leaves it zeroed. */
void schema_done(const Schema *schema, void *value);
/* `dst` is as for schema_init(). */
void schema_copy(const Schema *schema, void *dst, const void *src);
bool schema_equal(const Schema *schema, const void *a, const void *b);

/* One line of JSON, the caller's. What is unset is not written. */
char *schema_to_json(const Schema *schema, const void *value);
/* `ret` is as for schema_init() and set on success only. Unknown keys, wrong types and values out
 * of bounds are errors that name the place: ERROR_INTERNAL, for the text is the store's own. */
int schema_from_json(const Schema *schema, const char *json, void *ret, Error *err);

const char *schema_enum_text(const SchemaEnum *e, int value);
bool schema_enum_parse(const SchemaEnum *e, const char *text, int *ret);
