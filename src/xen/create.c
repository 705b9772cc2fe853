#include "xen/create.h"

#include "base/fd.h"
#include "xen/config.h"

XenCreate *xen_create_new(DomainConfig *config, int stream)
{
        XenCreate *create = xnew0(XenCreate, 1);

        *create = (XenCreate){.config = config, .stream = stream};
        return create;
}

void xen_create_free(void *data)
{
        XenCreate *create = data;

        domain_config_free(create->config);
        fd_close(create->stream);
        free(create->tty);
        free(create);
}

static int boot(XenTask *task, XenCreate *create, libxl_domain_config *config, Error *err)
{
        return xen_wait(
                task,
                libxl_domain_create_new(xen_ctx(task), config, &create->domid, xen_how(task), NULL),
                err, "cannot create domain '%s'", create->config->name);
}

static int load(XenTask *task, XenCreate *create, libxl_domain_config *config, Error *err)
{
        libxl_domain_restore_params params;
        int r;

        libxl_domain_restore_params_init(&params);
        params.stream_version = 2;
        r = xen_wait(task,
                     libxl_domain_create_restore(xen_ctx(task), config, &create->domid,
                                                 create->stream, -1, &params, xen_how(task), NULL),
                     err, "cannot load the memory of domain '%s'", create->config->name);
        libxl_domain_restore_params_dispose(&params);
        return r;
}

int xen_create_run(XenTask *task, void *data, Error *err)
{
        XenCreate *create = data;
        libxl_domain_config config;
        int r = xen_config_make(xen_ctx(task), create->config, &config, err);

        if (r >= 0)
                r = create->stream < 0 ? boot(task, create, &config, err)
                                       : load(task, create, &config, err);
        create->stream = fd_close(create->stream);
        if (r >= 0) /* ignoring: a guest without a console */
                (void) libxl_primary_console_get_tty(xen_ctx(task), create->domid, &create->tty);
        libxl_domain_config_dispose(&config);
        return r;
}

void xen_create_began(Domain *d, XenCreate *create)
{
        xen_guest_began(d, TAKE_PTR(create->config), create->domid, create->tty);
}
