/* XML of every described struct. */
#pragma once

#include "config/schema.h"

typedef struct SchemaDocument {
        const Schema *schema;
        const char *root; /* name of the element that is the struct */
        const char *what; /* what a syntax error calls the document */
        size_t max;       /* most bytes that are looked at */
} SchemaDocument;

/* `ret` is zeroed or uninitialised and set on success only. Every element and attribute is
 * either read or an error; comments and processing instructions are skipped; live fields are read
 * and dropped. No entity is expanded, nothing is fetched, a document type declaration is refused.
 * Errors name element and line. ERROR_XML_SYNTAX: not well formed. ERROR_XML_INVALID: anything
 * else. */
int schema_from_xml(const SchemaDocument *document, const char *xml, size_t len, void *ret,
                    Error *err);

/* Whether the text can stand inside an element. */
bool schema_xml_is_content(const char *text);

enum {
        SCHEMA_XML_SECRETS = 1 << 0, /* with secret fields */
};

/* The caller's; indented by two, attributes in single quotes. Characters that XML cannot hold are
 * written as '?'. */
char *schema_to_xml(const SchemaDocument *document, const void *value, unsigned flags);
