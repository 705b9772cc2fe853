#include "config/schema-text.h"

#include "base/uuid.h"
#include "config/mac.h"
#include "config/schema-walk.h"

#include <errno.h>
#include <inttypes.h>
#include <strings.h>

static bool bool_parse(const SchemaField *f, const char *text, bool *ret, Str *expected)
{
        bool onoff = f->form == FORM_ONOFF || f->form == FORM_STATE;
        const char *yes = onoff ? "on" : "yes", *no = onoff ? "off" : "no";

        if (!str_eq(text, yes) && !str_eq(text, no)) {
                str_addf(expected, "%s or %s", yes, no);
                return false;
        }
        *ret = str_eq(text, yes);
        return true;
}

/* As C writes numbers: 0x for hexadecimal, a leading 0 for octal. */
static bool based_parse(const char *text, uint64_t *ret)
{
        char *end;

        if (*text < '0' || *text > '9')
                return false;
        errno = 0;
        *ret = strtoull(text, &end, 0);
        return !errno && !*end;
}

static bool number_parse(const SchemaField *f, const char *text, void *at, Str *expected)
{
        uint64_t u = 0;
        int64_t n = 0;
        bool ok;

        if (f->form == FORM_HEX)
                ok = based_parse(text, &u) && u <= INT64_MAX;
        else if (f->kind == KIND_I64)
                ok = str_to_i64(text, &n);
        else
                ok = str_to_u64(text, &u) && u <= INT64_MAX;
        if (f->kind != KIND_I64)
                n = (int64_t) u;
        if (!ok || n < f->min || (n > 0 && (uint64_t) n > f->max)) {
                str_addf(expected, "a number between %" PRId64 " and %" PRIu64, f->min, f->max);
                return false;
        }
        number_set(f->kind, at, n);
        return true;
}

static bool enum_parse(const SchemaEnum *e, const char *text, int *ret, Str *expected)
{
        if (schema_enum_parse(e, text, ret))
                return true;
        for (size_t i = 1; i < e->n; i++)
                str_addf(expected, "%s%s",
                         i == 1          ? ""
                         : i + 1 == e->n ? " or "
                                         : ", ",
                         e->texts[i]);
        return false;
}

bool scalar_parse(const SchemaField *f, const char *text, void *at, Str *expected)
{
        switch (f->kind) {
        case KIND_STR:
        case KIND_XML:
                if (strlen(text) > f->max) {
                        str_addf(expected, "at most %" PRIu64 " bytes", f->max);
                        return false;
                }
                *(char **) at = xstrdup(text);
                return true;
        case KIND_BOOL:
                return bool_parse(f, text, at, expected);
        case KIND_ENUM:
                return enum_parse(f->choices, text, at, expected);
        case KIND_UUID:
                str_add(expected, "a UUID");
                return uuid_parse(text, at);
        case KIND_MAC:
                str_add(expected, "a MAC address");
                return mac_parse(text, at);
        default:
                return number_parse(f, text, at, expected);
        }
}

char *scalar_format(const SchemaField *f, const void *at)
{
        switch (f->kind) {
        case KIND_STR:
        case KIND_XML:
                return xstrdup(*(char *const *) at);
        case KIND_BOOL:
                if (f->form == FORM_ONOFF || f->form == FORM_STATE)
                        return xstrdup(*(const bool *) at ? "on" : "off");
                return xstrdup(*(const bool *) at ? "yes" : "no");
        case KIND_ENUM:
                return xstrdup(schema_enum_text(f->choices, *(const int *) at));
        case KIND_UUID:
                return xstrdup(UUID_TEXT((const Uuid *) at));
        case KIND_MAC:
                return xstrdup(mac_format(at, (char[MAC_TEXT_SIZE]){}));
        default:
                if (f->form == FORM_HEX)
                        return xasprintf("0x%0*" PRIx64, (int) f->width, number_get(f->kind, at));
                return xasprintf("%" PRId64, number_get(f->kind, at));
        }
}

/* The bytes that a unit stands for, 0 for a word that is none. */
static uint64_t unit_bytes(const char *unit)
{
        static const char letters[] = "kmgtpe";
        uint64_t base, bytes = 1;

        if (!strcasecmp(unit, "b") || !strcasecmp(unit, "byte") || !strcasecmp(unit, "bytes"))
                return 1;
        const char *letter = *unit ? strchr(letters, *unit | 0x20) : NULL;
        if (!letter)
                return 0;
        if (!unit[1] || !strcasecmp(unit + 1, "ib"))
                base = 1024;
        else if (!strcasecmp(unit + 1, "b"))
                base = 1000;
        else
                return 0;
        for (const char *l = letters; l <= letter; l++)
                bytes *= base;
        return bytes;
}

bool size_parse(const char *text, const char *unit, uint64_t *ret_kib, Str *expected)
{
        uint64_t scale = unit ? unit_bytes(unit) : 1024, n, bytes;

        if (!scale) {
                str_add(expected, "a unit as bytes, KiB, MiB, GiB or TiB");
                return false;
        }
        if (!str_to_u64(text, &n)) {
                str_add(expected, "a whole number");
                return false;
        }
        if (__builtin_mul_overflow(n, scale, &bytes)) {
                str_add(expected, "a size below 16 EiB");
                return false;
        }
        *ret_kib = bytes / 1024 + (bytes % 1024 != 0);
        return true;
}
