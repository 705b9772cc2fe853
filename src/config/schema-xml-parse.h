/* Inside config/: bytes to libxml2's tree. */
#pragma once

#include "base/error.h"

#include <libxml/tree.h>

/* The caller frees the document. `what` names it in errors: "(domain_definition):3: ...". Always
 * UTF-8. ERROR_XML_SYNTAX: not well formed. ERROR_XML_INVALID: a document type declaration, or too
 * much of something. */
int schema_xml_parse(const char *what, const char *xml, size_t len, xmlDoc **ret, Error *err);
