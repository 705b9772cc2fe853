/* One program's part of <metadata>: the element of its name space. */
#include "config/config.h"

#include "base/str.h"
#include "config/schema-xml-parse.h"

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
