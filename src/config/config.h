/* Guest configuration: what libvirt calls domain XML, as structs.
 *
 * The structs and the tables of their codecs are generated from schema/domain (see docs/config.md);
 * jansson appears in schema-json.c alone, libxml2 in the schema-xml files and
 * metadata.c. Here are the doors that the rest uses. */
#pragma once

#include "base/error.h"
#include "config/domain.gen.h"

/* The largest document that is looked at, in bytes. */
enum {
        CONFIG_XML_MAX = 4 * 1024 * 1024,
};

/* One document to one configuration, nothing filled in: what was not said is at its schema default.
 * Errors name element and line. ERROR_XML_SYNTAX: not well formed. ERROR_XML_INVALID: wrong root,
 * unknown element or value, twice where once is allowed. ERROR_NO_NAME. */
int domain_config_from_xml(const char *xml, size_t len, DomainConfig **ret, Error *err);

/* Checks what needs no hypervisor and fills what libvirt's users expect to find filled: uuid,
 * current memory, implied devices, addresses, the console that stands for the first serial.
 * Idempotent. For templates: ports and aliases of a running guest's copy are the driver's. On error
 * the configuration may be half filled. */
int domain_config_finish(DomainConfig *config, Error *err);

enum {
        CONFIG_XML_SECURE = 1 << 0, /* with passwords */
};

/* libvirt's domain XML, indented by two. `id` -1: not running. */
char *domain_config_to_xml(const DomainConfig *config, long id, unsigned flags);

/* For the store; from_json(to_json(c)) equals c. */
char *domain_config_to_json(const DomainConfig *config);
int domain_config_from_json(const char *json, DomainConfig **ret, Error *err);

DomainConfig *domain_config_copy(const DomainConfig *config);
DomainConfig *domain_config_free(DomainConfig *config);
DEFINE_CLEANUP(DomainConfig, domain_config_free)

/* File or device of a disk; NULL for a drive without medium. Borrowed. */
const char *disk_path(const Disk *disk);
/* The same of one image of its chain; NULL at the end that says so. */
const char *backing_store_path(const BackingStore *store);

/* Number of the n-th I/O thread: as given, then the lowest that are free. */
uint32_t config_iothread_id(const DomainConfig *config, size_t n);
/* How many there are. */
size_t config_iothreads(const DomainConfig *config);
bool config_has_iothread(const DomainConfig *config, uint32_t id);

/* Processors of the host that a thread of the guest may run on, NULL for all. Borrowed. */
const char *config_vcpu_cpuset(const DomainConfig *config, uint64_t vcpu);
const char *config_iothread_cpuset(const DomainConfig *config, uint32_t id);
const char *config_emulator_cpuset(const DomainConfig *config);

/* What the guest has of what it may have at most: memory in KiB, virtual processors. */
uint64_t config_current_memory(const DomainConfig *config);
uint32_t config_current_vcpus(const DomainConfig *config);

/* The element of that name space in <metadata>, without the name space; the caller's. NULL where
 * there is none. */
char *domain_config_metadata(const DomainConfig *config, const char *uri);
/* Replaces that element by the one in `xml` (NULL: removes it), whose name and children get the
 * prefix `key` for the name space. ERROR_XML_SYNTAX or ERROR_XML_INVALID when it is no element. */
int domain_config_set_metadata(DomainConfig *config, const char *uri, const char *key,
                               const char *xml, Error *err);
