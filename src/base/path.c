#include "base/path.h"

#include "base/str.h"

#include <errno.h>
#include <sys/stat.h>

char *path_join(const char *dir, const char *name)
{
        return xasprintf("%s%s%s", dir, str_ends(dir, "/") ? "" : "/", name);
}

char *path_parent(const char *path)
{
        const char *slash = strrchr(path, '/');

        if (!slash)
                return xstrdup(".");
        return slash == path ? xstrdup("/") : xstrndup(path, (size_t) (slash - path));
}

bool path_is_component(const char *name)
{
        size_t len = strlen(name);

        return len > 0 && len <= 255 && !strchr(name, '/') && !str_eq(name, ".") &&
               !str_eq(name, "..");
}

int path_make_dirs(const char *path, mode_t mode, Error *err)
{
        _cleanup_(free_ptr) char *partial = xstrdup(path);
        struct stat st;

        for (char *p = partial + 1;; p++) {
                if (*p && *p != '/')
                        continue;
                char rest = *p;

                *p = '\0';
                if (mkdir(partial, mode) < 0 && errno != EEXIST)
                        return error_set_errno(err, errno, "cannot create folder '%s'", partial);
                if (!rest)
                        break;
                *p = rest;
        }
        if (stat(path, &st) < 0)
                return error_set_errno(err, errno, "cannot look at folder '%s'", path);
        if (!S_ISDIR(st.st_mode))
                return error_set_errno(err, ENOTDIR, "cannot use '%s'", path);
        return 0;
}
