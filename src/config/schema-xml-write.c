/* Structs to XML: a tree of elements is built by the table, then written out. */
#include "config/schema-xml.h"

#include "base/str.h"
#include "config/schema-text.h"
#include "config/schema-walk.h"

typedef struct Element {
        const char *name;
        Str attributes; /* as they are written */
        char *text;     /* escaped, or NULL */
        VEC(struct Element *) children;
} Element;

static Element *element_free(Element *e)
{
        for (size_t i = 0; i < e->children.len; i++)
                element_free(e->children.items[i]);
        vec_done(&e->children);
        str_done(&e->attributes);
        free(e->text);
        free(e);
        return NULL;
}

static Element *element_add(Element *parent, const char *name)
{
        Element *e = xnew0(Element, 1);

        e->name = name;
        *vec_push(&parent->children) = e;
        return e;
}

/* The last child of that name, or a new one: fields share the elements on their way. */
static Element *element_need(Element *parent, const char *name)
{
        for (size_t i = parent->children.len; i-- > 0;)
                if (str_eq(parent->children.items[i]->name, name))
                        return parent->children.items[i];
        return element_add(parent, name);
}

static bool element_is_empty(const Element *e)
{
        return !e->children.len && !e->attributes.len && !e->text;
}

/* Bytes of the UTF-8 character at p that XML can hold; 0 where there is none. */
static size_t character_length(const unsigned char *p)
{
        size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        uint32_t c = n == 1 ? p[0] : p[0] & (0xff >> (n + 1));

        if (!n || p[0] > 0xf4)
                return 0;
        for (size_t i = 1; i < n; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3f);
        }
        if (c < 0x20)
                return c == '\t' || c == '\n' || c == '\r';
        bool overlong = (n == 3 && c < 0x800) || (n == 4 && c < 0x10000);
        bool surrogate = c >= 0xd800 && c < 0xe000;
        return overlong || surrogate || c > 0x10ffff || (c & 0xfffe) == 0xfffe ? 0 : n;
}

static void add_escaped(Str *out, const char *text, bool attribute)
{
        const char *p = text;

        while (*p) {
                size_t n = character_length((const unsigned char *) p);
                const char *special = strchr("&<>'\"", *p);

                if (n == 0)
                        str_addc(out, '?');
                else if (special)
                        str_add(out, *p == '&'    ? "&amp;"
                                     : *p == '<'  ? "&lt;"
                                     : *p == '>'  ? "&gt;"
                                     : *p == '\'' ? "&apos;"
                                                  : "&quot;");
                else if (*p == '\r' || (attribute && (*p == '\n' || *p == '\t')))
                        str_addf(out, "&#%d;", *p);
                else
                        str_addn(out, p, n);
                p += n ? n : 1;
        }
}

static void set_attribute(Element *e, const char *name, const char *value)
{
        str_addf(&e->attributes, " %s='", name);
        add_escaped(&e->attributes, value, true);
        str_addc(&e->attributes, '\'');
}

static void write_struct(const Schema *schema, const void *value, Element *e, unsigned flags);

static void write_scalar(const SchemaField *f, const void *at, Element *e)
{
        if (f->form == FORM_PRESENCE)
                return;
        _cleanup_(free_ptr) char *text = scalar_format(f, at);
        if (f->form == FORM_STATE) {
                set_attribute(e, "state", text);
        } else if (f->attribute) {
                set_attribute(e, f->attribute, text);
                if (f->kind == KIND_KIB)
                        set_attribute(e, "unit", "KiB");
        } else {
                _cleanup_(str_done) Str escaped = {};
                if (f->kind == KIND_KIB)
                        set_attribute(e, "unit", "KiB");
                if (f->kind == KIND_XML)
                        str_add(&escaped, text);
                else
                        add_escaped(&escaped, text, false);
                e->text = str_take(&escaped);
        }
}

static void write_one(const SchemaField *f, const Schema *schema, const void *at, Element *e,
                      unsigned flags)
{
        if (schema)
                write_struct(schema, at, e, flags);
        else if (!field_is_composite(f))
                write_scalar(f, at, e);
}

/* Whether the XML says it: as field_is_set(), but for a truth in an attribute, which is always
 * said. */
static bool is_said(const SchemaField *f, const void *value)
{
        bool attribute = f->form == FORM_PLAIN || f->form == FORM_ONOFF;

        if (f->kind == KIND_BOOL && !(f->flags & (FIELD_OPTIONAL | FIELD_LIST)) && attribute)
                return true;
        return field_is_set(f, value);
}

static void write_field(const SchemaField *f, const void *value, Element *e, unsigned flags)
{
        const Schema *schema = field_is_composite(f) ? field_schema(f, value) : NULL;
        const void *at = field_at(f, value);

        if (!f->in_xml || !is_said(f, value) ||
            ((f->flags & FIELD_SECRET) && !(flags & SCHEMA_XML_SECRETS)))
                return;
        for (const char *const *name = f->wrap; name && *name; name++)
                e = element_need(e, *name);
        if (f->flags & FIELD_LIST) {
                const AnyVec *v = at;
                for (size_t i = 0; i < v->len; i++)
                        write_one(f, schema, vec_at(v, field_size(f), i),
                                  element_add(e, f->element), flags);
                return;
        }
        Element *own = f->element ? element_need(e, f->element) : e;
        write_one(f, schema, field_is_pointer(f) ? *(void *const *) at : at, own, flags);
        if (own != e && element_is_empty(own) && field_is_composite(f) && !field_is_pointer(f)) {
                element_free(own);
                e->children.len--;
        }
}

static void write_struct(const Schema *schema, const void *value, Element *e, unsigned flags)
{
        for (size_t i = 0; i < schema->n; i++)
                write_field(&schema->fields[i], value, e, flags);
}

static void print(const Element *e, int depth, Str *out)
{
        str_addf(out, "%*s<%s", 2 * depth, "", e->name);
        if (e->attributes.len > 0)
                str_add(out, e->attributes.text);
        if (e->text)
                str_addf(out, ">%s</%s>\n", e->text, e->name);
        else if (!e->children.len)
                str_add(out, "/>\n");
        else {
                str_add(out, ">\n");
                for (size_t i = 0; i < e->children.len; i++)
                        print(e->children.items[i], depth + 1, out);
                str_addf(out, "%*s</%s>\n", 2 * depth, "", e->name);
        }
}

char *schema_to_xml(const SchemaDocument *document, const void *value, unsigned flags)
{
        Element *root = xnew0(Element, 1);
        Str out = {};

        root->name = document->root;
        write_struct(document->schema, value, root, flags);
        print(root, 0, &out);
        element_free(root);
        return str_take(&out);
}
