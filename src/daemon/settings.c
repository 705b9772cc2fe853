#include "daemon/settings.h"

#include "base/fd.h"
#include "base/str.h"

#include <assert.h>
#include <ctype.h>

#define SETTING_KINDS(X)                                                                           \
        X(TEXT, "text")                                                                            \
        X(FILTERS, "filters")                                                                      \
        X(MODE, "octal mode") X(COUNT, "number") X(SECONDS, "seconds") X(SIZE, "bytes")            \
                X(SWITCH, "yes or no") X(LEVEL, "level")

typedef enum Kind {
#define X(name, text) KIND_##name,
        SETTING_KINDS(X)
#undef X
} Kind;

static const char *const kind_texts[] = {
#define X(name, text) [KIND_##name] = text,
        SETTING_KINDS(X)
#undef X
};

typedef struct Setting {
        const char *name;
        Kind kind;
        size_t offset;
        const char *start;
        uint64_t least, most;
        const char *text;
} Setting;

static const Setting table[] = {
#define X(field, kind, start, least, most, text)                                                   \
        {#field, KIND_##kind, offsetof(Settings, field), start, least, most, text},
        SETTINGS(X)
#undef X
};
static_assert(ELEMENTSOF(table) <= 64, "Settings.given has a bit for each key");

enum {
        FILE_BYTES = 1 << 20,
};

static const Setting *find(const char *name)
{
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (str_eq(table[i].name, name))
                        return &table[i];
        return NULL;
}

static uint64_t bit(const Setting *key)
{
        return UINT64_C(1) << (key - table);
}

static bool is_text(const Setting *key)
{
        return key->kind == KIND_TEXT || key->kind == KIND_FILTERS;
}

/* --- values --- */

static int bad(const Setting *key, const char *value, Error *err)
{
        switch (key->kind) {
        case KIND_MODE:
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "%s: '%s' is not an octal mode from %llo to %llo", key->name,
                                 value, (unsigned long long) key->least,
                                 (unsigned long long) key->most);
        case KIND_SWITCH:
                return error_set(err, ERROR_INVALID_ARGUMENT, "%s: '%s' is not yes or no",
                                 key->name, value);
        case KIND_LEVEL:
                return error_set(err, ERROR_INVALID_ARGUMENT, "%s: '%s' is not a level", key->name,
                                 value);
        case KIND_TEXT:
                return error_set(err, ERROR_INVALID_ARGUMENT, "%s: longer than %llu bytes",
                                 key->name, (unsigned long long) key->most);
        default:
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "%s: '%s' is not a number (%s) from %llu to %llu", key->name,
                                 value, kind_texts[key->kind], (unsigned long long) key->least,
                                 (unsigned long long) key->most);
        }
}

static bool parse_size(const char *value, uint64_t *ret)
{
        static const char units[] = "KMG";
        size_t len = strlen(value);
        const char *unit = len ? strchr(units, value[len - 1]) : NULL;
        _cleanup_(free_ptr) char *digits = xstrndup(value, unit ? len - 1 : len);
        unsigned shift = unit ? 10 * (unsigned) (unit - units + 1) : 0;
        uint64_t number;

        if (!str_to_u64(digits, &number) || number > UINT64_MAX >> shift)
                return false;
        *ret = number << shift;
        return true;
}

static bool parse_octal(const char *value, uint64_t *ret)
{
        uint64_t mode = 0;

        for (const char *p = value; *p; p++) {
                if (*p < '0' || *p > '7' || p - value >= 8)
                        return false;
                mode = mode * 8 + (uint64_t) (*p - '0');
        }
        *ret = mode;
        return *value != '\0';
}

static bool parse_number(const Setting *key, const char *value, uint64_t *ret)
{
        LogLevel level;

        switch (key->kind) {
        case KIND_MODE:
                return parse_octal(value, ret);
        case KIND_SIZE:
                return parse_size(value, ret);
        case KIND_SWITCH:
                *ret = str_eq(value, "yes");
                return *ret || str_eq(value, "no");
        case KIND_LEVEL:
                *ret = log_level_parse(value, &level) ? level : 0;
                return log_level_parse(value, &level);
        default:
                return str_to_u64(value, ret);
        }
}

typedef bool FilterFn(const char *area, LogLevel level);

/* Any level at all, for an area that there is. */
static bool area_is_known(const char *area, LogLevel level)
{
#define X(name)                                                                                    \
        if (str_eq(area, name))                                                                    \
                return true;
        LOG_AREAS(X)
#undef X
        (void) level;
        return false;
}

/* Calls `each` for the "area:level" words of a text. */
static int each_filter(const char *text, FilterFn *each, Error *err)
{
        _cleanup_(free_ptr) char *copy = xstrdup(text);
        char *rest = NULL;

        for (char *word = strtok_r(copy, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
                char *colon = strchr(word, ':');
                LogLevel level;

                if (!colon || !log_level_parse(colon + 1, &level))
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "log_filters: '%s' is not AREA:LEVEL", word);
                *colon = '\0';
                if (!each(word, level))
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "log_filters: there is no area '%s'", word);
        }
        return 0;
}

static int set(Settings *settings, const Setting *key, const char *value, Error *err)
{
        void *field = (char *) settings + key->offset;
        uint64_t number;

        if (is_text(key)) {
                if (strlen(value) > key->most)
                        return bad(key, value, err);
                if (key->kind == KIND_FILTERS && each_filter(value, area_is_known, err) < 0)
                        return -ERROR_INVALID_ARGUMENT;
                free(*(char **) field);
                *(char **) field = xstrdup(value);
                return 0;
        }
        if (!parse_number(key, value, &number))
                return bad(key, value, err);
        if (key->kind != KIND_LEVEL && key->kind != KIND_SWITCH &&
            (number < key->least || number > key->most))
                return bad(key, value, err);
        *(uint64_t *) field = number;
        return 0;
}

void settings_init(Settings *settings)
{
        *settings = (Settings){};
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                int r = set(settings, &table[i], table[i].start, NULL);

                assert(r == 0);
                (void) r;
        }
}

void settings_done(Settings *settings)
{
        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (is_text(&table[i]))
                        free(*(char **) ((char *) settings + table[i].offset));
        *settings = (Settings){};
}

bool settings_given(const Settings *settings, const char *key)
{
        const Setting *found = find(key);

        assert(found);
        return settings->given & bit(found);
}

/* --- lines --- */

static char *trim(char *text)
{
        char *end = text + strlen(text);

        while (end > text && isspace((unsigned char) end[-1]))
                *--end = '\0';
        while (isspace((unsigned char) *text))
                text++;
        return text;
}

/* The value without its quotes, or without the comment behind it. NULL: the quotes do not close. */
static char *unquote(char *value)
{
        char *end;

        if (*value != '"') {
                value[strcspn(value, "#")] = '\0';
                return trim(value);
        }
        end = strchr(++value, '"');
        if (!end)
                return NULL;
        *end = '\0';
        end = trim(end + 1);
        return *end == '\0' || *end == '#' ? value : NULL;
}

/* Splits "key = value"; both lie in `line`. */
static int split(char *line, const Setting **ret_key, char **ret_value, Error *err)
{
        char *equals = strchr(line, '=');

        if (!equals)
                return error_set(err, ERROR_INVALID_ARGUMENT, "'%s' is not KEY = VALUE", line);
        *equals = '\0';
        char *name = trim(line);
        *ret_key = find(name);
        if (!*ret_key)
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown key '%s'", name);
        *ret_value = unquote(trim(equals + 1));
        if (!*ret_value)
                return error_set(err, ERROR_INVALID_ARGUMENT, "%s: quotes are not closed", name);
        return 0;
}

/* `lines` tells where each key was set, 0 for not yet. */
static int read_line(Settings *settings, char *line, unsigned number, unsigned *lines, Error *err)
{
        const Setting *key;
        char *value;
        int r;

        line = trim(line);
        if (*line == '\0' || *line == '#')
                return 0;
        r = split(line, &key, &value, err);
        if (r < 0)
                return r;
        if (lines[key - table])
                return error_set(err, ERROR_INVALID_ARGUMENT, "%s: was set in line %u already",
                                 key->name, lines[key - table]);
        lines[key - table] = number;
        r = set(settings, key, value, err);
        if (r >= 0)
                settings->given |= bit(key);
        return r;
}

int settings_read(Settings *settings, const char *path, Error *err)
{
        _cleanup_(free_ptr) char *text = NULL;
        unsigned lines[ELEMENTSOF(table)] = {}, number = 0;
        size_t len;
        int r = file_read(path, FILE_BYTES, &text, &len, err);

        if (r < 0)
                return r;
        for (char *line = text, *next; line && line < text + len; line = next) {
                char *end = memchr(line, '\n', (size_t) (text + len - line));

                next = end ? end + 1 : NULL;
                end = end ? end : text + len;
                *end = '\0';
                number++;
                if (strlen(line) != (size_t) (end - line))
                        r = error_set(err, ERROR_INVALID_ARGUMENT, "a zero byte");
                else
                        r = read_line(settings, line, number, lines, err);
                if (r < 0)
                        return error_prefix(err, "%s:%u", path, number);
        }
        return 0;
}

int settings_override(Settings *settings, const char *assignment, Error *err)
{
        _cleanup_(free_ptr) char *copy = xstrdup(assignment);
        const Setting *key;
        char *value;
        int r = split(copy, &key, &value, err);

        if (r >= 0)
                r = set(settings, key, value, err);
        if (r >= 0)
                settings->given |= bit(key);
        return r;
}

void settings_apply_log(const Settings *settings)
{
        log_set_level((LogLevel) settings->log_level);
        log_reset_areas();
        (void) each_filter(settings->log_filters, log_set_area_level, NULL); /* was checked */
}

/* --- texts --- */

char *settings_help(void)
{
        Str out = {};

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                str_addf(&out, "  %-25s %s%s%s\n", table[i].name, kind_texts[table[i].kind],
                         *table[i].start ? ", " : "", table[i].start);
        return str_take(&out);
}

/* Text of a roff page: a backslash, and a dash that is meant as one. */
static void add_roff(Str *out, const char *text)
{
        for (; *text; text++)
                if (*text == '-' || *text == '\\')
                        str_addf(out, "\\%c", *text == '\\' ? 'e' : '-');
                else
                        str_addc(out, *text);
}

char *settings_manual(void)
{
        Str out = {};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Setting *key = &table[i];

                str_addf(&out, ".TP\n.BI %s \" = \" \"%s\"\n", key->name, kind_texts[key->kind]);
                add_roff(&out, key->text);
                if (*key->start)
                        str_addf(&out, "\nThe default is %s.\n", key->start);
                else
                        str_add(&out, "\nThe default is empty.\n");
        }
        return str_take(&out);
}
