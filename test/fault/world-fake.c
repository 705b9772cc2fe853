#include "world.h"

#include "base/fd.h"
#include "base/str.h"
#include "fake/guest.h"
#include "fake/fake.h"

#include <stdlib.h>

static char *xml(const char *root, const char *name, const char *uuid)
{
        (void) root;
        return xasprintf("<domain type='test'><name>%s</name><uuid>%s</uuid>"
                         "<memory unit='MiB'>16</memory><vcpu current='1'>2</vcpu>"
                         "<os><type>hvm</type></os></domain>",
                         name, uuid);
}

static char *identity(const char *root, const Domain *d, const char *uuid)
{
        _cleanup_(free_ptr) char *path = xasprintf("%s/run/test/%s.guest", root, uuid);
        char *text;

        (void) d;
        if (file_read(path, 256, &text, NULL, NULL) < 0)
                return xstrdup("none");
        text[strcspn(text, " ")] = '\0';
        return text;
}

static bool agrees(const Domain *d)
{
        FakeGuest guest, told;

        if (fake_guest_read(d->list->driver, &d->uuid, &guest, NULL) < 0)
                return false;
        told = guest;
        fake_guest_follow(&told, d->live);
        return guest.balloon_kib == told.balloon_kib && guest.vcpus == told.vcpus;
}

const FaultDriver fault_fake = {
        .type = &fake_driver, .xml = xml, .identity = identity, .agrees = agrees, .willing = true};
