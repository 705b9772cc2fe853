/* Domain XML: any bytes are refused with an error of one line, or become a configuration that
 * survives every way there is: JSON, XML, finishing twice. */
#include "base/str.h"
#include "config/config.h"
#include "config/device.h"

#include <stdio.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len);

static void require(bool holds, const char *what, const char *detail)
{
        if (holds)
                return;
        fprintf(stderr, "broken: %s: %s\n", what, detail);
        abort();
}

static void require_error(int r, const Error *err)
{
        require(r < 0 && error_is_set(err) && -r == (int) err->code, "an error is told", "");
        const char *text = error_text(err);
        require(*text && !strchr(text, '\n') && strlen(text) < 2000, "an error is one line", text);
}

static void by_json(const DomainConfig *config)
{
        _cleanup_(domain_config_freep) DomainConfig *back = NULL;
        _cleanup_(free_ptr) char *json = domain_config_to_json(config);
        _cleanup_(error_done) Error err = {};

        int r = domain_config_from_json(json, &back, &err);
        require(r == 0, "JSON is read", error_text(&err));
        require(schema_equal(&domain_config_schema, config, back), "JSON brings it back", json);
}

static void by_xml(const DomainConfig *config)
{
        _cleanup_(domain_config_freep) DomainConfig *back = NULL;
        _cleanup_(free_ptr) char *xml = domain_config_to_xml(config, -1, CONFIG_XML_SECURE);
        _cleanup_(error_done) Error err = {};

        /* It may have become too long. */
        if (domain_config_from_xml(xml, strlen(xml), &back, &err) < 0) {
                require(strlen(xml) > CONFIG_XML_MAX, "XML is read", error_text(&err));
                return;
        }
        require(schema_equal(&domain_config_schema, config, back), "XML brings it back", xml);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t len)
{
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        _cleanup_(error_done) Error err = {};
        int r = domain_config_from_xml((const char *) bytes, len, &config, &err);

        if (r < 0) {
                require_error(r, &err);
                return 0;
        }
        by_json(config);
        by_xml(config);
        r = domain_config_finish(config, &err);
        if (r < 0) {
                require_error(r, &err);
                return 0;
        }
        _cleanup_(domain_config_freep) DomainConfig *again = domain_config_copy(config);
        r = domain_config_finish(again, &err);
        require(r == 0, "it is finished twice", error_text(&err));
        require(schema_equal(&domain_config_schema, config, again), "twice is as once", "");
        by_json(config);
        by_xml(config);
        domain_config_set_aliases(config);
        _cleanup_(free_ptr) char *xml = domain_config_to_xml(config, 1, 0);
        require(strstr(xml, " id='1'") != NULL, "a running guest is shown", xml);
        return 0;
}
