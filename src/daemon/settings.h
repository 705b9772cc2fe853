/* The daemon's configuration file, ostlerd.conf: one table of keys, from which parsing, the help
 * text and docs/man/ostlerd.conf.5 are made. No file is needed: every key has a default.
 *
 * A line is `key = value`, a comment behind #, or blank; a value may stand in double quotes. */
#pragma once

#include "base/error.h"
#include "base/log.h"

#include <stdint.h>
#include <sys/types.h>

/* field, which is the key's name; kind; default as it would be written; least and most; meaning.
 * Kinds: TEXT (the most: bytes), MODE (octal), COUNT, SECONDS, SIZE (bytes, with K, M or G), SWITCH,
 * LEVEL, FILTERS. */
#define SETTINGS(X)                                                                                \
        X(unix_sock_group, TEXT, "", 0, 64,                                                        \
          "Group of both sockets, by name or number; empty leaves the daemon's own.")              \
        X(unix_sock_rw_perms, MODE, "0600", 1, 0777, "Permissions of libvirt-sock, octal.")        \
        X(unix_sock_ro_perms, MODE, "0600", 1, 0777,                                               \
          "Permissions of libvirt-sock-ro, whose clients may only look, octal.")                   \
        X(max_clients, COUNT, "5000", 1, 1000000, "Connections at once.")                          \
        X(max_client_requests, COUNT, "256", 1, 100000,                                            \
          "Changing calls of one client that run at once; further ones wait.")                     \
        X(max_client_waiting, COUNT, "1024", 1, 1000000,                                           \
          "Calls of one client that wait; the next one is refused.")                               \
        X(max_client_request_bytes, SIZE, "64M", 1024, UINT64_C(4) << 30,                          \
          "Memory for the calls of one client, running and waiting.")                              \
        X(max_client_event_bytes, SIZE, "4M", 65536, UINT64_C(4) << 30,                            \
          "Bytes that a client has not read when a further event ends its connection.")            \
        X(max_client_output_bytes, SIZE, "64M", 65536, UINT64_C(4) << 30,                          \
          "Bytes that a client has not read that end its connection.")                             \
        X(max_client_callbacks, COUNT, "1024", 1, 1000000,                                         \
          "Registrations of events, of one client.")                                               \
        X(max_client_streams, COUNT, "64", 1, 10000, "Open streams of one client.")                \
        X(keepalive_interval, SECONDS, "5", 1, 3600,                                               \
          "Silence of a client that speaks keepalive before the daemon pings it.")                 \
        X(keepalive_count, COUNT, "5", 1, 1000, "Pings without an answer that end a connection.")  \
        X(max_queue, COUNT, "64", 1, 10000,                                                        \
          "Changing calls that wait for one domain; the next one is refused.")                     \
        X(queue_timeout, SECONDS, "30", 1, 86400, "How long one of them waits at most.")           \
        X(log_level, LEVEL, "notice", 0, 0,                                                        \
          "Least severe lines that are logged: none, critical, error, warning, notice, info or "   \
          "debug. Read again on SIGHUP.")                                                          \
        X(log_filters, FILTERS, "", 0, 512,                                                        \
          "Levels of single areas, as \"qemu:debug wire:error\". Read again on SIGHUP.")           \
        X(qemu_user, TEXT, "ostler-qemu", 0, 64,                                                   \
          "User that QEMU runs as when root starts the daemon, by name or number; empty or root "  \
          "leaves it root. Where it is not given and the default does not exist, the daemon warns " \
          "and QEMU runs as root; one that is given has to exist.")                                \
        X(qemu_group, TEXT, "", 0, 64, "Its group; empty takes the user's own.")                   \
        X(cgroup, SWITCH, "yes", 0, 0,                                                             \
          "Whether each guest gets a cgroup of its own, where cgroup v2 can be written.")          \
        X(cgroup_name, TEXT, "ostler", 1, 64,                                                      \
          "The folder of these at the top of the cgroup v2 mount.")                                \
        X(qemu_memory_extra, SIZE, "2G", 0, UINT64_C(1) << 44,                                     \
          "Memory that a QEMU may take beyond its guest's, by its cgroup; 0 sets no limit.")       \
        X(qemu_max_tasks, COUNT, "4096", 0, 4194304,                                               \
          "Processes and threads of a QEMU, by its cgroup; 0 sets no limit.")                      \
        X(qemu_max_files, COUNT, "32768", 256, 1048576, "Files that a QEMU may have open.")        \
        X(qemu_start_timeout, SECONDS, "30", 1, 3600, "Until a new QEMU must have answered.")      \
        X(qemu_command_timeout, SECONDS, "30", 1, 3600,                                            \
          "Until a command to QEMU must have been answered.")                                      \
        X(qemu_kill_timeout, SECONDS, "30", 1, 3600, "Until a killed QEMU must be gone.")

typedef struct Settings {
#define SETTING_FIELD_TEXT    char *
#define SETTING_FIELD_FILTERS char *
#define SETTING_FIELD_MODE    uint64_t
#define SETTING_FIELD_COUNT   uint64_t
#define SETTING_FIELD_SECONDS uint64_t
#define SETTING_FIELD_SIZE    uint64_t
#define SETTING_FIELD_SWITCH  uint64_t
#define SETTING_FIELD_LEVEL   uint64_t
#define X(field, kind, start, least, most, text) SETTING_FIELD_##kind field;
        SETTINGS(X)
#undef X
        uint64_t given; /* bit i: key i was given by file or command line */
} Settings;

/* Every key at its default. */
void settings_init(Settings *settings);
void settings_done(Settings *settings);

/* ERROR_INVALID_ARGUMENT begins with "FILE:LINE: "; a file that cannot be read is ERROR_SYSTEM. */
int settings_read(Settings *settings, const char *path, Error *err);
/* "KEY=VALUE", of the command line: replaces what the file says. */
int settings_override(Settings *settings, const char *assignment, Error *err);
/* Whether `field` was given: settings_given(&s, "qemu_user"). */
bool settings_given(const Settings *settings, const char *key);

/* The level and the filters become those of the log. */
void settings_apply_log(const Settings *settings);

/* The keys with their defaults, a line each, and the manual page in roff; the caller's. */
char *settings_help(void);
char *settings_manual(void);
