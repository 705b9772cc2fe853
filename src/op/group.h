/* Groups: one wait for several things. Begins with one member, the caller's own, so that it cannot
 * end while members are still being added:
 *
 *         group_init(&g, done, data);
 *         group_add(&g); start_a(..., group_end, &g);
 *         group_add(&g); start_b(..., group_end, &g);
 *         group_end(&g, NULL);
 *
 * `done` is called when every member has ended, with the first error; it may run inside group_end(). */
#pragma once

#include "base/error.h"

typedef void GroupDoneFn(void *data, const Error *err);

typedef struct Group {
        /* readable */
        unsigned pending;
        Error error; /* the first that a member ended with */
        /* private */
        GroupDoneFn *done;
        void *data;
} Group;

void group_init(Group *group, GroupDoneFn *done, void *data);
void group_add(Group *group);
/* One member ended; err NULL or unset means success. The shape fits StoreDoneFn. */
void group_end(void *group, const Error *err);
