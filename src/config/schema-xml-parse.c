/* The parser, with what it must not do: expand entities, fetch anything, or take long. */
#include "config/schema-xml-parse.h"

#include "base/str.h"

#include <libxml/parser.h>
#include <limits.h>

enum {
        TAGS_MAX = 131072,     /* in one document; an element may have two */
        ATTRIBUTES_MAX = 512,  /* of one element */
        NAME_SPACES_MAX = 512, /* declarations in one document */

        PARSE_OPTIONS =
                XML_PARSE_NONET | XML_PARSE_BIG_LINES | XML_PARSE_NOWARNING | XML_PARSE_IGNORE_ENC,
};

/* What the parser found; in ctxt->_private. */
typedef struct Finding {
        const char *what;
        Error *err;
        bool set;
} Finding;

static void found_error(void *data, xmlError *e)
{
        xmlParserCtxt *ctxt = data;
        Finding *finding = ctxt->_private;
        _cleanup_(free_ptr) char *text = NULL;

        if (finding->set || e->level != XML_ERR_FATAL)
                return;
        finding->set = true;
        text = xstrdup(e->message ? e->message : "not well formed");
        text[strcspn(text, "\n")] = '\0';
        error_set(finding->err, ERROR_XML_SYNTAX, "%s:%d: %s", finding->what, e->line, text);
}

static void found_doctype(void *data, const xmlChar *name _unused_,
                          const xmlChar *public_id _unused_, const xmlChar *system_id _unused_)
{
        xmlParserCtxt *ctxt = data;
        Finding *finding = ctxt->_private;

        if (!finding->set)
                error_set(finding->err, ERROR_XML_INVALID,
                          "unsupported document type declaration, line %d", ctxt->input->line);
        finding->set = true;
        xmlStopParser(ctxt);
}

/* The last character of a comment, a CDATA section or a processing instruction that begins at p;
 * NULL where none begins. */
static const char *skip_special(const char *p, const char *end)
{
        static const char *const pairs[][2] = {{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}};

        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                size_t n = strlen(pairs[i][0]), k = strlen(pairs[i][1]);
                if ((size_t) (end - p) < n || memcmp(p, pairs[i][0], n) != 0)
                        continue;
                const char *close = memmem(p + n, (size_t) (end - p) - n, pairs[i][1], k);
                return close ? close + k - 1 : end - 1;
        }
        return NULL;
}

/* The parser compares every attribute of an element with every other, and looks through every name
 * space in scope; every field looks at every child: all three are bounded here, before the parser
 * sees the text. Returns the offset of the first excess, or -1. */
static long find_excess(const char *xml, size_t len)
{
        const char *end = xml + len, *p = xml;
        size_t tags = 0, spaces = 0, attributes = 0;
        char quote = 0;
        bool tag = false;

        for (; p < end; p++) {
                if (!tag && *p == '<') {
                        const char *close = skip_special(p, end);
                        p = close ? close : p;
                        tag = !close;
                        tags++;
                        attributes = 0;
                } else if (tag && quote) {
                        if (*p == quote)
                                quote = 0;
                } else if (tag && (*p == '\'' || *p == '"')) {
                        quote = *p;
                        attributes++;
                } else if (tag && *p == '>') {
                        tag = false;
                } else if (tag && *p == 'x' && end - p > 5 && !memcmp(p, "xmlns", 5)) {
                        spaces++;
                }
                if (tags > TAGS_MAX || attributes > ATTRIBUTES_MAX || spaces > NAME_SPACES_MAX)
                        return p - xml;
        }
        return -1;
}

int schema_xml_parse(const char *what, const char *xml, size_t len, xmlDoc **ret, Error *err)
{
        Finding finding = {.what = what, .err = err};

        if (len == 0) /* xml may be NULL then */
                return error_set(err, ERROR_XML_SYNTAX, "%s:1: Document is empty", what);
        if (len > INT_MAX)
                return error_set(err, ERROR_XML_INVALID, "%s is too long", what);
        if (memchr(xml, '\0', len))
                return error_set(err, ERROR_XML_SYNTAX, "%s:1: a NUL character", what);
        long excess = find_excess(xml, len);
        if (excess >= 0) {
                long line = 1;
                for (long i = 0; i < excess; i++)
                        line += xml[i] == '\n';
                return error_set(err, ERROR_XML_INVALID,
                                 "too many elements, attributes or name spaces, line %ld", line);
        }
        xmlParserCtxt *ctxt = xmlNewParserCtxt();
        if (!ctxt)
                return error_set(err, ERROR_INTERNAL, "no XML parser");
        ctxt->_private = &finding;
        ctxt->sax->serror = (xmlStructuredErrorFunc) found_error;
        ctxt->sax->internalSubset = found_doctype;
        xmlDoc *doc = xmlCtxtReadMemory(ctxt, xml, (int) len, NULL, NULL, PARSE_OPTIONS);
        xmlFreeParserCtxt(ctxt);
        if (doc && !finding.set) {
                *ret = doc;
                return 0;
        }
        xmlFreeDoc(doc);
        if (!finding.set)
                return error_set(err, ERROR_XML_SYNTAX, "%s:1: not well formed", what);
        return -(int) (err ? err->code : ERROR_XML_SYNTAX);
}
