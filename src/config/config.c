/* The doors of config.h. */
#include "config/config.h"

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

const char *disk_path(const Disk *disk)
{
        switch (disk->type) {
        case DISK_TYPE_FILE:
                return disk->source.file.path;
        case DISK_TYPE_BLOCK:
                return disk->source.block.path;
        default:
                return NULL;
        }
}
