#include "daemon/account.h"

#include "base/str.h"

#include <grp.h>

int account_group(const char *text, gid_t *ret_gid, Error *err)
{
        const struct group *group;
        uint32_t number;

        if (!*text)
                return 0;
        if (str_to_u32(text, &number) && number != UINT32_MAX) {
                *ret_gid = number;
                return 0;
        }
        group = getgrnam(text);
        if (!group)
                return error_set(err, ERROR_INVALID_ARGUMENT, "there is no group '%s'", text);
        *ret_gid = group->gr_gid;
        return 0;
}
