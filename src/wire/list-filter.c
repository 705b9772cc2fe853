#include "wire/list-filter.h"

#include <libvirt/libvirt.h>

#define FLAG(name) VIR_CONNECT_LIST_DOMAINS_##name

const uint32_t list_filter_flags = (FLAG(NO_CHECKPOINT) << 1) - 1;

/* Two flags that ask for both sides of one question. */
static bool asks(uint32_t flags, uint32_t yes, uint32_t no, bool is)
{
        return !(flags & (yes | no)) || (flags & (is ? yes : no));
}

static uint32_t state_flag(DomainState state)
{
        switch (state) {
        case DOMAIN_RUNNING:
                return FLAG(RUNNING);
        case DOMAIN_PAUSED:
                return FLAG(PAUSED);
        case DOMAIN_SHUTOFF:
                return FLAG(SHUTOFF);
        default:
                return FLAG(OTHER);
        }
}

bool list_filter_matches(const Domain *d, uint32_t flags)
{
        const uint32_t states = FLAG(RUNNING) | FLAG(PAUSED) | FLAG(SHUTOFF) | FLAG(OTHER);

        return asks(flags, FLAG(ACTIVE), FLAG(INACTIVE), domain_active(d)) &&
               asks(flags, FLAG(PERSISTENT), FLAG(TRANSIENT), domain_persistent(d)) &&
               asks(flags, FLAG(MANAGEDSAVE), FLAG(NO_MANAGEDSAVE), d->image.path != NULL) &&
               asks(flags, FLAG(AUTOSTART), FLAG(NO_AUTOSTART), d->autostart) &&
               asks(flags, FLAG(HAS_SNAPSHOT), FLAG(NO_SNAPSHOT), false) &&
               asks(flags, FLAG(HAS_CHECKPOINT), FLAG(NO_CHECKPOINT), false) &&
               (!(flags & states) || (flags & state_flag(d->state)));
}
