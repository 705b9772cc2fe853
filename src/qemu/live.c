/* What the configuration of a guest that is about to run says beyond its template: aliases, and
 * what was left to the driver: paths of sockets, ports of displays, the number of a vsock. */
#include "base/fd.h"
#include "base/str.h"
#include "config/device.h"
#include "domain/domain.h"
#include "qemu/qemu.h"
#include "qemu/validate.h"

#include <netinet/in.h>
#include <sys/socket.h>

enum {
        PORT_FIRST = 5900,
        PORT_TRIES = 1000,
        CID_FIRST = 3, /* those below are the host's */
};

static char *socket_path(const Driver *driver, const DomainConfig *config, const char *name)
{
        return xasprintf("%s/%s.%s", driver->host.run_dir, UUID_TEXT(&config->uuid), name);
}

static void fill_socket(const Driver *driver, const DomainConfig *config, CharSource *source,
                        const char *name)
{
        if (source->type != CHAR_TYPE_UNIX || source->data.unix_.path)
                return;
        source->data.unix_.mode = SOCKET_MODE_BIND;
        source->data.unix_.path = socket_path(driver, config, name);
}

static void fill_lines(const Driver *driver, DomainConfig *config)
{
        char name[32];

        for (size_t i = 0; i < config->serials.len; i++) {
                snprintf(name, sizeof(name), "serial%zu", i);
                fill_socket(driver, config, &config->serials.items[i].source, name);
        }
        for (size_t i = 0; i < config->parallels.len; i++) {
                snprintf(name, sizeof(name), "parallel%zu", i);
                fill_socket(driver, config, &config->parallels.items[i].source, name);
        }
        for (size_t i = 0; i < config->consoles.len; i++) {
                bool serial = config->consoles.items[i].target_type != CONSOLE_TARGET_TYPE_VIRTIO;

                snprintf(name, sizeof(name), "%s%zu", serial ? "serial" : "console", i);
                fill_socket(driver, config, &config->consoles.items[i].source, name);
        }
        for (size_t i = 0; i < config->channels.len; i++) {
                snprintf(name, sizeof(name), "channel%zu", i);
                fill_socket(driver, config, &config->channels.items[i].source, name);
        }
        for (size_t i = 0; i < config->redirdevs.len; i++) {
                snprintf(name, sizeof(name), "redir%zu", i);
                fill_socket(driver, config, &config->redirdevs.items[i].source, name);
        }
}

/* Whether nobody has the TCP port now. */
static bool port_is_free(uint16_t port)
{
        _cleanup_(fd_closep) int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        const struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
        const int on = 1;

        return fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0 &&
               bind(fd, (const struct sockaddr *) &any, sizeof(any)) == 0;
}

/* QEMU looks for a VNC port itself; one for SPICE it must be told. Ports are given in turn, so that
 * two guests that start at once do not get the same. */
static int free_port(QemuDriver *qemu)
{
        for (unsigned i = 0; i < PORT_TRIES; i++) {
                uint16_t port = (uint16_t) (PORT_FIRST + qemu->next_port++ % (65536 - PORT_FIRST));

                if (port_is_free(port))
                        return port;
        }
        return PORT_FIRST;
}

static void fill_listen(const Driver *driver, const DomainConfig *config, Listen *listens, size_t n,
                        const char *name)
{
        if (n && listens->type == LISTEN_TYPE_SOCKET && !listens->at.socket.path)
                listens->at.socket.path = socket_path(driver, config, name);
}

static void fill_graphics(const Driver *driver, const DomainConfig *config, Graphics *graphics)
{
        if (graphics->type == GRAPHICS_TYPE_VNC) {
                GraphicsVnc *vnc = &graphics->data.vnc;

                fill_listen(driver, config, vnc->listens.items, vnc->listens.len, "vnc");
                return;
        }
        GraphicsSpice *spice = &graphics->data.spice;
        ListenType listen = spice->listens.len ? spice->listens.items[0].type : LISTEN_TYPE_UNSET;

        fill_listen(driver, config, spice->listens.items, spice->listens.len, "spice");
        if (listen == LISTEN_TYPE_SOCKET || listen == LISTEN_TYPE_NONE)
                return;
        if ((spice->has_autoport && spice->autoport) || !spice->has_port || spice->port <= 0) {
                spice->has_port = true;
                spice->port = free_port(qemu_driver_of(driver));
        }
}

static bool cid_is_used(const Driver *driver, uint32_t cid)
{
        LIST_FOREACH(d, &driver->host.domains->domains, Domain, node)
                if (d->live && d->live->vsock && d->live->vsock->has_cid &&
                    d->live->vsock->cid == cid)
                        return true;
        return false;
}

static void fill_vsock(const Driver *driver, Vsock *vsock)
{
        if (!vsock || (vsock->has_cid && !(vsock->has_auto_cid && vsock->auto_cid)))
                return;
        vsock->has_cid = true;
        for (vsock->cid = CID_FIRST; cid_is_used(driver, vsock->cid);)
                vsock->cid++;
}

void qemu_fill_live(const Driver *driver, DomainConfig *config)
{
        domain_config_set_aliases(config);
        fill_lines(driver, config);
        for (size_t i = 0; i < config->graphics.len; i++)
                fill_graphics(driver, config, &config->graphics.items[i]);
        fill_vsock(driver, config->vsock);
}
