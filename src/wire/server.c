#include "wire/server-internal.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum {
        BREATH_MS = 200, /* without accepting after the process ran out of descriptors */
        BACKLOG = 128,
};

static const char *const notice_texts[] = {
#define X(name, text) [WIRE_NOTICE_##name] = text,
        WIRE_NOTICES(X)
#undef X
};

const char *wire_notice_text(WireNoticeKind kind)
{
        return notice_texts[kind];
}

void server_notice(WireServer *server, WireNoticeKind kind, const WireClient *client,
                   const char *why)
{
        WireNotice notice = {.kind = kind, .why = why};

        if (!server->observe)
                return;
        if (client) {
                notice.client = client->id;
                notice.pid = client->pid;
                notice.uid = client->uid;
                notice.readonly = client->readonly;
        }
        server->observe(server->data, &notice);
}

/* --- clients --- */

static void server_end_client(WireServer *server, WireClient *client)
{
        server_notice(server, WIRE_NOTICE_CLOSED, client, client->why);
        client_free(client);
        server->n_clients--;
}

static void reap(void *data)
{
        WireServer *server = data;

        while (!list_empty(&server->ended))
                server_end_client(server, list_first(&server->ended, WireClient, node));
}

void server_reap(WireServer *server, WireClient *client)
{
        list_remove(&client->node);
        list_append(&server->ended, &client->node);
        timer_start(server->reaper, 0);
}

int wire_server_adopt(WireServer *server, int fd, bool readonly, Error *err)
{
        WireClient *client;
        int r;

        if (server->n_clients >= server->limits.clients)
                return error_set(err, ERROR_BUSY, "%u clients are connected already",
                                 server->n_clients);
        r = client_new(server, fd, readonly, &client, err);
        if (r < 0)
                return r;
        client->id = ++server->last_client;
        list_append(&server->clients, &client->node);
        server->n_clients++;
        server_notice(server, WIRE_NOTICE_CONNECTED, client, NULL);
        return 0;
}

/* --- listening --- */

static void breathe(void *data)
{
        WireServer *server = data;

        for (size_t i = 0; i < ELEMENTSOF(server->listeners); i++)
                if (server->listeners[i].watch)
                        watch_set(server->listeners[i].watch, WATCH_IN);
}

static void accept_failed(WireListener *listener, int error)
{
        WireServer *server = listener->server;
        _cleanup_(error_done) Error err = {};

        if (error == EAGAIN || error == EINTR || error == ECONNABORTED)
                return;
        error_set_errno(&err, error, "cannot accept a connection on '%s'", listener->path);
        server_notice(server, WIRE_NOTICE_TROUBLE, NULL, error_text(&err));
        watch_set(listener->watch, 0);
        timer_start(server->breath, BREATH_MS);
}

static void connection_waits(void *data, int events)
{
        WireListener *listener = data;
        _cleanup_(error_done) Error err = {};
        _cleanup_(fd_closep) int fd = -1;

        (void) events;
        fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) {
                accept_failed(listener, errno);
                return;
        }
        if (wire_server_adopt(listener->server, fd, listener->readonly, &err) < 0)
                server_notice(listener->server, WIRE_NOTICE_REFUSED, NULL, error_text(&err));
        else
                fd = -1;
}

/* Nobody but the owner connects before group and mode are what they are to be. */
static int bind_path(int fd, const char *path, mode_t mode, gid_t group, Error *err)
{
        struct sockaddr_un address = {.sun_family = AF_UNIX};

        if (strlen(path) >= sizeof(address.sun_path))
                return error_set(err, ERROR_INVALID_ARGUMENT,
                                 "socket path '%s' is longer than %zu bytes", path,
                                 sizeof(address.sun_path) - 1);
        strcpy(address.sun_path, path);
        if (unlink(path) < 0 && errno != ENOENT)
                return error_set_errno(err, errno, "cannot replace socket '%s'", path);
        if (fchmod(fd, mode & 0700) < 0 ||
            bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return error_set_errno(err, errno, "cannot bind socket '%s'", path);
        if (group != 0 && group != (gid_t) -1 && lchown(path, (uid_t) -1, group) < 0)
                return error_set_errno(err, errno, "cannot give socket '%s' to group %u", path,
                                       (unsigned) group);
        if (chmod(path, mode) < 0 || listen(fd, BACKLOG) < 0)
                return error_set_errno(err, errno, "cannot listen on socket '%s'", path);
        return 0;
}

static int listener_open(WireListener *listener, const char *path, mode_t mode, gid_t group,
                         Error *err)
{
        _cleanup_(fd_closep) int fd = -1;
        int r;

        if (!path)
                return 0;
        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return error_set_errno(err, errno, "cannot make a socket");
        r = bind_path(fd, path, mode ? mode : 0600, group, err);
        if (r < 0)
                return r;
        r = watch_new(listener->server->loop, fd, WATCH_IN, connection_waits, listener,
                      &listener->watch, err);
        if (r < 0) {
                (void) unlink(path); /* ignoring: the error is told */
                return r;
        }
        listener->path = xstrdup(path);
        listener->fd = TAKE_FD(fd);
        return 0;
}

static void listener_done(WireListener *listener)
{
        watch_free(listener->watch);
        if (listener->path)
                (void) unlink(listener->path); /* ignoring: a new daemon replaces it */
        fd_close(listener->fd);
        free(listener->path);
}

/* --- life --- */

static WireLimits fill_limits(const WireLimits *given)
{
        WireLimits limits = *given;

#define DEFAULT(field, value) limits.field = limits.field ? limits.field : (value)
        DEFAULT(clients, 5000);
        DEFAULT(calls, 256);
        DEFAULT(waiting, 1024);
        DEFAULT(call_bytes, 64 * 1024 * 1024);
        DEFAULT(output_soft, 256 * 1024);
        DEFAULT(output_events, 4 * 1024 * 1024);
        DEFAULT(output_hard, 64 * 1024 * 1024);
        DEFAULT(registrations, 1024);
        DEFAULT(channels, 64);
        DEFAULT(keepalive_ms, 5000);
        DEFAULT(keepalive_count, 5);
#undef DEFAULT
        return limits;
}

int wire_server_new(Loop *loop, Engine *engine, const WireConfig *config, WireServer **ret,
                    Error *err)
{
        _cleanup_(wire_server_freep) WireServer *server = xnew0(WireServer, 1);
        int r;

        server->loop = loop;
        server->engine = engine;
        server->limits = fill_limits(&config->limits);
        server->observe = config->observe;
        server->data = config->data;
        dispatch_init(&server->dispatch);
        host_read(&server->host);
        list_init(&server->clients);
        list_init(&server->ended);
        server->reaper = timer_new(loop, reap, server);
        server->breath = timer_new(loop, breathe, server);
        for (size_t i = 0; i < ELEMENTSOF(server->listeners); i++)
                server->listeners[i] =
                        (WireListener){.server = server, .fd = -1, .readonly = i == 1};

        r = listener_open(&server->listeners[0], config->path, config->mode, config->group, err);
        if (r >= 0)
                r = listener_open(&server->listeners[1], config->ro_path, config->ro_mode,
                                  config->group, err);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(server);
        return 0;
}

WireServer *wire_server_free(WireServer *server)
{
        if (!server)
                return NULL;
        for (size_t i = 0; i < ELEMENTSOF(server->listeners); i++)
                listener_done(&server->listeners[i]);
        while (!list_empty(&server->clients))
                server_end_client(server, list_first(&server->clients, WireClient, node));
        reap(server);
        timer_free(server->reaper);
        timer_free(server->breath);
        host_done(&server->host);
        free(server);
        return NULL;
}
