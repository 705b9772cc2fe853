/* Paths as text, and folders of the daemon's own. */
#pragma once

#include "base/error.h"

#include <sys/types.h>

char *path_join(const char *dir, const char *name) __attribute__((returns_nonnull));
/* What stands before the last component: "." for a bare name, "/" for "/x". */
char *path_parent(const char *path) __attribute__((returns_nonnull));
/* Whether the name can be one component of a path: not empty, no '/', not "." or "..", <= 255. */
bool path_is_component(const char *name);
/* Creates the folder and its missing parents. An existing folder keeps its mode. */
int path_make_dirs(const char *path, mode_t mode, Error *err);
