#include "daemon/options.h"

#include "base/path.h"
#include "base/str.h"

#include <getopt.h>
#include <limits.h>

const char options_help[] =
        "Usage: ostlerd [OPTIONS]\n"
        "Runs QEMU guests and serves them to libvirt's clients. Stays in the foreground.\n"
        "\n"
        "  --root DIR            keep all state below DIR: DIR/lib, DIR/run, DIR/log\n"
        "                        (without it: /var/lib/ostler, /run/ostler, /var/log/ostler)\n"
        "  --socket-mode MODE    permissions of the socket, octal (0600)\n"
        "  --socket-ro-mode MODE permissions of the socket for looking only, octal (0600)\n"
        "  --log-level LEVEL     none critical error warning notice info debug (notice)\n"
        "  --version             print the version\n"
        "  --help                print this text\n"
        "\n"
        "Clients connect to qemu+unix:///system?socket=DIR/run/libvirt-sock, and for the fake\n"
        "hypervisor to test+unix:///default?socket=DIR/run/libvirt-sock.\n"
        "\n"
        "Exit status: 0 after SIGTERM or SIGINT, 1 on an error, 2 on a bad command line.\n";

static int parse_mode(const char *name, const char *text, mode_t *ret, Error *err)
{
        char *end;
        unsigned long mode = strtoul(text, &end, 8);

        if (!*text || *end || mode == 0 || mode > 0777)
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "%s: '%s' is not an octal mode from 1 to 777", name, text);
        *ret = (mode_t) mode;
        return 0;
}

static int set_root(Options *o, const char *root, Error *err)
{
        char real[PATH_MAX];
        int r = path_make_dirs(root, 0755, err);

        if (r < 0)
                return r;
        if (!realpath(root, real))
                return error_set(err, ERROR_INVALID_ARGUMENT, "--root: '%s' cannot be resolved",
                                 root);
        free(o->lib_dir);
        free(o->run_dir);
        free(o->log_dir);
        o->lib_dir = path_join(real, "lib");
        o->run_dir = path_join(real, "run");
        o->log_dir = path_join(real, "log");
        return 0;
}

static int parse_one(Options *o, int which, const char *arg, Error *err)
{
        switch (which) {
        case 'r':
                return set_root(o, arg, err);
        case 'm':
                return parse_mode("--socket-mode", arg, &o->socket_mode, err);
        case 'o':
                return parse_mode("--socket-ro-mode", arg, &o->socket_ro_mode, err);
        case 'l':
                if (!log_level_parse(arg, &o->log_level))
                        return error_set(err, ERROR_INVALID_ARGUMENT,
                                         "--log-level: '%s' is not a level", arg);
                return 0;
        case 'h':
                o->help = true;
                return 0;
        case 'v':
                o->version = true;
                return 0;
        default:
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "see 'ostlerd --help' for the options");
        }
}

int options_parse(int argc, char **argv, Options *ret, Error *err)
{
        static const struct option names[] = {
                {"root", required_argument, NULL, 'r'},
                {"socket-mode", required_argument, NULL, 'm'},
                {"socket-ro-mode", required_argument, NULL, 'o'},
                {"log-level", required_argument, NULL, 'l'},
                {"help", no_argument, NULL, 'h'},
                {"version", no_argument, NULL, 'v'},
                {},
        };
        _cleanup_(options_done) Options o = {
                .lib_dir = xstrdup("/var/lib/ostler"),
                .run_dir = xstrdup("/run/ostler"),
                .log_dir = xstrdup("/var/log/ostler"),
                .socket_mode = 0600,
                .socket_ro_mode = 0600,
                .log_level = LOG_LEVEL_NOTICE,
        };
        int which, r;

        optind = 0; /* also for a second call, as tests make */
        while ((which = getopt_long(argc, argv, "", names, NULL)) != -1) {
                r = parse_one(&o, which, optarg, err);
                if (r < 0)
                        return r;
        }
        if (optind < argc)
                return error_set(err, ERROR_INVALID_ARGUMENT, "unexpected argument '%s'",
                                 argv[optind]);
        *ret = TAKE(o, (Options){});
        return 0;
}

void options_done(Options *options)
{
        free(options->lib_dir);
        free(options->run_dir);
        free(options->log_dir);
        *options = (Options){};
}
