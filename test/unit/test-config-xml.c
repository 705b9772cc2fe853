#include "config/schema-xml.h"

#include "config-random.h"
#include "config/config.h"
#include "unit.h"

static int read_text(const char *xml, DomainConfig **ret, Error *err)
{
        return domain_config_from_xml(xml, strlen(xml), ret, err);
}

static void xml_brings_back_what_was_written(void **state _unused_)
{
        for (uint64_t seed = 0; seed < 1000; seed++) {
                Random random = {.state = seed, .flags = RANDOM_NO_LIVE};
                DomainConfig a;
                DomainConfig *b = NULL;
                Error err = {};
                random_struct(&random, &domain_config_schema, &a);
                free(a.name);
                a.name = xasprintf("guest & <%u>", (unsigned) seed);
                _cleanup_(free_ptr) char *xml = domain_config_to_xml(&a, -1, CONFIG_XML_SECURE);
                if (read_text(xml, &b, &err) < 0)
                        fail_msg("seed %u: %s\n%s", (unsigned) seed, error_text(&err), xml);
                if (!schema_equal(&domain_config_schema, &a, b)) {
                        _cleanup_(free_ptr) char *x = domain_config_to_json(&a);
                        _cleanup_(free_ptr) char *y = domain_config_to_json(b);
                        fail_msg("seed %u: not equal\n%s\n%s\n%s", (unsigned) seed, xml, x, y);
                }
                schema_done(&domain_config_schema, &a);
                domain_config_free(b);
        }
}

static void what_only_a_running_guest_has_is_dropped(void **state _unused_)
{
        for (uint64_t seed = 0; seed < 300; seed++) {
                Random live = {.state = seed};
                DomainConfig a;
                DomainConfig *b = NULL;
                Error err = {};
                random_struct(&live, &domain_config_schema, &a);
                free(a.name);
                a.name = xstrdup("guest");
                _cleanup_(free_ptr) char *xml = domain_config_to_xml(&a, 7, CONFIG_XML_SECURE);
                if (read_text(xml, &b, &err) < 0)
                        fail_msg("seed %u: %s\n%s", (unsigned) seed, error_text(&err), xml);
                assert_false(b->has_id);
                for (size_t i = 0; i < b->disks.len; i++)
                        assert_null(b->disks.items[i].info.alias);
                for (size_t i = 0; i < b->consoles.len; i++)
                        assert_null(b->consoles.items[i].tty);
                schema_done(&domain_config_schema, &a);
                domain_config_free(b);
        }
}

static void an_alias_of_the_user_stays(void **state _unused_)
{
        DomainConfig *c = NULL;

        assert_int_equal(read_text("<domain type='q'><name>a</name><devices>"
                                   "<disk><target dev='vda'/><alias name='ua-root'/></disk>"
                                   "<disk><target dev='vdb'/><alias name='virtio-disk1'/></disk>"
                                   "</devices></domain>",
                                   &c, NULL),
                         0);
        assert_string_equal(c->disks.items[0].info.alias, "ua-root");
        assert_null(c->disks.items[1].info.alias);
        domain_config_free(c);
}

static void the_number_is_written_while_it_runs(void **state _unused_)
{
        DomainConfig *c = NULL;

        assert_int_equal(read_text("<domain type='q' id='4'><name>a</name></domain>", &c, NULL), 0);
        _cleanup_(free_ptr) char *off = domain_config_to_xml(c, -1, 0);
        _cleanup_(free_ptr) char *on = domain_config_to_xml(c, 9, 0);
        assert_non_null(strstr(off, "<domain type='q'>"));
        assert_non_null(strstr(on, "<domain type='q' id='9'>"));
        domain_config_free(c);
}

static void passwords_are_written_when_asked_for(void **state _unused_)
{
        DomainConfig *c = NULL;

        assert_int_equal(read_text("<domain type='q'><name>a</name><devices><graphics type='vnc' "
                                   "passwd='secret'/></devices></domain>",
                                   &c, NULL),
                         0);
        _cleanup_(free_ptr) char *plain = domain_config_to_xml(c, -1, 0);
        _cleanup_(free_ptr) char *secure = domain_config_to_xml(c, -1, CONFIG_XML_SECURE);
        assert_null(strstr(plain, "secret"));
        assert_non_null(strstr(secure, "passwd='secret'"));
        domain_config_free(c);
}

static void metadata_is_kept_as_it_was_written(void **state _unused_)
{
        static const char inner[] = "\n    <m:a xmlns:m=\"urn:m\" m:k=\"1 &lt; 2\">\n"
                                    "      é <!-- note -->\n      <m:b/>\n    </m:a>\n  ";
        _cleanup_(free_ptr) char *xml = xasprintf("<domain type='q'>\n  <name>a</name>\n"
                                                  "  <metadata>%s</metadata>\n</domain>\n",
                                                  inner);
        DomainConfig *c = NULL;

        assert_int_equal(read_text(xml, &c, NULL), 0);
        assert_string_equal(c->metadata, inner);
        _cleanup_(free_ptr) char *out = domain_config_to_xml(c, -1, 0);
        assert_non_null(strstr(out, inner));
        domain_config_free(c);
}

static void metadata_brings_its_name_spaces(void **state _unused_)
{
        DomainConfig *c = NULL, *again = NULL;

        assert_int_equal(read_text("<domain type='q' xmlns:m='urn:m'><name>a</name>"
                                   "<metadata><m:a/></metadata></domain>",
                                   &c, NULL),
                         0);
        assert_string_equal(c->metadata, "<m:a xmlns:m=\"urn:m\"/>");
        _cleanup_(free_ptr) char *out = domain_config_to_xml(c, -1, 0);
        assert_int_equal(read_text(out, &again, NULL), 0);
        assert_string_equal(again->metadata, c->metadata);
        domain_config_free(c);
        domain_config_free(again);
}

static void no_error_is_asked_for_and_none_is_made(void **state _unused_)
{
        static const char *const bad[] = {"",
                                          "<",
                                          "<a/>",
                                          "<domain/>",
                                          "<!DOCTYPE a><a/>",
                                          "\xff",
                                          "<domain type='q'><name>a</name><x/></domain>"};

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                DomainConfig *c = NULL;
                assert_true(read_text(bad[i], &c, NULL) < 0);
                assert_null(c);
        }
}

/* Texts whose cost would grow with their square or worse are refused before they are parsed. */
static void hostile_texts_end_at_once(void **state _unused_)
{
        static const struct {
                const char *head, *piece, *tail, *error;
                size_t n;
        } cases[] = {
                {"<domain type='q'", " a%zu=''", "/>",
                 "too many elements, attributes or name spaces, line 1", 350000},
                {"<domain type='q'", " xmlns:a%zu='u'", "/>",
                 "too many elements, attributes or name spaces, line 1", 100000},
                {"<domain type='q'>\n<!-- > -->", "<a%zu xmlns:b='c'/>", "</domain>",
                 "too many elements, attributes or name spaces, line 2", 100000},
                {"<domain type='q'>", "<a%zu>", "</domain>", NULL, 300000},
                {"<domain type='q'><name>a</name><devices>", "<disk><target dev='v%zu'/></disk>",
                 "</devices></domain>",
                 "too many elements <disk> in <devices>, line 1: at most 1024", 20000},
                {"<domain type='q'><name>a</name>", "<x a='%zu'/>", "</domain>",
                 "too many elements, attributes or name spaces, line 1", 200000},
                {"<domain type='q'><name>", "a%zu", "</name></domain>", NULL, 350000},
                {"<domain type='q'><name>a</name><metadata>", "<a b='%zu'/>",
                 "</metadata></domain>", NULL, 200000},
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                _cleanup_(str_done) Str xml = {};
                DomainConfig *c = NULL;
                Error err = {};
                str_add(&xml, cases[i].head);
                for (size_t k = 0; k < cases[i].n; k++) {
                        char number[24];
                        const char *at = strstr(cases[i].piece, "%zu");
                        snprintf(number, sizeof(number), "%zu", k);
                        str_addn(&xml, cases[i].piece, (size_t) (at - cases[i].piece));
                        str_add(&xml, number);
                        str_add(&xml, at + 3);
                }
                str_add(&xml, cases[i].tail);
                assert_true(domain_config_from_xml(xml.text, xml.len, &c, &err) < 0);
                if (cases[i].error)
                        assert_string_equal(error_text(&err), cases[i].error);
                assert_true(strlen(error_text(&err)) < 1000);
                error_done(&err);
        }
}

static void an_empty_document_is_refused(void **state _unused_)
{
        DomainConfig *c = NULL;
        Error err = {};

        assert_int_equal(domain_config_from_xml(NULL, 0, &c, &err), -ERROR_XML_SYNTAX);
        assert_string_equal(error_text(&err), "(domain_definition):1: Document is empty");
        error_done(&err);
}

static void a_document_too_long_is_refused(void **state _unused_)
{
        size_t n = CONFIG_XML_MAX + 1;
        _cleanup_(free_ptr) char *xml = xcalloc(1, n + 1);
        DomainConfig *c = NULL;
        Error err = {};

        memset(xml, ' ', n);
        assert_int_equal(domain_config_from_xml(xml, n, &c, &err), -ERROR_XML_INVALID);
        assert_string_equal(error_text(&err),
                            "document of 4194305 bytes, at most 4194304 are read");
        error_done(&err);
        assert_int_equal(domain_config_from_xml(xml, n - 1, &c, &err), -ERROR_XML_SYNTAX);
        error_done(&err);
        assert_int_equal(domain_config_from_xml("<domain\0/>", 10, &c, &err), -ERROR_XML_SYNTAX);
        assert_string_equal(error_text(&err), "(domain_definition):1: a NUL character");
        error_done(&err);
}

static void lines_beyond_65535_are_told(void **state _unused_)
{
        _cleanup_(str_done) Str xml = {};
        DomainConfig *c = NULL;
        Error err = {};

        str_add(&xml, "<domain type='q'><name>a</name>");
        for (size_t i = 0; i < 70000; i++)
                str_addc(&xml, '\n');
        str_add(&xml, "<title>t</title><x/></domain>");
        assert_int_equal(domain_config_from_xml(xml.text, xml.len, &c, &err), -ERROR_XML_INVALID);
        assert_string_equal(error_text(&err), "unsupported element <x> in <domain>, line 70001");
        error_done(&err);
}

static void what_xml_cannot_hold_is_replaced(void **state _unused_)
{
        DomainConfig *c = NULL, *again = NULL;

        assert_int_equal(read_text("<domain type='q'><name>a</name></domain>", &c, NULL), 0);
        c->title = xstrdup("a\x01\xff\xc0\xaf\xed\xa0\x80z");
        _cleanup_(free_ptr) char *out = domain_config_to_xml(c, -1, 0);
        assert_int_equal(read_text(out, &again, NULL), 0);
        assert_string_equal(again->title, "a???????z");
        domain_config_free(c);
        domain_config_free(again);
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(xml_brings_back_what_was_written),
                cmocka_unit_test(what_only_a_running_guest_has_is_dropped),
                cmocka_unit_test(an_alias_of_the_user_stays),
                cmocka_unit_test(the_number_is_written_while_it_runs),
                cmocka_unit_test(passwords_are_written_when_asked_for),
                cmocka_unit_test(metadata_is_kept_as_it_was_written),
                cmocka_unit_test(metadata_brings_its_name_spaces),
                cmocka_unit_test(no_error_is_asked_for_and_none_is_made),
                cmocka_unit_test(hostile_texts_end_at_once),
                cmocka_unit_test(an_empty_document_is_refused),
                cmocka_unit_test(a_document_too_long_is_refused),
                cmocka_unit_test(lines_beyond_65535_are_told),
                cmocka_unit_test(what_xml_cannot_hold_is_replaced),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
