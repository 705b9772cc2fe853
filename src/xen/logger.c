#include "xen/logger.h"

#include "base/log.h"
#include "base/str.h"

#include <string.h>
#include <time.h>

static LogLevel level_of(xentoollog_level level)
{
        if (level >= XTL_CRITICAL)
                return LOG_LEVEL_CRITICAL;
        if (level >= XTL_ERROR)
                return LOG_LEVEL_ERROR;
        if (level >= XTL_WARN)
                return LOG_LEVEL_WARNING;
        if (level >= XTL_NOTICE)
                return LOG_LEVEL_NOTICE;
        return level >= XTL_INFO ? LOG_LEVEL_INFO : LOG_LEVEL_DEBUG;
}

/* The first errors say why; what follows from them is cut. */
static void keep(XenLogger *logger, const char *text)
{
        size_t used = strlen(logger->words);

        if (used + 1 < sizeof(logger->words))
                snprintf(logger->words + used, sizeof(logger->words) - used, "%s%s",
                         used ? "; " : "", text);
}

static void message(xentoollog_logger *xtl, xentoollog_level level, int errnum, const char *context,
                    const char *format, va_list ap)
{
        XenLogger *logger = container_of(xtl, XenLogger, xtl);
        _cleanup_(free_ptr) char *said = xvasprintf(format, ap);
        _cleanup_(free_ptr) char *text =
                errnum >= 0 ? xasprintf("%s: %s", said, strerror(errnum)) : xstrdup(said);

        if (level >= XTL_ERROR)
                keep(logger, text);
        if (logger->file && level_of(level) <= LOG_LEVEL_INFO) {
                time_t now = time(NULL);
                struct tm tm;
                char when[32];

                localtime_r(&now, &tm);
                strftime(when, sizeof(when), "%Y-%m-%d %H:%M:%S", &tm);
                fprintf(logger->file, "%s %s %s: %s\n", when, log_level_text(level_of(level)),
                        context ? context : "libxl", text);
        }
        log_debug("xen", "%s: %s", context ? context : "libxl", text);
}

static void progress(xentoollog_logger *xtl _unused_, const char *context _unused_,
                     const char *what _unused_, int percent _unused_, unsigned long done _unused_,
                     unsigned long total _unused_)
{
}

void xen_logger_init(XenLogger *logger)
{
        *logger = (XenLogger){.xtl = {.vmessage = message, .progress = progress}};
}

void xen_logger_open(XenLogger *logger, const char *path)
{
        xen_logger_forget(logger);
        logger->file = path ? fopen(path, "ae") : NULL; /* ignoring: a log that cannot be kept */
        if (logger->file)
                setvbuf(logger->file, NULL, _IOLBF, BUFSIZ);
}

void xen_logger_close(XenLogger *logger)
{
        if (logger->file)
                fclose(logger->file);
        logger->file = NULL;
}

void xen_logger_forget(XenLogger *logger)
{
        logger->words[0] = '\0';
}

const char *xen_logger_words(XenLogger *logger, int rc)
{
        snprintf(logger->text, sizeof(logger->text), "libxl error %d%s%s", rc,
                 *logger->words ? ": " : "", logger->words);
        return logger->text;
}
