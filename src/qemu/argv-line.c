/* The command line of character devices: serial ports, consoles, channels. */
#include "qemu/argv-internal.h"

static void add_option(Str *out, const char *key, const char *value)
{
        if (!value)
                return;
        str_addf(out, ",%s=", key);
        argv_value(out, value);
}

static void add_socket_mode(Str *out, SocketMode mode)
{
        str_add(out, mode == SOCKET_MODE_BIND ? ",server=on,wait=off" : ",reconnect=0");
}

static int add_chardev(Argv *argv, const CharSource *source, const char *id, const char *spice_name,
                       Error *err)
{
        const CharData *data = &source->data;
        _cleanup_(str_done) Str text = {};

        switch (source->type) {
        case CHAR_TYPE_NULL:
                str_addf(&text, "null,id=%s", id);
                break;
        case CHAR_TYPE_PTY:
                str_addf(&text, "pty,id=%s", id);
                break;
        case CHAR_TYPE_FILE:
                str_addf(&text, "file,id=%s", id);
                add_option(&text, "path", data->file.path);
                if (data->file.has_append)
                        add_option(&text, "append", data->file.append ? "on" : "off");
                break;
        case CHAR_TYPE_DEV:
                str_addf(&text, "serial,id=%s", id);
                add_option(&text, "path", data->dev.path);
                break;
        case CHAR_TYPE_PIPE:
                str_addf(&text, "pipe,id=%s", id);
                add_option(&text, "path", data->pipe.path);
                break;
        case CHAR_TYPE_TCP:
                str_addf(&text, "socket,id=%s", id);
                add_option(&text, "host", data->tcp.host);
                add_option(&text, "port", data->tcp.service);
                add_socket_mode(&text, data->tcp.mode);
                add_option(&text, "telnet",
                           data->tcp.protocol == TCP_PROTOCOL_TELNET ? "on" : NULL);
                break;
        case CHAR_TYPE_UNIX:
                str_addf(&text, "socket,id=%s", id);
                add_option(&text, "path", data->unix_.path);
                add_socket_mode(&text, data->unix_.mode);
                break;
        case CHAR_TYPE_SPICEVMC:
                str_addf(&text, "spicevmc,id=%s", id);
                add_option(&text, "name", spice_name);
                break;
        default:
                return error_set(err, ERROR_CONFIG_UNSUPPORTED,
                                 "character device type '%s' is not supported",
                                 char_type_text(source->type));
        }
        add_option(&text, "logfile", source->log_file);
        if (source->has_log_append)
                add_option(&text, "logappend", source->log_append ? "on" : "off");
        argv_add(argv, "-chardev");
        argv_add(argv, text.text);
        return 0;
}

int argv_line(Argv *argv, const CharSource *source, const char *driver, const char *id,
              const char *spice_name, json_t **ret, Error *err)
{
        _cleanup_(free_ptr) char *chardev = xasprintf("char%s", id);
        int r;

        r = add_chardev(argv, source, chardev, spice_name, err);
        if (r < 0)
                return r;
        *ret = device_new(driver, id);
        json_object_set_new(*ret, "chardev", json_string(chardev));
        return 0;
}

static const char *serial_device(SerialTargetType type)
{
        switch (type) {
        case SERIAL_TARGET_TYPE_USB_SERIAL:
                return "usb-serial";
        case SERIAL_TARGET_TYPE_PCI_SERIAL:
                return "pci-serial";
        case SERIAL_TARGET_TYPE_ISA_DEBUG:
                return "isa-debugcon";
        default:
                return "isa-serial";
        }
}

static int add_serial(Argv *argv, const Serial *serial, size_t n, Error *err)
{
        const char *driver = serial_device(serial->target_type);
        _cleanup_(free_ptr) char *id = device_id(&serial->info, "serial", n);
        json_t *device;
        int r;

        r = argv_line(argv, &serial->source, driver, id, "port", &device, err);
        if (r < 0)
                return r;
        if (str_eq(driver, "isa-serial"))
                json_object_set_new(
                        device, "index",
                        json_integer((json_int_t) (serial->has_port ? serial->port : n)));
        else if (str_eq(driver, "usb-serial"))
                device_usb(argv, device, &serial->info);
        else
                device_pci(argv, device, &serial->info);
        argv_json(argv, "-device", device);
        return 0;
}

static int add_parallel(Argv *argv, const Parallel *parallel, size_t n, Error *err)
{
        _cleanup_(free_ptr) char *id = device_id(&parallel->info, "parallel", n);
        json_t *device;
        int r;

        r = argv_line(argv, &parallel->source, "isa-parallel", id, "port", &device, err);
        if (r >= 0)
                argv_json(argv, "-device", device);
        return r;
}

static int add_console(Argv *argv, const Console *console, size_t n, Error *err)
{
        _cleanup_(free_ptr) char *id = device_id(&console->info, "console", n);
        json_t *device;
        int r;

        /* The console of type serial is the serial port, seen again. */
        if (console->target_type != CONSOLE_TARGET_TYPE_VIRTIO)
                return 0;
        r = argv_line(argv, &console->source, "virtconsole", id, "port", &device, err);
        if (r < 0)
                return r;
        device_virtio_serial(argv, device, &console->info);
        argv_json(argv, "-device", device);
        return 0;
}

static int add_channel(Argv *argv, const Channel *channel, size_t n, Error *err)
{
        _cleanup_(free_ptr) char *id = device_id(&channel->info, "channel", n);
        json_t *device;
        int r;

        r = argv_line(argv, &channel->source, "virtserialport", id, "vdagent", &device, err);
        if (r < 0)
                return r;
        device_virtio_serial(argv, device, &channel->info);
        device_text(device, "name", channel->name);
        argv_json(argv, "-device", device);
        return 0;
}

int argv_lines(Argv *argv, Error *err)
{
        const DomainConfig *config = argv->config;
        int r = 0;

        for (size_t i = 0; i < config->serials.len && r >= 0; i++)
                r = add_serial(argv, &config->serials.items[i], i, err);
        for (size_t i = 0; i < config->parallels.len && r >= 0; i++)
                r = add_parallel(argv, &config->parallels.items[i], i, err);
        for (size_t i = 0; i < config->consoles.len && r >= 0; i++)
                r = add_console(argv, &config->consoles.items[i], i, err);
        for (size_t i = 0; i < config->channels.len && r >= 0; i++)
                r = add_channel(argv, &config->channels.items[i], i, err);
        return r;
}
