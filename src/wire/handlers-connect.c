/* The connection itself: authentication, features, open and close, and what is asked of the host.
 */
#include "wire/handler.h"

#include "base/str.h"
#include "wire/server-internal.h"

#include <libvirt/libvirt.h>

enum {
        AUTH_NONE = 0,
        LIB_VERSION = 9000000, /* the release of libvirt whose protocol this is */
};

/* Features by their number; the others are migration's. */
enum {
        FEATURE_FD_PASSING = 8,
        FEATURE_TYPED_PARAM_STRING = 9,
        FEATURE_KEEPALIVE = 10,
        FEATURE_XML_MIGRATABLE = 11,
        FEATURE_EVENT_CALLBACK = 14,
        FEATURE_CLOSE_CALLBACK = 15,
        FEATURE_NETWORK_UPDATE_ORDER = 16,
};

static int auth_list(WireCall *call, Error *err)
{
        RemoteAuthListRet *ret = call->ret;

        (void) err;
        ret->types = xnew0(int32_t, 1);
        ret->types[0] = AUTH_NONE;
        ret->n_types = 1;
        return WIRE_DONE;
}

static int supports_feature(WireCall *call, Error *err)
{
        const RemoteConnectSupportsFeatureArgs *args = call->args;
        RemoteConnectSupportsFeatureRet *ret = call->ret;
        static const bool served[] = {
                [FEATURE_FD_PASSING] = true,
                [FEATURE_TYPED_PARAM_STRING] = true,
                [FEATURE_KEEPALIVE] = true,
                [FEATURE_XML_MIGRATABLE] = true,
                [FEATURE_EVENT_CALLBACK] = true,
                [FEATURE_CLOSE_CALLBACK] = true,
                [FEATURE_NETWORK_UPDATE_ORDER] = true,
        };

        if (args->feature != FEATURE_KEEPALIVE && call->client->state == CLIENT_NEW)
                return error_set(err, ERROR_INTERNAL, "hypervisor connection not open");
        if (args->feature == FEATURE_KEEPALIVE)
                client_want_pings(call->client);
        ret->supported = args->feature >= 0 && (size_t) args->feature < ELEMENTSOF(served) &&
                         served[args->feature];
        return WIRE_DONE;
}

/* The driver that a name like qemu:///system or qemu:///system?key=value means. */
static Driver *driver_for(Engine *engine, const char *name)
{
        static const char *const paths[] = {"", "/", "/system", "/session", "/default"};
        const char *colon = strchr(name, ':'), *path, *end;
        _cleanup_(free_ptr) char *scheme = NULL;

        if (!*name)
                return engine_driver(engine, NULL);
        if (!colon || !str_after(colon, "://"))
                return NULL;
        path = strchr(colon + strlen("://"), '/');
        path = path ? path : "";
        end = strchrnul(path, '?');
        for (size_t i = 0; i < ELEMENTSOF(paths); i++)
                if (strlen(paths[i]) == (size_t) (end - path) &&
                    memcmp(paths[i], path, (size_t) (end - path)) == 0) {
                        scheme = xstrndup(name, (size_t) (colon - name));
                        return engine_driver(engine, scheme);
                }
        return NULL;
}

static int connect_open(WireCall *call, Error *err)
{
        const RemoteConnectOpenArgs *args = call->args;
        WireClient *client = call->client;
        Driver *driver;
        char *uri;

        if (client->state != CLIENT_NEW)
                return error_set(err, ERROR_INTERNAL, "connection already open");
        if (!args->name)
                return error_set(err, ERROR_INTERNAL, "connection not open");
        driver = driver_for(call_engine(call), args->name);
        if (!driver)
                return error_set(err, ERROR_NO_CONNECT, "%s", args->name);

        if (args->flags & VIR_CONNECT_RO)
                client->readonly = true;
        uri = *args->name ? xstrdup(args->name) : xasprintf("%s:///system", driver->type->name);
        client_opened(client, driver, uri);
        return WIRE_DONE;
}

static int connect_close(WireCall *call, Error *err)
{
        (void) err;
        client_close(call->client);
        return WIRE_DONE;
}

static int get_uri(WireCall *call, Error *err)
{
        RemoteConnectGetUriRet *ret = call->ret;

        (void) err;
        ret->uri = xstrdup(call->client->uri);
        return WIRE_DONE;
}

static int get_type(WireCall *call, Error *err)
{
        RemoteConnectGetTypeRet *ret = call->ret;

        (void) err;
        ret->type = xstrdup(call_driver(call)->type->kind);
        return WIRE_DONE;
}

static int get_version(WireCall *call, Error *err)
{
        RemoteConnectGetVersionRet *ret = call->ret;
        Driver *driver = call_driver(call);

        (void) err;
        ret->hv_ver = driver->type->version(driver);
        return WIRE_DONE;
}

static int get_lib_version(WireCall *call, Error *err)
{
        RemoteConnectGetLibVersionRet *ret = call->ret;

        (void) err;
        ret->lib_ver = LIB_VERSION;
        return WIRE_DONE;
}

static int get_hostname(WireCall *call, Error *err)
{
        RemoteConnectGetHostnameRet *ret = call->ret;

        (void) err;
        ret->hostname = xstrdup(call->client->server->host.hostname);
        return WIRE_DONE;
}

static int is_secure(WireCall *call, Error *err)
{
        RemoteConnectIsSecureRet *ret = call->ret;

        (void) err;
        ret->secure = 1; /* a local socket */
        return WIRE_DONE;
}

static int node_get_info(WireCall *call, Error *err)
{
        RemoteNodeGetInfoRet *ret = call->ret;
        const WireHost *host = &call->client->server->host;

        (void) err;
        memcpy(ret->model, host->model, sizeof(ret->model));
        ret->memory = host->memory_kib;
        ret->cpus = (int32_t) host->cpus;
        ret->mhz = (int32_t) host->mhz;
        ret->nodes = (int32_t) host->nodes;
        ret->sockets = (int32_t) host->sockets;
        ret->cores = (int32_t) host->cores;
        ret->threads = (int32_t) host->threads;
        return WIRE_DONE;
}

static int get_max_vcpus(WireCall *call, Error *err)
{
        const RemoteConnectGetMaxVcpusArgs *args = call->args;
        RemoteConnectGetMaxVcpusRet *ret = call->ret;
        const char *const *type = call_driver(call)->type->virt_types;

        while (args->type && *type && !str_eq(*type, args->type))
                type++;
        if (!*type)
                return error_set(err, ERROR_INVALID_ARGUMENT, "unknown type '%s'", args->type);
        ret->max_vcpus = (int32_t) call_driver(call)->type->max_vcpus;
        return WIRE_DONE;
}

/* No confinement of guests by labels: the model is "none". */
static int get_security_model(WireCall *call, Error *err)
{
        RemoteNodeGetSecurityModelRet *ret = call->ret;

        (void) err;
        ret->model = xstrdup("none");
        ret->n_model = sizeof("none");
        ret->doi = xstrdup("0");
        ret->n_doi = sizeof("0");
        return WIRE_DONE;
}

/* The end of the connection is told by its end. */
static int close_callback(WireCall *call, Error *err)
{
        (void) call;
        (void) err;
        return WIRE_DONE;
}

const WireHandler handlers_connect[] = {
        {WIRE_REMOTE, REMOTE_AUTH_LIST, auth_list, WIRE_EARLY},
        {WIRE_REMOTE, REMOTE_CONNECT_SUPPORTS_FEATURE, supports_feature, WIRE_EARLY},
        {WIRE_REMOTE, REMOTE_CONNECT_OPEN, connect_open, WIRE_EARLY},
        {WIRE_REMOTE, REMOTE_CONNECT_CLOSE, connect_close, WIRE_EARLY},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_URI, get_uri, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_TYPE, get_type, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_VERSION, get_version, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_LIB_VERSION, get_lib_version, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_HOSTNAME, get_hostname, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_IS_SECURE, is_secure, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_INFO, node_get_info, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_GET_MAX_VCPUS, get_max_vcpus, 0},
        {WIRE_REMOTE, REMOTE_NODE_GET_SECURITY_MODEL, get_security_model, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_REGISTER_CLOSE_CALLBACK, close_callback, 0},
        {WIRE_REMOTE, REMOTE_CONNECT_UNREGISTER_CLOSE_CALLBACK, close_callback, 0},
        {},
};
