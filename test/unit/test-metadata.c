#include "unit.h"

#include "base/str.h"
#include "config/config.h"

static char *find(const char *metadata, const char *uri)
{
        DomainConfig config = {.metadata = (char *) metadata};

        return domain_config_metadata(&config, uri);
}

static void check(const char *metadata, const char *uri, const char *wanted)
{
        _cleanup_(free_ptr) char *found = find(metadata, uri);

        assert_non_null(found);
        assert_string_equal(found, wanted);
}

static void test_the_element_of_a_name_space(void **state)
{
        const char *two = "<a:x xmlns:a='http://a'><a:y k='1'>t</a:y></a:x>"
                          "<b:z xmlns:b='http://b'/>";

        (void) state;
        check(two, "http://a", "<x><y k=\"1\">t</y></x>");
        check(two, "http://b", "<z/>");
        check("<z xmlns='http://b'>text &amp; more</z>", "http://b", "<z>text &amp; more</z>");
        check("<m:z xmlns:m='http://m' m:k='1'><m:y m:j='2'/></m:z>", "http://m",
              "<z k=\"1\"><y j=\"2\"/></z>");
        /* what belongs to others inside stays theirs */
        check("<a:x xmlns:a='http://a' xmlns:b='http://b'><b:y/></a:x>", "http://a",
              "<x xmlns:b=\"http://b\"><b:y/></x>");
}

static void test_what_is_not_there(void **state)
{
        (void) state;
        assert_null(find(NULL, "http://a"));
        assert_null(find("", "http://a"));
        assert_null(find("<x/>", "http://a"));
        assert_null(find("<a:x xmlns:a='http://a'/>", "http://b"));
        assert_null(find("<broken", "http://a"));
        assert_null(find("just text", ""));
}

int main(void)
{
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_the_element_of_a_name_space),
                cmocka_unit_test(test_what_is_not_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
