/* The daemon's command line. */
#pragma once

#include "base/error.h"
#include "base/log.h"

#include <sys/types.h>

typedef struct Options {
        char *lib_dir, *run_dir, *log_dir;
        mode_t socket_mode, socket_ro_mode;
        LogLevel log_level;
        bool help, version;
} Options;

/* ERROR_INVALID_ARGUMENT names the option. */
int options_parse(int argc, char **argv, Options *ret, Error *err);
void options_done(Options *options);
extern const char options_help[];
