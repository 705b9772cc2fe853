/* The <host> element of libvirt's capabilities document. */
#include "wire/host.h"

#include "base/fd.h"

#include <stdio.h>
#include <unistd.h>

enum {
        SMALL_FILE = 4096,
};

/* The identity that the system's administrator gave it, in the form of a UUID. */
static void add_uuid(Str *out)
{
        _cleanup_(free_ptr) char *id = NULL;

        if (file_read("/etc/machine-id", SMALL_FILE, &id, NULL, NULL) < 0 ||
            strspn(id, "0123456789abcdef") != 32)
                return;
        str_addf(out, "    <uuid>%.8s-%.4s-%.4s-%.4s-%.12s</uuid>\n", id, id + 8, id + 12, id + 16,
                 id + 20);
}

static void add_cpu(const WireHost *host, Str *out)
{
        str_addf(out, "    <cpu>\n      <arch>%s</arch>\n", host->model);
        host_cpu_add_model(&host->cpu, out);
        str_addf(out, "      <topology sockets='%u' dies='1' cores='%u' threads='%u'/>\n",
                 host->sockets, host->cores, host->threads);
        host_cpu_add_features(&host->cpu, out);
        for (size_t i = 0; i < host->pages.len; i++)
                str_addf(out, "      <pages unit='KiB' size='%llu'/>\n",
                         (unsigned long long) host->pages.items[i].size_kib);
        str_add(out, "    </cpu>\n");
}

/* How many huge pages of that size a node has. */
static unsigned long long huge_pages(unsigned node, uint64_t size_kib)
{
        _cleanup_(free_ptr) char *text = NULL;
        _cleanup_(free_ptr) char *path =
                xasprintf("/sys/devices/system/node/node%u/hugepages/hugepages-%llukB/nr_hugepages",
                          node, (unsigned long long) size_kib);

        if (file_read(path, SMALL_FILE, &text, NULL, NULL) < 0)
                return 0;
        return strtoull(text, NULL, 10);
}

static void add_pages(const WireHost *host, unsigned node, uint64_t memory_kib, Str *out)
{
        uint64_t rest = memory_kib;

        for (size_t i = 0; i < host->pages.len; i++)
                if (!host->pages.items[i].base) {
                        uint64_t size = host->pages.items[i].size_kib;
                        uint64_t taken = huge_pages(node, size) * size;

                        rest -= taken < rest ? taken : rest;
                }
        for (size_t i = 0; i < host->pages.len; i++) {
                const HostPages *pages = &host->pages.items[i];

                str_addf(out, "          <pages unit='KiB' size='%llu'>%llu</pages>\n",
                         (unsigned long long) pages->size_kib,
                         pages->base ? (unsigned long long) (rest / pages->size_kib)
                                     : huge_pages(node, pages->size_kib));
        }
}

static void add_cell(const WireHost *host, unsigned node, Str *out)
{
        HostMemory memory = {.total = host->memory_kib};
        size_t n = 0;

        (void) host_memory((int) node, &memory, NULL); /* ignoring: a kernel without NUMA */
        for (size_t i = 0; i < host->online.len; i++)
                n += host->online.items[i].node == node;
        str_addf(out, "        <cell id='%u'>\n          <memory unit='KiB'>%llu</memory>\n", node,
                 (unsigned long long) memory.total);
        add_pages(host, node, memory.total, out);
        str_addf(out, "          <cpus num='%zu'>\n", n);
        for (size_t i = 0; i < host->online.len; i++) {
                const HostThread *thread = &host->online.items[i];

                if (thread->node == node)
                        str_addf(out,
                                 "            <cpu id='%u' socket_id='%u' die_id='%u' "
                                 "core_id='%u' siblings='%s'/>\n",
                                 thread->id, thread->socket, thread->die, thread->core,
                                 thread->siblings);
        }
        str_add(out, "          </cpus>\n        </cell>\n");
}

static void add_topology(const WireHost *host, Str *out)
{
        unsigned cells = 1;

        for (size_t i = 0; i < host->online.len; i++)
                if (host->online.items[i].node >= cells)
                        cells = host->online.items[i].node + 1;
        str_addf(out, "    <topology>\n      <cells num='%u'>\n", cells);
        for (unsigned node = 0; node < cells; node++)
                add_cell(host, node, out);
        str_add(out, "      </cells>\n    </topology>\n");
}

char *host_to_xml(const WireHost *host, const char *const *virt_types)
{
        Str out = {};

        str_add(&out, "  <host>\n");
        add_uuid(&out);
        add_cpu(host, &out);
        str_add(&out, "    <power_management/>\n"
                      "    <iommu support='no'/>\n");
        add_topology(host, &out);
        str_addf(&out, "    <secmodel>\n      <model>dac</model>\n      <doi>0</doi>\n");
        for (; *virt_types; virt_types++)
                str_addf(&out, "      <baselabel type='%s'>+%u:+%u</baselabel>\n", *virt_types,
                         (unsigned) geteuid(), (unsigned) getegid());
        str_add(&out, "    </secmodel>\n  </host>\n");
        return str_take(&out);
}
