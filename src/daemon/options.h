/* The daemon's command line, and with it its configuration: defaults, then the file, then what the
 * command line says.
 *
 * The file is what --config names; without it /etc/ostler/ostlerd.conf where there is one, but not
 * with --root, which keeps out of the host's own installation. */
#pragma once

#include "daemon/settings.h"

typedef struct Options {
        char *lib_dir, *run_dir, *log_dir;
        char *config; /* the file that was read; NULL: none */
        Settings settings;
        bool help, version;
        /* private */
        char **overrides; /* KEY=VALUE, in order */
        bool own_root;
} Options;

/* ERROR_INVALID_ARGUMENT names the option, or the place in the file. */
int options_parse(int argc, char **argv, Options *ret, Error *err);
void options_done(Options *options);
/* Reads the file again, with the same overrides. */
int options_reload(const Options *options, Settings *ret, Error *err);
/* The caller's. */
char *options_help(void);
