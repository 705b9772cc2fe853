/* XML to structs.
 *
 * The document is parsed into libxml2's tree; then each field of the table looks for its place, and
 * what was looked at is marked in the nodes' _private. Last, whatever carries no mark is reported,
 * in the order of the document: so nothing is dropped that no field asked for. */
#include "config/schema-xml.h"

#include "base/str.h"
#include "config/schema-text.h"
#include "config/schema-walk.h"
#include "config/schema-xml-parse.h"

enum {
        TAGS_MAX = 131072,     /* in one document; an element may have two */
        ATTRIBUTES_MAX = 512,  /* of one element */
        NAME_SPACES_MAX = 512, /* declarations in one document */

        MARK_SEEN = 1 << 0,
        MARK_TEXT = 1 << 1, /* its text belongs to a field */
        MARK_ALL = 1 << 2,  /* everything below belongs to a field */
};

static void mark(void *node, uintptr_t bits)
{
        xmlNode *n = node;

        n->_private = (void *) ((uintptr_t) n->_private | bits);
}

static bool is_marked(const void *node, uintptr_t bits)
{
        return (uintptr_t) ((const xmlNode *) node)->_private & bits;
}

/* Where the reader is: the element of a struct, or where it would be. */
typedef struct Place {
        xmlNode *node; /* NULL where the element is missing */
        const char *name;
        const struct Place *outer;
        Error *err;
} Place;

/* Of the node, or of the nearest element around the place where there is none. */
static long line_of(const xmlNode *node, const Place *place)
{
        while (!node) {
                node = place->node;
                place = place->outer;
        }
        return xmlGetLineNo(node);
}

/* A piece of the document, short enough for a message. */
static const char *excerpt(const char *text, char buffer[68])
{
        size_t n = strlen(text);
        bool cut = n > 64;

        for (n = cut ? 60 : n; cut && n > 0 && ((unsigned char) text[n] & 0xc0) == 0x80;)
                n--;
        snprintf(buffer, 68, "%.*s%s", (int) n, text, cut ? "..." : "");
        return buffer;
}

static int fault_value(const SchemaField *f, const xmlNode *node, const Place *place,
                       const char *text, const Str *expected)
{
        const char *attribute = f->form == FORM_STATE ? "state" : f->attribute;
        const char *element = f->element ? f->element : place->name;
        char buffer[68];

        return error_set(place->err, ERROR_XML_INVALID,
                         "unsupported value '%s'%s%s%s in <%s>, line %ld: expected %s",
                         excerpt(text, buffer), attribute ? " of attribute '" : "",
                         attribute ? attribute : "", attribute ? "'" : "", element,
                         line_of(node, place), expected->text);
}

/* `node` is the element that should have had it, NULL where that is missing too. */
static int fault_missing(const SchemaField *f, const xmlNode *node, const Place *place)
{
        const Place *outer = f->element ? place : place->outer;
        const xmlNode *parent =
                node && node->parent->type == XML_ELEMENT_NODE ? node->parent : NULL;
        const char *in = parent ? (const char *) parent->name : outer ? outer->name : NULL;

        return error_set(place->err, ERROR_XML_INVALID, "missing %s%s%s<%s>%s%s%s, line %ld",
                         f->attribute ? "attribute '" : "element ",
                         f->attribute ? f->attribute : "", f->attribute ? "' of " : "",
                         f->element ? f->element : place->name, in ? " in <" : "", in ? in : "",
                         in ? ">" : "", line_of(node, place));
}

static bool is_element(const xmlNode *node, const char *name)
{
        return node->type == XML_ELEMENT_NODE && !node->ns &&
               str_eq((const char *) node->name, name);
}

/* The node itself or the next sibling of that name; NULL where there is none. */
static xmlNode *find_element(xmlNode *node, const char *name)
{
        while (node && !is_element(node, name))
                node = node->next;
        return node;
}

static xmlAttr *find_attribute(xmlNode *node, const char *name)
{
        for (xmlAttr *a = node ? node->properties : NULL; a; a = a->next)
                if (!a->ns && str_eq((const char *) a->name, name))
                        return a;
        return NULL;
}

/* The text directly in a node, the caller's. */
static char *node_text(const xmlNode *first)
{
        Str text = {};

        for (const xmlNode *n = first; n; n = n->next)
                if (n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE)
                        str_add(&text, (const char *) n->content);
        return str_take(&text);
}

/* The attribute's value, the caller's, and marks it; NULL where there is none. */
static char *take_attribute(xmlNode *node, const char *name)
{
        xmlAttr *a = find_attribute(node, name);

        if (!a)
                return NULL;
        mark(a, MARK_SEEN);
        return node_text(a->children);
}

static void trim(char *text)
{
        size_t lead = strspn(text, " \t\r\n"), n = strlen(text);

        while (n > lead && strchr(" \t\r\n", text[n - 1]))
                n--;
        memmove(text, text + lead, n - lead);
        text[n - lead] = '\0';
}

/* What stands inside an element, as XML that needs no name space from outside. */
static char *inner_xml(const xmlNode *node)
{
        xmlDoc *doc = xmlNewDoc((const xmlChar *) "1.0");
        xmlBuffer *buffer = xmlBufferCreate();

        xmlBufferSetAllocationScheme(buffer, XML_BUFFER_ALLOC_DOUBLEIT);
        doc->encoding = xmlStrdup((const xmlChar *) "UTF-8");
        for (xmlNode *n = node->children; n; n = n->next) {
                xmlNode *copy = xmlDocCopyNode(n, doc, 1);
                xmlNodeDump(buffer, doc, copy, 0, 0);
                xmlFreeNode(copy);
        }
        char *text = xstrdup((const char *) xmlBufferContent(buffer));
        xmlBufferFree(buffer);
        xmlFreeDoc(doc);
        return text;
}

static int read_struct(const Schema *schema, void *value, const Place *place);

static int read_size(const SchemaField *f, xmlNode *node, const char *text, void *at,
                     const Place *place)
{
        _cleanup_(free_ptr) char *unit = take_attribute(node, "unit");
        _cleanup_(str_done) Str expected = {};
        uint64_t kib;

        if (size_parse(text, unit, &kib, &expected) && kib > f->max)
                str_add(&expected, "a smaller size");
        if (expected.len > 0) {
                _cleanup_(free_ptr) char *all =
                        xasprintf("%s%s%s", text, unit ? " " : "", unit ? unit : "");
                return fault_value(f, node, place, all, &expected);
        }
        *(uint64_t *) at = kib;
        return 0;
}

/* One value from the element `node`, or from its attribute. *ret_set tells whether there was one.
 */
static int read_scalar(const SchemaField *f, xmlNode *node, void *at, const Place *place,
                       bool *ret_set)
{
        _cleanup_(str_done) Str expected = {};
        _cleanup_(free_ptr) char *text = NULL;
        bool is_text = f->kind == KIND_STR || f->kind == KIND_XML;

        *ret_set = true;
        if (f->form == FORM_PRESENCE || f->form == FORM_STATE) {
                text = f->form == FORM_STATE ? take_attribute(node, "state") : NULL;
                if (!text) {
                        *(bool *) at = true;
                        return 0;
                }
        } else if (f->attribute) {
                text = take_attribute(node, f->attribute);
        } else {
                text = f->kind == KIND_XML ? inner_xml(node) : node_text(node->children);
                mark(node, f->kind == KIND_XML ? MARK_ALL : MARK_TEXT);
        }
        if (text && !is_text)
                trim(text);
        bool blank = text && !f->attribute && !text[strspn(text, " \t\r\n")];
        if (!text || (blank && (is_text || f->kind == KIND_ENUM || f->kind == KIND_UUID)) ||
            (is_text && !*text && (f->flags & FIELD_REQUIRED))) {
                *ret_set = false;
                return 0;
        }
        if (f->flags & FIELD_LIVE && !(f->keep && str_after(text, f->keep))) {
                *ret_set = false;
                return 0;
        }
        if (f->kind == KIND_KIB)
                return read_size(f, node, text, at, place);
        if (is_text)
                free(TAKE_PTR(*(char **) at));
        if (!scalar_parse(f, text, at, &expected))
                return fault_value(f, node, place, text, &expected);
        return 0;
}

static int read_list(const SchemaField *f, const Schema *schema, xmlNode *in, AnyVec *v,
                     const Place *place)
{
        xmlNode *node = in ? find_element(in->children, f->element) : NULL;

        for (; node; node = find_element(node->next, f->element)) {
                Place here = {.node = node, .name = f->element, .outer = place, .err = place->err};
                bool set;
                int r;

                mark(node, MARK_SEEN);
                if (v->len >= f->max)
                        return error_set(place->err, ERROR_XML_INVALID,
                                         "too many elements <%s> in <%s>, line %ld: at most %zu",
                                         f->element, (const char *) in->name, xmlGetLineNo(node),
                                         (size_t) f->max);
                void *at = vec_grow(v, field_size(f));
                if (schema) {
                        schema_init(schema, at);
                        r = read_struct(schema, at, &here);
                } else {
                        r = read_scalar(f, node, at, &here, &set);
                        if (r == 0 && !set)
                                r = fault_missing(f, node, &here);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A struct or the variant of a union, in the element `node` or, where that is missing, nowhere. */
static int read_composite(const SchemaField *f, const Schema *schema, xmlNode *node, void *at,
                          const Place *place)
{
        Place here = {.node = node, .name = f->element, .outer = place, .err = place->err};

        if (field_is_pointer(f)) {
                if (!node)
                        return f->flags & FIELD_REQUIRED ? fault_missing(f, NULL, place) : 0;
                at = *(void **) at = xcalloc(1, schema->size);
                schema_init(schema, at);
        }
        if (!schema)
                return 0;
        if (f->kind == KIND_UNION)
                schema_init(schema, at);
        return read_struct(schema, at, f->element ? &here : place);
}

static int read_field(const SchemaField *f, void *value, const Place *place)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        void *at = field_at(f, value);
        xmlNode *node = place->node;
        bool set = false;

        for (const char *const *name = f->wrap; node && name && *name; name++) {
                node = find_element(node->children, *name);
                if (node)
                        mark(node, MARK_SEEN);
        }
        if (f->flags & FIELD_LIST)
                return read_list(f, schema, node, at, place);
        if (node && f->element) {
                node = find_element(node->children, f->element);
                /* The element of a union without a variant is nobody's. */
                if (node && !(f->kind == KIND_UNION && !schema))
                        mark(node, MARK_SEEN);
        }
        if (field_is_composite(f))
                return read_composite(f, schema, node, at, place);
        if (node) {
                int r = read_scalar(f, node, at, place, &set);
                if (r < 0)
                        return r;
        }
        if (set && f->flags & FIELD_OPTIONAL)
                *field_has(f, value) = true;
        if (!set && f->flags & FIELD_REQUIRED)
                return fault_missing(f, node, place);
        return 0;
}

static int read_struct(const Schema *schema, void *value, const Place *place)
{
        for (size_t i = 0; i < schema->n; i++) {
                if (!schema->fields[i].in_xml)
                        continue;
                int r = read_field(&schema->fields[i], value, place);
                if (r < 0)
                        return r;
        }
        return 0;
}

static const char *full_name(const xmlNs *ns, const xmlChar *name, char buffer[68])
{
        char whole[160];

        if (!ns || !ns->prefix)
                return excerpt((const char *) name, buffer);
        snprintf(whole, sizeof(whole), "%.60s:%.60s", (const char *) ns->prefix,
                 (const char *) name);
        snprintf(buffer, 68, "%.67s", whole);
        return buffer;
}

static int report_element(const xmlNode *node, Error *err)
{
        char a[68], b[68];
        bool again = false;

        for (const xmlNode *n = node->prev; n; n = n->prev)
                again |= n->type == XML_ELEMENT_NODE && is_marked(n, MARK_SEEN) &&
                         xmlStrEqual(n->name, node->name);
        return error_set(err, ERROR_XML_INVALID,
                         again ? "element <%s> appears twice in <%s>, line %ld"
                               : "unsupported element <%s> in <%s>, line %ld",
                         full_name(node->ns, node->name, a),
                         full_name(node->parent->ns, node->parent->name, b), xmlGetLineNo(node));
}

/* Reports the first thing that no field asked for. */
static int report_rest(const xmlNode *node, Error *err)
{
        char a[68], b[68];

        if (is_marked(node, MARK_ALL))
                return 0;
        for (const xmlAttr *at = node->properties; at; at = at->next)
                if (!is_marked(at, MARK_SEEN))
                        return error_set(err, ERROR_XML_INVALID,
                                         "unsupported attribute '%s' of <%s>, line %ld",
                                         full_name(at->ns, at->name, a),
                                         full_name(node->ns, node->name, b), xmlGetLineNo(node));
        for (const xmlNode *n = node->children; n; n = n->next) {
                int r = 0;
                if (n->type == XML_ELEMENT_NODE)
                        r = is_marked(n, MARK_SEEN) ? report_rest(n, err) : report_element(n, err);
                else if (n->type == XML_ENTITY_REF_NODE ||
                         ((n->type == XML_TEXT_NODE || n->type == XML_CDATA_SECTION_NODE) &&
                          !is_marked(node, MARK_TEXT) && !xmlIsBlankNode(n)))
                        r = error_set(err, ERROR_XML_INVALID, "unsupported text in <%s>, line %ld",
                                      full_name(node->ns, node->name, a), xmlGetLineNo(n));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int read_document(const SchemaDocument *document, xmlNode *root, void *value, Error *err)
{
        char name[68];
        Place place = {.node = root, .name = document->root, .err = err};

        if (root->ns)
                return error_set(err, ERROR_XML_INVALID,
                                 "unexpected name space of root element <%s>",
                                 excerpt((const char *) root->name, name));
        if (!is_element(root, document->root))
                return error_set(err, ERROR_XML_INVALID,
                                 "unexpected root element <%s>, expecting <%s>",
                                 excerpt((const char *) root->name, name), document->root);
        schema_init(document->schema, value);
        int r = read_struct(document->schema, value, &place);
        if (r == 0)
                r = report_rest(root, err);
        if (r < 0)
                schema_done(document->schema, value);
        return r;
}

int schema_from_xml(const SchemaDocument *document, const char *xml, size_t len, void *ret,
                    Error *err)
{
        xmlDoc *doc = NULL;

        if (len > document->max)
                return error_set(err, ERROR_XML_INVALID,
                                 "document of %zu bytes, at most %zu are read", len, document->max);
        int r = schema_xml_parse(document->what, xml, len, &doc, err);
        if (r < 0)
                return r;
        _cleanup_(free_ptr) void *value = xcalloc(1, document->schema->size);
        r = read_document(document, xmlDocGetRootElement(doc), value, err);
        xmlFreeDoc(doc);
        if (r == 0)
                memcpy(ret, value, document->schema->size);
        return r;
}

bool schema_xml_is_content(const char *text)
{
        _cleanup_(free_ptr) char *whole = xasprintf("<content>%s</content>", text);
        xmlDoc *doc = NULL;

        if (schema_xml_parse("content", whole, strlen(whole), &doc, NULL) < 0)
                return false;
        xmlFreeDoc(doc);
        return true;
}
