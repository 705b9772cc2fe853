/* One domain: its configurations, its state, and the events that its changes make. */
#include "domain/domain.h"
#include "domain/domain-internal.h"

#include "base/str.h"

Domain *domain_ref(Domain *d)
{
        d->refs++;
        return d;
}

static void image_done(DomainImage *image)
{
        free(image->path);
        *image = (DomainImage){};
}

Domain *domain_unref(Domain *d)
{
        if (!d || --d->refs > 0)
                return NULL;
        if (d->driver_state && d->list->release)
                d->list->release(d);
        domain_config_free(d->config);
        domain_config_free(d->live);
        image_done(&d->image);
        stats_clear(&d->stats);
        free(d->name);
        free(d);
        return NULL;
}

const DomainConfig *domain_current_config(const Domain *d)
{
        return d->live ? d->live : d->config;
}

int domain_start_config(const Domain *d, const OpArgs *args, DomainConfig **ret, Error *err)
{
        int r;

        if (!args->xml) {
                *ret = domain_config_copy(d->config);
                return 0;
        }
        r = domain_config_from_xml(args->xml, strlen(args->xml), ret, err);
        return r < 0 ? r : domain_config_finish(*ret, err);
}

int domain_image_config(const Domain *d, const OpArgs *args, const char *driver,
                        const ImageInfo *info, DomainConfig **ret, Error *err)
{
        const char *xml = args->xml ? args->xml : info->xml;
        _cleanup_(domain_config_freep) DomainConfig *config = NULL;
        int r;

        if (!str_eq(info->driver, driver))
                return error_set(err, ERROR_BAD_IMAGE, "image '%s' is of driver %s, not of %s",
                                 args->path, info->driver, driver);
        r = domain_config_from_xml(xml, strlen(xml), &config, err);
        if (r >= 0)
                r = domain_config_finish(config, err);
        if (r < 0)
                return error_prefix(err, "configuration in image '%s'", args->path);
        if (!uuid_equal(&config->uuid, &d->uuid) || !str_eq(config->name, d->name))
                return error_set(err, ERROR_BAD_IMAGE, "image '%s' is of domain '%s', not of '%s'",
                                 args->path, config->name, d->name);
        *ret = TAKE_PTR(config);
        return 0;
}

void domain_emit(Domain *d, DomainEventKind kind)
{
        DomainEvent event = {.domain = d, .kind = kind, .id = d->id, .op = d->holder};

        if (d->list->emit)
                d->list->emit(d->list->emit_data, &event);
}

/* Removes a domain that is neither persistent nor active. The caller holds a reference. */
static void drop_if_gone(Domain *d)
{
        if (!d->config && !d->live)
                domain_list_remove(d);
}

static void replace_template(Domain *d, DomainConfig *config)
{
        domain_config_free(d->config);
        d->config = config;
        d->template_serial++;
}

void domain_set_config(Domain *d, DomainConfig *config)
{
        bool added = !d->config;

        replace_template(d, config);
        domain_emit(d, added ? EVENT_DEFINED_ADDED : EVENT_DEFINED_UPDATED);
}

void domain_set_edited(Domain *d, DomainConfig *config, DomainConfig *live)
{
        if (config)
                replace_template(d, config);
        if (live) {
                domain_config_free(d->live);
                d->live = live;
        }
}

void domain_set_renamed(Domain *d, DomainConfig *config)
{
        domain_emit(d, EVENT_UNDEFINED_RENAMED);
        domain_list_release_name(d, d->name);
        free(d->name);
        d->name = xstrdup(config->name);
        domain_set_edited(d, config, NULL);
        domain_emit(d, EVENT_DEFINED_RENAMED);
}

void domain_clear_config(Domain *d)
{
        _cleanup_(domain_unrefp) Domain *held = domain_ref(d);

        d->config = domain_config_free(held->config);
        d->autostart = false;
        domain_emit(d, EVENT_UNDEFINED_REMOVED);
        drop_if_gone(d);
}

static void set_state(Domain *d, DomainState state, DomainReason reason)
{
        d->state = state;
        d->reason = reason;
        d->state_since_ms = loop_now_ms(d->list->loop);
}

void domain_began(Domain *d, DomainConfig *live, int64_t id)
{
        domain_config_free(d->live);
        d->live = live;
        d->taints = 0;
        stats_clear(&d->stats);
        domain_list_set_id(d, id >= 0 ? id : d->list->last_id + 1);
        set_state(d, DOMAIN_PAUSED, REASON_STARTING_UP);
}

void domain_set_state(Domain *d, DomainState state, DomainReason reason, DomainEventKind event)
{
        if (d->state == state && d->reason == reason)
                return;
        set_state(d, state, reason);
        if (event != _DOMAIN_EVENT_MAX)
                domain_emit(d, event);
}

static void turn_off(Domain *d, DomainReason reason)
{
        void (*console_lost)(void *) = TAKE_PTR(d->console_lost);

        set_state(d, DOMAIN_SHUTOFF, reason);
        d->live = domain_config_free(d->live);
        stats_clear(&d->stats);
        domain_list_set_id(d, -1);
        if (console_lost)
                console_lost(d->console_data);
}

void domain_ended(Domain *d, DomainReason reason, DomainEventKind event)
{
        _cleanup_(domain_unrefp) Domain *held = domain_ref(d);

        turn_off(held, reason);
        if (event != _DOMAIN_EVENT_MAX)
                domain_emit(d, event);
        drop_if_gone(d);
}

void domain_discard(Domain *d)
{
        domain_ended(d, REASON_FAILED, _DOMAIN_EVENT_MAX);
}

void domain_set_image(Domain *d, DomainImage image)
{
        image_done(&d->image);
        d->image = image;
}
