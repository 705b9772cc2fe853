#include "daemon/options.h"

#include "base/path.h"
#include "base/str.h"

#include <getopt.h>
#include <limits.h>

#include <unistd.h>

#define DEFAULT_CONFIG "/etc/ostler/ostlerd.conf"

static const char usage[] =
        "Usage: ostlerd [OPTIONS]\n"
        "Runs QEMU guests and serves them to libvirt's clients. Stays in the foreground.\n"
        "\n"
        "  --root DIR            keep all state below DIR: DIR/lib, DIR/run, DIR/log\n"
        "                        (without it: /var/lib/ostler, /run/ostler, /var/log/ostler)\n"
        "  --config FILE         read this file (" DEFAULT_CONFIG " where there is\n"
        "                        one; with --root none)\n"
        "  --set KEY=VALUE       set a key of the file from here\n"
        "  --socket-mode MODE    as --set unix_sock_rw_perms=MODE\n"
        "  --socket-ro-mode MODE as --set unix_sock_ro_perms=MODE\n"
        "  --log-level LEVEL     as --set log_level=LEVEL\n"
        "  --version             print the version\n"
        "  --help                print this text\n"
        "\n"
        "Keys of the file, what they take, and their defaults; ostlerd.conf(5) explains them:\n";

static const char usage_end[] =
        "\n"
        "Clients connect to qemu+unix:///system?socket=DIR/run/libvirt-sock, and for the fake\n"
        "hypervisor to test+unix:///default?socket=DIR/run/libvirt-sock.\n"
        "\n"
        "Exit status: 0 after SIGTERM or SIGINT, 1 on an error, 2 on a bad command line or file.\n";

char *options_help(void)
{
        _cleanup_(free_ptr) char *keys = settings_help();

        return xasprintf("%s%s%s", usage, keys, usage_end);
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
        o->own_root = true;
        return 0;
}

static int parse_one(Options *o, int which, const char *arg, Error *err)
{
        switch (which) {
        case 'r':
                return set_root(o, arg, err);
        case 'c':
                free(o->config);
                o->config = xstrdup(arg);
                return 0;
        case 's':
                strv_add(&o->overrides, xstrdup(arg));
                return 0;
        case 'm':
                strv_addf(&o->overrides, "unix_sock_rw_perms=%s", arg);
                return 0;
        case 'o':
                strv_addf(&o->overrides, "unix_sock_ro_perms=%s", arg);
                return 0;
        case 'l':
                strv_addf(&o->overrides, "log_level=%s", arg);
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

int options_reload(const Options *options, Settings *ret, Error *err)
{
        _cleanup_(settings_done) Settings settings;
        int r = 0;

        settings_init(&settings);
        if (options->config)
                r = settings_read(&settings, options->config, err);
        for (char **word = options->overrides; r >= 0 && word && *word; word++)
                r = settings_override(&settings, *word, err);
        if (r < 0)
                return r;
        *ret = TAKE(settings, (Settings){});
        return 0;
}

int options_parse(int argc, char **argv, Options *ret, Error *err)
{
        static const struct option names[] = {
                {"root", required_argument, NULL, 'r'},
                {"config", required_argument, NULL, 'c'},
                {"set", required_argument, NULL, 's'},
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
        if (!o.config && !o.own_root && access(DEFAULT_CONFIG, F_OK) == 0)
                o.config = xstrdup(DEFAULT_CONFIG);
        r = options_reload(&o, &o.settings, err);
        if (r < 0)
                return r;
        *ret = TAKE(o, (Options){});
        return 0;
}

void options_done(Options *options)
{
        free(options->lib_dir);
        free(options->run_dir);
        free(options->log_dir);
        free(options->config);
        strv_free(options->overrides);
        settings_done(&options->settings);
        *options = (Options){};
}
