/* Reading the store at start: rows become domains. */
#include "engine/engine-internal.h"

#include "base/str.h"
#include "store/table-domain.h"
#include "store/table-image.h"

/* A row of a driver that this build does not have stays where it is. */
static Driver *driver_of(Engine *engine, const char *name)
{
        return engine_driver(engine, name);
}

static Domain *domain_of(const Driver *driver, const Uuid *uuid)
{
        LIST_FOREACH(d, &driver->host.domains->domains, Domain, node)
                if (uuid_equal(&d->uuid, uuid))
                        return d;
        return NULL;
}

static int load_domain(void *data, const DomainRow *row, Error *err)
{
        Driver *driver = driver_of(data, row->driver);
        DomainConfig *config;
        Domain *d;
        int r;

        if (!driver)
                return 0;
        r = domain_config_from_json(row->config, &config, err);
        if (r < 0)
                return error_prefix(err, "record of domain '%s'", row->name);
        r = domain_list_add(driver->host.domains, row->name, &row->uuid, &d, err);
        if (r < 0) {
                domain_config_free(config);
                return error_prefix(err, "record of domain '%s'", row->name);
        }
        domain_set_config(d, config);
        d->autostart = row->autostart;
        return 0;
}

static int load_runtime(void *data, const RuntimeRow *row, Error *err)
{
        Engine *engine = data;
        Driver *driver = driver_of(engine, row->driver);
        Domain *d;
        int r;

        if (!driver)
                return 0;
        d = domain_of(driver, &row->uuid);
        if (!d) {
                r = domain_list_add(driver->host.domains, row->name, &row->uuid, &d, err);
                if (r < 0)
                        return error_prefix(err, "record of the active domain '%s'", row->name);
        }
        recovery_keep_guest(engine->recovery, d, row);
        return 0;
}

static int load_image(void *data, const ImageRow *row, Error *err)
{
        Engine *engine = data;

        (void) err;
        for (size_t i = 0; i < engine->n_drivers; i++) {
                Domain *d = domain_of(&engine->drivers[i].driver, &row->uuid);

                if (d)
                        domain_set_image(d, (DomainImage){.path = xstrdup(row->path),
                                                          .size = row->size,
                                                          .created = row->created,
                                                          .paused = row->paused});
        }
        return 0;
}

static int load_operation(void *data, const OperationRow *row, Error *err)
{
        Engine *engine = data;

        (void) err;
        recovery_keep_operation(engine->recovery, row);
        return 0;
}

int engine_load(Engine *engine, Error *err)
{
        int r;

        engine->recovery = recovery_new(engine);
        r = domain_row_load(engine->store, load_domain, engine, err);
        if (r < 0)
                return r;
        r = runtime_row_load(engine->store, load_runtime, engine, err);
        if (r < 0)
                return r;
        r = image_row_load(engine->store, load_image, engine, err);
        if (r < 0)
                return r;
        return operation_row_load(engine->store, load_operation, engine, err);
}
