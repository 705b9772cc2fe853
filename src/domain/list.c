/* The domains of one driver, found by name, uuid and id. */
#include "domain/domain.h"
#include "domain/domain-internal.h"

#include "base/str.h"

void domain_list_init(DomainList *list)
{
        list_init(&list->domains);
}

void domain_list_done(DomainList *list)
{
        list->emit = NULL;
        LIST_FOREACH(d, &list->domains, Domain, node)
                domain_list_remove(d);
        map_done(&list->by_name);
        map_done(&list->by_uuid);
        map_done(&list->by_id);
}

static Domain *shown(Domain *d)
{
        return d && domain_visible(d) ? d : NULL;
}

Domain *domain_list_by_name(const DomainList *list, const char *name)
{
        return shown(map_get_str(&list->by_name, name));
}

Domain *domain_list_by_uuid(const DomainList *list, const Uuid *uuid)
{
        return shown(map_get(&list->by_uuid, uuid, sizeof(*uuid)));
}

Domain *domain_list_by_id(const DomainList *list, int64_t id)
{
        return shown(map_get(&list->by_id, &id, sizeof(id)));
}

int domain_list_check_free(const DomainList *list, const char *name, const Uuid *uuid,
                           Error *err)
{
        const Domain *named = map_get_str(&list->by_name, name);
        const Domain *same = map_get(&list->by_uuid, uuid, sizeof(*uuid));

        if (same && !str_eq(same->name, name))
                return error_set(err, ERROR_EXISTS, "domain '%s' is already defined with uuid %s",
                                 same->name, UUID_TEXT(uuid));
        if (named && named != same)
                return error_set(err, ERROR_EXISTS, "domain '%s' already exists with uuid %s",
                                 name, UUID_TEXT(&named->uuid));
        return 0;
}

int domain_list_add(DomainList *list, const char *name, const Uuid *uuid, Domain **ret,
                    Error *err)
{
        int r = domain_list_check_free(list, name, uuid, err);

        if (r < 0)
                return r;
        if (map_get_str(&list->by_name, name))
                return error_set(err, ERROR_EXISTS, "domain '%s' exists already", name);

        Domain *d = xnew0(Domain, 1);
        d->list = list;
        d->refs = 1; /* the list's */
        d->uuid = *uuid;
        d->name = xstrdup(name);
        d->id = -1;
        d->state = DOMAIN_SHUTOFF;
        d->reason = REASON_UNKNOWN;
        d->state_since_ms = loop_now_ms(list->loop);
        list_init(&d->queue);
        list_append(&list->domains, &d->node);
        list->len++;
        map_put_str(&list->by_name, name, d);
        map_put(&list->by_uuid, uuid, sizeof(*uuid), d);
        *ret = d;
        return 0;
}

bool domain_list_claim_name(Domain *d, const char *name)
{
        if (map_get_str(&d->list->by_name, name))
                return false;
        map_put_str(&d->list->by_name, name, d);
        return true;
}

void domain_list_release_name(Domain *d, const char *name)
{
        map_remove_str(&d->list->by_name, name);
}

void domain_list_set_id(Domain *d, int64_t id)
{
        DomainList *list = d->list;

        if (d->id >= 0)
                map_remove(&list->by_id, &d->id, sizeof(d->id));
        d->id = id;
        if (id < 0)
                return;
        map_put(&list->by_id, &d->id, sizeof(d->id), d);
        if (id > list->last_id)
                list->last_id = id;
}

void domain_list_remove(Domain *d)
{
        DomainList *list = d->list;

        if (d->removed)
                return;
        domain_list_set_id(d, -1);
        map_remove_str(&list->by_name, d->name);
        map_remove(&list->by_uuid, &d->uuid, sizeof(d->uuid));
        list_remove(&d->node);
        list->len--;
        d->removed = true;
        domain_unref(d);
}
