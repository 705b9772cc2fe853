#include "world.h"

#include "base/fd.h"
#include "base/str.h"
#include "fake/fake.h"

#include <stdlib.h>

static char *xml(const char *root, const char *name, const char *uuid)
{
        (void) root;
        return xasprintf("<domain type='test'><name>%s</name><uuid>%s</uuid>"
                         "<memory unit='MiB'>16</memory><vcpu>1</vcpu>"
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

const FaultDriver fault_fake = {.type = &fake_driver, .xml = xml, .identity = identity};
