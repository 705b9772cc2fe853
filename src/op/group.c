#include "op/group.h"

#include <assert.h>

void group_init(Group *group, GroupDoneFn *done, void *data)
{
        *group = (Group){.pending = 1, .done = done, .data = data};
}

void group_add(Group *group)
{
        assert(group->pending > 0);
        group->pending++;
}

void group_end(void *data, const Error *err)
{
        Group *group = data;

        assert(group->pending > 0);
        if (error_is_set(err) && !error_is_set(&group->error))
                error_copy(&group->error, err);
        if (--group->pending > 0)
                return;

        /* `done` may release what the group is part of. */
        _cleanup_(error_done) Error first = group->error;
        group->error = (Error){};
        group->done(group->data, &first);
}
