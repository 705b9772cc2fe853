#include "wire/error-map.h"

#include "base/str.h"
#include "wire/word-map.h"

#include <libvirt/virterror.h>

/* Stands for the driver's own domain. */
#define FROM_DRIVER -1

/* The phrase is libvirt's, which programs and people search for. */
static const struct {
        int32_t number, domain;
        const char *before;
} table[_ERROR_CODE_MAX] = {
        [ERROR_INTERNAL] = {VIR_ERR_INTERNAL_ERROR, VIR_FROM_RPC, "internal error: "},
        [ERROR_SYSTEM] = {VIR_ERR_SYSTEM_ERROR, FROM_DRIVER, ""},
        [ERROR_NOT_SUPPORTED] = {VIR_ERR_NO_SUPPORT, VIR_FROM_DOMAIN,
                                 "this function is not supported by the connection driver: "},
        [ERROR_INVALID_ARGUMENT] = {VIR_ERR_INVALID_ARG, FROM_DRIVER, "invalid argument: "},
        [ERROR_NO_CONNECT] = {VIR_ERR_NO_CONNECT, VIR_FROM_NONE,
                              "no connection driver available for "},
        [ERROR_DENIED] = {VIR_ERR_OPERATION_DENIED, VIR_FROM_DOMAIN, "operation forbidden: "},
        [ERROR_PROTOCOL] = {VIR_ERR_RPC, VIR_FROM_RPC, ""},
        [ERROR_XML_SYNTAX] = {VIR_ERR_XML_DETAIL, VIR_FROM_DOMAIN, ""},
        [ERROR_XML_INVALID] = {VIR_ERR_XML_ERROR, VIR_FROM_DOMAIN, "XML error: "},
        [ERROR_NO_NAME] = {VIR_ERR_NO_NAME, VIR_FROM_DOMAIN, "missing name information: "},
        [ERROR_NO_OS] = {VIR_ERR_NO_OS, VIR_FROM_DOMAIN, "missing operating system information: "},
        [ERROR_CONFIG_UNSUPPORTED] = {VIR_ERR_CONFIG_UNSUPPORTED, VIR_FROM_DOMAIN,
                                      "unsupported configuration: "},
        [ERROR_EXISTS] = {VIR_ERR_OPERATION_FAILED, VIR_FROM_DOMAIN, "operation failed: "},
        [ERROR_NO_DOMAIN] = {VIR_ERR_NO_DOMAIN, FROM_DRIVER, "Domain not found: "},
        [ERROR_NO_METADATA] = {VIR_ERR_NO_DOMAIN_METADATA, VIR_FROM_DOMAIN, "metadata not found: "},
        [ERROR_OPERATION_INVALID] = {VIR_ERR_OPERATION_INVALID, FROM_DRIVER,
                                     "Requested operation is not valid: "},
        [ERROR_OPERATION_FAILED] = {VIR_ERR_OPERATION_FAILED, FROM_DRIVER, "operation failed: "},
        [ERROR_UNSUPPORTED] = {VIR_ERR_OPERATION_UNSUPPORTED, FROM_DRIVER,
                               "Operation not supported: "},
        [ERROR_ARGUMENT_UNSUPPORTED] = {VIR_ERR_ARGUMENT_UNSUPPORTED, FROM_DRIVER,
                                        "argument unsupported: "},
        [ERROR_AGENT_SILENT] = {VIR_ERR_AGENT_UNRESPONSIVE, FROM_DRIVER,
                                "Guest agent is not responding: "},
        [ERROR_NO_HOSTNAME] = {VIR_ERR_NO_HOSTNAME, FROM_DRIVER, "no hostname found: "},
        [ERROR_TIMEOUT] = {VIR_ERR_OPERATION_TIMEOUT, FROM_DRIVER, "Timed out during operation: "},
        [ERROR_ABORTED] = {VIR_ERR_OPERATION_ABORTED, FROM_DRIVER, "operation aborted: "},
        [ERROR_BUSY] = {VIR_ERR_RESOURCE_BUSY, FROM_DRIVER, "resource busy: "},
        [ERROR_BAD_IMAGE] = {VIR_ERR_OPERATION_FAILED, FROM_DRIVER, "operation failed: "},
};

void error_map(const Error *err, const ErrorContext *context, WireError *ret)
{
        const char *text = error_text(err), *before;
        ErrorCode code = err->code;

        if (code <= ERROR_OK || code >= _ERROR_CODE_MAX)
                code = ERROR_INTERNAL;
        before = context->argument ? "" : table[code].before;
        *ret = (WireError){
                .code = table[code].number,
                .domain = table[code].domain == FROM_DRIVER ? word_map_error_domain(context->driver)
                                                            : table[code].domain,
                .message = xasprintf("%s%s", before, text),
                .level = VIR_ERR_ERROR,
                .str1 = xasprintf("%s%%s", before),
                .str2 = xstrdup(text),
                .str3 = xstrdup_null(context->detail),
                .int1 = code == ERROR_SYSTEM ? err->sys_errno : -1,
                .int2 = -1,
        };
        if (context->argument) {
                free(ret->str1);
                free(ret->str2);
                ret->str1 = xstrdup_null(context->function);
                ret->str2 = xstrdup(context->argument);
                ret->int1 = ret->int2 = 0;
        }
}
