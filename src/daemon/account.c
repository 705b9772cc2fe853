#include "daemon/account.h"

#include "base/str.h"

#include <grp.h>
#include <pwd.h>

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

static const struct passwd *find_user(const char *text)
{
        uint32_t number;

        return str_to_u32(text, &number) && number != UINT32_MAX ? getpwuid(number)
                                                                 : getpwnam(text);
}

static void add_group(QemuUser *user, const char *name)
{
        const struct group *group = getgrnam(name);

        if (!group || user->n_groups == QEMU_GROUPS_MAX)
                return;
        for (size_t i = 0; i < user->n_groups; i++)
                if (user->groups[i] == group->gr_gid)
                        return;
        user->groups[user->n_groups++] = group->gr_gid;
}

int account_user(const char *text, const char *group, QemuUser *ret, Error *err)
{
        const struct passwd *found = find_user(text);
        QemuUser user = {.set = true};
        int n = QEMU_GROUPS_MAX;
        int r;

        if (!found)
                return error_set(err, ERROR_INVALID_ARGUMENT, "there is no user '%s'", text);
        user.uid = found->pw_uid;
        user.gid = found->pw_gid;
        r = account_group(group, &user.gid, err);
        if (r < 0)
                return r;
        if (getgrouplist(found->pw_name, user.gid, user.groups, &n) < 0)
                return error_set(err, ERROR_UNSUPPORTED, "user '%s' has more than %d groups", text,
                                 (int) QEMU_GROUPS_MAX);
        user.n_groups = (size_t) n;
        add_group(&user, "kvm");
        *ret = user.uid == 0 ? (QemuUser){} : user;
        return 0;
}
