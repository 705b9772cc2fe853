/* A domain's facts as rows of the store. */
#include "domain/domain.h"

#include "base/clock.h"
#include "store/table-domain.h"
#include "store/table-runtime.h"

void domain_record_config(StoreTx *tx, const Domain *d, const DomainConfig *config)
{
        _cleanup_(free_ptr) char *json = domain_config_to_json(config);

        domain_row_put(tx, &(DomainRow){
                                   .uuid = d->uuid,
                                   .driver = d->list->driver_name,
                                   .name = config->name,
                                   .config = json,
                           });
}

void domain_record_runtime(StoreTx *tx, const Domain *d, const DomainConfig *live, int64_t pid,
                           uint64_t start_time, const char *driver_state_json)
{
        _cleanup_(free_ptr) char *json = domain_config_to_json(live);

        runtime_row_put(tx, &(RuntimeRow){
                                    .uuid = d->uuid,
                                    .driver = d->list->driver_name,
                                    .name = d->name,
                                    .id = d->id,
                                    .pid = pid,
                                    .start_time = start_time,
                                    .boot_id = clock_boot_id(),
                                    .config = json,
                                    .state = driver_state_json,
                            });
}

void domain_record_ended(StoreTx *tx, const Domain *d)
{
        runtime_row_delete(tx, &d->uuid);
}
