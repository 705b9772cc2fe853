/* One program's part of <metadata>: the element of its name space. */
#include "config/config.h"

#include "base/str.h"
#include "config/schema-xml-parse.h"

enum {
        METADATA_MAX = 262144, /* as domain.schema has it */
};

/* Callers know the name space; what they get is written without it. */
static void strip_space(xmlNode *node, const xmlChar *uri)
{
        for (; node; node = node->next) {
                if (node->type != XML_ELEMENT_NODE)
                        continue;
                if (node->ns && xmlStrEqual(node->ns->href, uri))
                        node->ns = NULL;
                for (xmlAttr *a = node->properties; a; a = a->next)
                        if (a->ns && xmlStrEqual(a->ns->href, uri))
                                a->ns = NULL;
                strip_space(node->children, uri);
        }
}

static void drop_declarations(xmlNode *node, const xmlChar *uri)
{
        for (xmlNs **at = &node->nsDef; *at;) {
                xmlNs *ns = *at;

                if (!xmlStrEqual(ns->href, uri)) {
                        at = &ns->next;
                        continue;
                }
                *at = ns->next;
                xmlFreeNs(ns);
        }
}

static char *node_text(xmlDoc *doc, xmlNode *node)
{
        xmlBuffer *buffer = xmlBufferCreate();
        char *text = NULL;

        if (buffer && xmlNodeDump(buffer, doc, node, 0, 0) >= 0)
                text = xstrdup((const char *) xmlBufferContent(buffer));
        if (buffer)
                xmlBufferFree(buffer);
        return text;
}

char *domain_config_metadata(const DomainConfig *config, const char *uri)
{
        _cleanup_(free_ptr) char *whole = NULL;
        const xmlChar *wanted = (const xmlChar *) uri;
        char *text = NULL;
        xmlNode *node;
        xmlDoc *doc;

        if (!config->metadata)
                return NULL;
        whole = xasprintf("<metadata>%s</metadata>", config->metadata);
        if (schema_xml_parse("metadata", whole, strlen(whole), &doc, NULL) < 0)
                return NULL;
        for (node = xmlDocGetRootElement(doc)->children; node; node = node->next)
                if (node->type == XML_ELEMENT_NODE && node->ns &&
                    xmlStrEqual(node->ns->href, wanted))
                        break;
        if (node) {
                xmlNode *rest = node->next;

                node->next = NULL; /* the siblings keep their names */
                strip_space(node, wanted);
                node->next = rest;
                drop_declarations(node, wanted);
                text = node_text(doc, node);
        }
        xmlFreeDoc(doc);
        return text;
}

/* --- change --- */

/* Everything inside the root but the element of that name space, as text. */
static void add_others(xmlDoc *doc, const xmlChar *uri, Str *out)
{
        for (xmlNode *node = xmlDocGetRootElement(doc)->children; node; node = node->next) {
                _cleanup_(free_ptr) char *text = NULL;

                if (node->type == XML_ELEMENT_NODE && node->ns && xmlStrEqual(node->ns->href, uri))
                        continue;
                text = node_text(doc, node);
                str_add(out, text ? text : "");
        }
}

/* Elements without a name space get it, as they are written without it. */
static void give_space(xmlNode *node, xmlNs *ns)
{
        for (; node; node = node->next)
                if (node->type == XML_ELEMENT_NODE && !node->ns) {
                        xmlSetNs(node, ns);
                        give_space(node->children, ns);
                }
}

/* The element with its name space, as text; the caller's. */
static int element_text(const char *uri, const char *key, const char *xml, char **ret, Error *err)
{
        xmlDoc *doc;
        xmlNode *root;
        xmlNs *ns;
        int r = schema_xml_parse("(metadata_xml)", xml, strlen(xml), &doc, err);

        if (r < 0)
                return r;
        root = xmlDocGetRootElement(doc);
        ns = xmlNewNs(root, (const xmlChar *) uri, (const xmlChar *) key);
        if (!ns) {
                r = error_set(err, ERROR_XML_INVALID, "the prefix '%.64s' is taken in the metadata",
                              key);
        } else {
                root->ns = NULL;
                xmlSetNs(root, ns);
                give_space(root->children, ns);
                *ret = node_text(doc, root);
        }
        xmlFreeDoc(doc);
        return r;
}

int domain_config_set_metadata(DomainConfig *config, const char *uri, const char *key,
                               const char *xml, Error *err)
{
        _cleanup_(free_ptr) char *element = NULL;
        _cleanup_(str_done) Str out = {};
        int r = xml ? element_text(uri, key, xml, &element, err) : 0;

        if (r < 0)
                return r;
        if (config->metadata) {
                _cleanup_(free_ptr) char *whole =
                        xasprintf("<metadata>%s</metadata>", config->metadata);
                xmlDoc *doc;

                r = schema_xml_parse("metadata", whole, strlen(whole), &doc, err);
                if (r < 0)
                        return r;
                add_others(doc, (const xmlChar *) uri, &out);
                xmlFreeDoc(doc);
        }
        if (element)
                str_add(&out, element);
        if (out.len > METADATA_MAX)
                return error_set(err, ERROR_INVALID_ARGUMENT, "metadata is longer than %d bytes",
                                 METADATA_MAX);
        free(config->metadata);
        config->metadata = out.len ? str_take(&out) : NULL;
        return 0;
}
