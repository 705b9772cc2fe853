/* The doors of config.h. */
#include "config/config.h"

#include "base/str.h"
#include "config/finish.h"
#include "config/schema-xml.h"

static const SchemaDocument domain_document = {
        .schema = &domain_config_schema,
        .root = "domain",
        .what = "(domain_definition)",
        .max = CONFIG_XML_MAX,
};

enum {
        NAME_MAX_BYTES = 255,
};

/* Names become parts of paths and of lines that people read. */
static int check_name(const char *name, Error *err)
{
        if (!name)
                return error_set(err, ERROR_NO_NAME, "missing element <name> in <domain>");
        if (strlen(name) > NAME_MAX_BYTES)
                return error_set(err, ERROR_XML_INVALID, "name is longer than %d bytes",
                                 NAME_MAX_BYTES);
        if (str_eq(name, ".") || str_eq(name, ".."))
                return error_set(err, ERROR_XML_INVALID, "name '%s' cannot be a file's name", name);
        if (strchr(name, '/'))
                return error_set(err, ERROR_XML_INVALID, "name '%s' contains '/'", name);
        for (const char *p = name; *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        return error_set(err, ERROR_XML_INVALID,
                                         "name contains a control character");
        return 0;
}

/* Messages quote the document, whose texts may have lines of their own. */
static int one_line(int r, Error *err)
{
        for (char *p = r < 0 && error_is_set(err) ? err->message : NULL; p && *p; p++)
                if ((unsigned char) *p < ' ' || *p == 0x7f)
                        *p = ' ';
        return r;
}

static int read_xml(const char *xml, size_t len, DomainConfig **ret, Error *err)
{
        DomainConfig *config = xnew0(DomainConfig, 1);
        int r = schema_from_xml(&domain_document, xml, len, config, err);

        if (r < 0) {
                free(config);
                return r;
        }
        r = check_name(config->name, err);
        if (r < 0)
                domain_config_free(config);
        else
                *ret = config;
        return r;
}

int domain_config_from_xml(const char *xml, size_t len, DomainConfig **ret, Error *err)
{
        return one_line(read_xml(xml, len, ret, err), err);
}

int domain_config_finish(DomainConfig *config, Error *err)
{
        return one_line(config_finish(config, err), err);
}

char *domain_config_to_xml(const DomainConfig *config, long id, unsigned flags)
{
        DomainConfig shown = *config; /* borrows what it owns */

        shown.has_id = id >= 0;
        shown.id = id;
        return schema_to_xml(&domain_document, &shown,
                             flags & CONFIG_XML_SECURE ? SCHEMA_XML_SECRETS : 0);
}

char *domain_config_to_json(const DomainConfig *config)
{
        return schema_to_json(&domain_config_schema, config);
}

int domain_config_from_json(const char *json, DomainConfig **ret, Error *err)
{
        DomainConfig *config = xnew0(DomainConfig, 1);
        int r = schema_from_json(&domain_config_schema, json, config, err);

        if (r < 0)
                free(config);
        else
                *ret = config;
        return r;
}

DomainConfig *domain_config_copy(const DomainConfig *config)
{
        DomainConfig *copy = xnew0(DomainConfig, 1);

        schema_copy(&domain_config_schema, copy, config);
        return copy;
}

DomainConfig *domain_config_free(DomainConfig *config)
{
        if (config)
                schema_done(&domain_config_schema, config);
        free(config);
        return NULL;
}

uint64_t config_current_memory(const DomainConfig *config)
{
        return config->has_current_memory ? config->current_memory : config->memory;
}

uint32_t config_current_vcpus(const DomainConfig *config)
{
        return config->has_vcpu_current ? config->vcpu_current : config->vcpus;
}

static const char *source_path(DiskType type, const DiskSource *source)
{
        switch (type) {
        case DISK_TYPE_FILE:
                return source->file.path;
        case DISK_TYPE_BLOCK:
                return source->block.path;
        default:
                return NULL;
        }
}

const char *disk_path(const Disk *disk)
{
        return source_path(disk->type, &disk->source);
}

const char *backing_store_path(const BackingStore *store)
{
        return source_path(store->type, &store->source);
}
