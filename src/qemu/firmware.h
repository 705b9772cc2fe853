/* UEFI firmware of the host: which one, and the file of a guest's own variables.
 *
 * Packages describe their firmware in JSON files; a file of the same name in the later folder hides
 * the earlier one, and the first by name that fits is taken. Everything here blocks. */
#pragma once

#include "config/config.h"

typedef struct FirmwareWant {
        /* what is asked for; owned */
        char *arch, *machine;
        bool choose;            /* a firmware is wanted and none is named */
        bool smm;               /* the machine has system management mode */
        bool secure, no_secure; /* secure boot is wanted, or must not be there */
        bool enrolled, no_enrolled;
        /* as named, or what was chosen; owned */
        char *loader, *template, *nvram;
        bool needs_smm;
} FirmwareWant;

/* `nvram`: where the variables are kept when the configuration does not say it. */
FirmwareWant *firmware_want(const DomainConfig *config, const char *nvram);
FirmwareWant *firmware_want_free(FirmwareWant *want);
/* `folders`: NULL-terminated; NULL: the host's. ERROR_CONFIG_UNSUPPORTED where none fits. */
int firmware_choose(FirmwareWant *want, const char *const *folders, Error *err);
/* Makes the file of variables from the template where it is not there. */
int firmware_make_nvram(const FirmwareWant *want, Error *err);
/* Puts what was chosen into the configuration. */
void firmware_apply(FirmwareWant *want, DomainConfig *config);
