/* Every document in xml/, client/, argv/ and bad/ against what stands beside it.
 *
 *   xml/NAME.xml      read, and compared with NAME.json; brought back from JSON and from XML; then
 *                     finished, and compared with NAME.finished.xml, read and finished again
 *   client/NAME.xml   the same, for what virt-install 4.1 and virt-manager write
 *   argv/NAME.xml     brought back from JSON and from XML, before and after it is finished
 *   bad/NAME.xml      refused, with the code and the message in NAME.err
 *
 * `OSTLER_GOLDEN=update` writes the expectations anew; look at the difference before keeping it. */
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "config/config.h"

#include <dirent.h>
#include <jansson.h>
#include <stdio.h>

enum {
        FILE_MAX = 8 * 1024 * 1024,
};

static bool update;
static unsigned tests, failed;

/* Prints the first line that differs. */
static bool expect(const char *path, const char *text, Str *why)
{
        _cleanup_(error_done) Error err = {};
        _cleanup_(free_ptr) char *expected = NULL;
        size_t len, line = 1;

        if (update)
                return file_write_atomic(path, text, strlen(text), 0644, &err) == 0;
        if (file_read(path, FILE_MAX, &expected, &len, &err) < 0) {
                str_addf(why, "%s", error_text(&err));
                return false;
        }
        if (str_eq(expected, text))
                return true;
        const char *a = expected, *b = text;
        while (*a && strcspn(a, "\n") == strcspn(b, "\n") && !strncmp(a, b, strcspn(a, "\n"))) {
                a += strcspn(a, "\n") + 1;
                b += strcspn(b, "\n") + 1;
                line++;
        }
        str_addf(why, "%s, line %zu: expected '%.*s', got '%.*s'", path, line,
                 (int) strcspn(a, "\n"), a, (int) strcspn(b, "\n"), b);
        return false;
}

static char *sibling(const char *path, const char *suffix)
{
        return xasprintf("%.*s%s", (int) (strlen(path) - strlen(".xml")), path, suffix);
}

static char *indented(const DomainConfig *config)
{
        _cleanup_(free_ptr) char *line = domain_config_to_json(config);
        json_t *json = json_loads(line, 0, NULL);
        _cleanup_(free_ptr) char *text = json_dumps(json, JSON_INDENT(2));

        json_decref(json);
        return xasprintf("%s\n", text);
}

/* What would be chosen by chance is the same each time. */
static void settle(DomainConfig *config)
{
        if (uuid_is_null(&config->uuid))
                uuid_parse("00000000-1111-2222-3333-444444444444", &config->uuid);
        for (size_t i = 0; i < config->interfaces.len; i++)
                if (mac_is_null(&config->interfaces.items[i].mac))
                        config->interfaces.items[i].mac =
                                (Mac){{0x52, 0x54, 0, 0, 0, (uint8_t) (i + 1)}};
}

static bool same(const DomainConfig *a, const DomainConfig *b, const char *way, Str *why)
{
        if (schema_equal(&domain_config_schema, a, b))
                return true;
        str_addf(why, "not the same after %s", way);
        return false;
}

static bool check_ways(const DomainConfig *config, Str *why)
{
        _cleanup_(domain_config_freep) DomainConfig *by_json = NULL, *by_xml = NULL;
        _cleanup_(free_ptr) char *json = domain_config_to_json(config);
        _cleanup_(error_done) Error err = {};

        if (domain_config_from_json(json, &by_json, &err) < 0) {
                str_addf(why, "from JSON: %s", error_text(&err));
                return false;
        }
        _cleanup_(free_ptr) char *xml = domain_config_to_xml(by_json, -1, CONFIG_XML_SECURE);
        if (domain_config_from_xml(xml, strlen(xml), &by_xml, &err) < 0) {
                str_addf(why, "from XML: %s", error_text(&err));
                return false;
        }
        return same(config, by_json, "JSON", why) && same(config, by_xml, "JSON and XML", why);
}

static bool check_finished(const char *path, DomainConfig *config, Str *why)
{
        _cleanup_(domain_config_freep) DomainConfig *again = NULL;
        _cleanup_(free_ptr) char *file = sibling(path, ".finished.xml");
        _cleanup_(error_done) Error err = {};

        settle(config);
        if (domain_config_finish(config, &err) < 0) {
                str_addf(why, "finish: %s", error_text(&err));
                return false;
        }
        _cleanup_(free_ptr) char *xml = domain_config_to_xml(config, -1, CONFIG_XML_SECURE);
        if (!expect(file, xml, why))
                return false;
        if (domain_config_from_xml(xml, strlen(xml), &again, &err) < 0 ||
            domain_config_finish(again, &err) < 0) {
                str_addf(why, "the finished document: %s", error_text(&err));
                return false;
        }
        return same(config, again, "reading the finished document", why);
}

static bool check_good(const char *path, const char *xml, size_t len, Str *why)
{
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        _cleanup_(free_ptr) char *file = sibling(path, ".json");
        _cleanup_(error_done) Error err = {};

        if (domain_config_from_xml(xml, len, &config, &err) < 0) {
                str_addf(why, "%s", error_text(&err));
                return false;
        }
        _cleanup_(free_ptr) char *json = indented(config);
        return expect(file, json, why) && check_ways(config, why) &&
               check_finished(path, config, why);
}

/* The documents of golden-argv, whose expectation is the command line. */
static bool check_kept(const char *path, const char *xml, size_t len, Str *why)
{
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        _cleanup_(error_done) Error err = {};

        (void) path;
        if (domain_config_from_xml(xml, len, &config, &err) < 0 || !check_ways(config, why) ||
            domain_config_finish(config, &err) < 0) {
                str_addf(why, "%s", error_text(&err));
                return false;
        }
        return check_ways(config, why);
}

static bool check_bad(const char *path, const char *xml, size_t len, Str *why)
{
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        _cleanup_(free_ptr) char *file = sibling(path, ".err");
        _cleanup_(error_done) Error err = {};

        if (domain_config_from_xml(xml, len, &config, &err) == 0 &&
            domain_config_finish(config, &err) == 0) {
                str_add(why, "was accepted");
                return false;
        }
        _cleanup_(free_ptr) char *text =
                xasprintf("%s: %s\n", error_code_name(err.code), error_text(&err));
        return expect(file, text, why);
}

static int is_document(const struct dirent *entry)
{
        return str_ends(entry->d_name, ".xml") && !str_ends(entry->d_name, ".finished.xml");
}

static void check_folder(const char *dir, bool (*check)(const char *, const char *, size_t, Str *))
{
        struct dirent **entries = NULL;
        int n = scandir(dir, &entries, is_document, alphasort);

        for (int i = 0; i < n; i++) {
                _cleanup_(free_ptr) char *path = path_join(dir, entries[i]->d_name), *xml = NULL;
                _cleanup_(error_done) Error err = {};
                _cleanup_(str_done) Str why = {};
                size_t len;
                bool ok = file_read(path, FILE_MAX, &xml, &len, &err) == 0 &&
                          check(path, xml, len, &why);
                printf("%sok %u - %s\n", ok ? "" : "not ", ++tests, entries[i]->d_name);
                if (!ok)
                        printf("# %s%s\n", error_is_set(&err) ? error_text(&err) : "",
                               why.text ? why.text : "");
                failed += !ok;
                free(entries[i]);
        }
        free(entries);
}

int main(int argc, char **argv)
{
        const char *mode = getenv("OSTLER_GOLDEN");

        if (argc != 2) {
                fprintf(stderr, "usage: golden-xml DIRECTORY\n");
                return 2;
        }
        update = mode && str_eq(mode, "update");
        const struct {
                const char *name;
                bool (*check)(const char *, const char *, size_t, Str *);
        } folders[] = {{"xml", check_good},
                       {"client", check_good},
                       {"argv", check_kept},
                       {"bad", check_bad}};
        for (size_t i = 0; i < ELEMENTSOF(folders); i++) {
                _cleanup_(free_ptr) char *folder = path_join(argv[1], folders[i].name);
                check_folder(folder, folders[i].check);
        }
        printf("1..%u\n", tests);
        return failed || tests == 0;
}
