#include "qemu/tap.h"

#include "base/fd.h"
#include "base/str.h"
#include "qemu/argv.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <net/if_arp.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#define TAP_PREFIX "vnet" /* names that begin so are the kernel's to complete */

static int set_name(struct ifreq *request, const char *name, Error *err)
{
        if (strlen(name) >= sizeof(request->ifr_name))
                return error_set(err, ERROR_CONFIG_UNSUPPORTED, "device name '%s' is too long",
                                 name);
        memcpy(request->ifr_name, name, strlen(name) + 1);
        return 0;
}

/* One queue. The first call with a name that ends in %d makes the kernel choose the number. */
static int open_queue(struct ifreq *request, int *ret_fd, Error *err)
{
        _cleanup_(fd_closep) int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);

        if (fd < 0)
                return error_set_errno(err, errno, "Unable to open /dev/net/tun");
        if (ioctl(fd, TUNSETIFF, request) < 0)
                return error_set_errno(err, errno, "Unable to create tap device %.15s",
                                       request->ifr_name);
        *ret_fd = TAKE_FD(fd);
        return 0;
}

/* A bridge takes the lowest address of its ports for its own; ours are never the lowest. */
static int set_address(int control, const char *name, const Mac *mac, Error *err)
{
        struct ifreq request = {.ifr_hwaddr.sa_family = ARPHRD_ETHER};

        memcpy(request.ifr_name, name, strlen(name) + 1);
        memcpy(request.ifr_hwaddr.sa_data, mac->bytes, sizeof(mac->bytes));
        request.ifr_hwaddr.sa_data[0] = (char) 0xfe;
        if (ioctl(control, SIOCSIFHWADDR, &request) < 0)
                return error_set_errno(err, errno, "Unable to set the address of %s", name);
        return 0;
}

static int set_mtu(int control, const char *name, uint32_t mtu, Error *err)
{
        struct ifreq request = {.ifr_mtu = (int) mtu};

        memcpy(request.ifr_name, name, strlen(name) + 1);
        if (ioctl(control, SIOCSIFMTU, &request) < 0)
                return error_set_errno(err, errno, "Unable to set MTU %u of %s", mtu, name);
        return 0;
}

static int join_bridge(int control, const char *name, const char *bridge, Error *err)
{
        struct ifreq request = {.ifr_ifindex = (int) if_nametoindex(name)};
        int r = set_name(&request, bridge, err);

        if (r < 0)
                return r;
        if (ioctl(control, SIOCBRADDIF, &request) < 0)
                return error_set_errno(err, errno, "Unable to add %s to bridge '%s'", name, bridge);
        return 0;
}

static int bring_up(int control, const char *name, Error *err)
{
        struct ifreq request = {};

        memcpy(request.ifr_name, name, strlen(name) + 1);
        if (ioctl(control, SIOCGIFFLAGS, &request) < 0)
                return error_set_errno(err, errno, "Unable to read the flags of %s", name);
        request.ifr_flags |= IFF_UP;
        if (ioctl(control, SIOCSIFFLAGS, &request) < 0)
                return error_set_errno(err, errno, "Unable to bring %s up", name);
        return 0;
}

static int set_up(const Interface *interface, const char *name, Error *err)
{
        _cleanup_(fd_closep) int control = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        bool bridged = interface->type == INTERFACE_TYPE_BRIDGE;
        int r;

        if (control < 0)
                return error_set_errno(err, errno, "Unable to open a socket");
        r = set_address(control, name, &interface->mac, err);
        if (r >= 0 && interface->has_mtu)
                r = set_mtu(control, name, interface->mtu, err);
        if (r >= 0 && bridged)
                r = join_bridge(control, name, interface->source.bridge.bridge, err);
        return r < 0 ? r : bring_up(control, name, err);
}

int tap_open(const Interface *interface, int *ret_fds, char **ret_name, Error *err)
{
        bool ours = !(interface->has_managed && !interface->managed);
        bool named = interface->target_dev && !str_after(interface->target_dev, TAP_PREFIX);
        unsigned n = interface_queues(interface), opened = 0;
        struct ifreq request = {
                .ifr_flags = (short) (IFF_TAP | IFF_NO_PI | IFF_VNET_HDR |
                                      (n > 1 ? IFF_MULTI_QUEUE : 0)),
        };
        int fds[TAP_QUEUES_MAX], r;

        r = set_name(&request,
                     !ours && interface->target_dev ? interface->target_dev
                     : named                        ? interface->target_dev
                                                    : TAP_PREFIX "%d",
                     err);
        while (r >= 0 && opened < n) {
                r = open_queue(&request, &fds[opened], err);
                opened += r >= 0;
        }
        if (r >= 0 && ours)
                r = set_up(interface, request.ifr_name, err);
        if (r < 0) {
                while (opened > 0)
                        fd_close(fds[--opened]);
                return r;
        }
        memcpy(ret_fds, fds, n * sizeof(*fds));
        *ret_name = xstrdup(request.ifr_name);
        return 0;
}

int tap_open_all(DomainConfig *config, TapFds *fds, Error *err)
{
        for (size_t i = 0; i < config->interfaces.len; i++) {
                Interface *interface = &config->interfaces.items[i];
                int opened[TAP_QUEUES_MAX], r;
                char *name;

                if (!interface_has_tap(interface))
                        continue;
                r = tap_open(interface, opened, &name, err);
                if (r < 0)
                        return r;
                for (unsigned k = 0; k < interface_queues(interface); k++)
                        *vec_push(fds) = opened[k];
                free(interface->target_dev);
                interface->target_dev = name;
        }
        return 0;
}

void tap_close_all(TapFds *fds)
{
        for (size_t i = 0; i < fds->len; i++)
                fd_close(fds->items[i]);
        vec_done(fds);
}
