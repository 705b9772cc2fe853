#!/usr/bin/python3
"""The same day with libvirt-python: calls one after the other, then with its event loop."""

import os
import queue
import threading

import libvirt
import ostlertest as t

libvirt.virEventRegisterDefaultImpl()

NAME = 'snake'
d = t.new_daemon()
here = {}
heard = queue.Queue()
loop_ends = threading.Event()

LIFECYCLE = {
    libvirt.VIR_DOMAIN_EVENT_DEFINED: 'defined', libvirt.VIR_DOMAIN_EVENT_UNDEFINED: 'undefined',
    libvirt.VIR_DOMAIN_EVENT_STARTED: 'started', libvirt.VIR_DOMAIN_EVENT_SUSPENDED: 'suspended',
    libvirt.VIR_DOMAIN_EVENT_RESUMED: 'resumed', libvirt.VIR_DOMAIN_EVENT_STOPPED: 'stopped',
    libvirt.VIR_DOMAIN_EVENT_SHUTDOWN: 'shutdown'}


def run_loop():
    while not loop_ends.is_set():
        libvirt.virEventRunDefaultImpl()


def hear(what):
    """The next lifecycle event is this one; "shutdown" may come before "stopped"."""
    try:
        got = heard.get(timeout=t.HANG)
        if got == 'shutdown':
            got = heard.get(timeout=t.HANG)
    except queue.Empty:
        raise t.Failure(f'event {what} never came') from None
    t.equal(got, what, 'event')


@t.case('connects and tells of itself')
def connect():
    d.start()
    conn = here['conn'] = d.connect()
    t.equal(conn.getType(), 'QEMU', 'type')
    # Known once QEMU has been asked, which a first start of the daemon does on the side.
    t.look_until(lambda: conn.getVersion() > 7000000, 'version of QEMU')
    t.check(conn.getLibVersion() > 0, 'version of the library')
    t.check(conn.getHostname(), 'host name')
    t.check(conn.isAlive(), 'alive')
    t.equal(conn.isSecure(), 1, 'a unix socket is secure')
    t.equal(conn.isEncrypted(), 0, 'and not encrypted')
    model, memory, cpus = conn.getInfo()[:3]
    t.equal(model, os.uname().machine, 'machine')
    t.equal(cpus, os.cpu_count(), 'cpus')
    t.check(memory > 0, 'memory')
    t.matches("<arch name='x86_64'>", conn.getCapabilities())
    t.matches("<domain type='qemu'", conn.getCapabilities())
    t.equal(conn.listAllDomains(), [], 'domains')
    t.equal(conn.numOfDomains(), 0, 'active domains')
    t.equal(conn.numOfDefinedDomains(), 0, 'defined domains')


@t.case('defines, looks up and reads')
def define():
    conn = here['conn']
    uuid = t.new_uuid()
    domain = here['domain'] = conn.defineXML(t.domain_xml(NAME, uuid=uuid))
    t.equal(domain.UUIDString(), uuid, 'uuid')
    t.equal(conn.lookupByName(NAME).UUIDString(), uuid, 'by name')
    t.equal(conn.lookupByUUIDString(uuid).name(), NAME, 'by uuid')
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, conn.lookupByName, 'nobody', text='Domain not found')
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, conn.lookupByUUIDString, t.new_uuid())
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, conn.lookupByID, 4242)
    t.equal(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, 0], 'state')
    t.equal(domain.info()[:4], [libvirt.VIR_DOMAIN_SHUTOFF, t.MEMORY_MIB * 1024,
                                t.MEMORY_MIB * 1024, 1], 'info')
    t.equal(domain.isPersistent(), 1, 'persistent')
    t.equal(domain.isUpdated(), 0, 'updated')
    t.equal(domain.OSType(), 'hvm', 'type of OS')
    t.equal(domain.maxMemory(), t.MEMORY_MIB * 1024, 'memory')
    t.equal(domain.hasManagedSaveImage(), 0, 'image')
    t.equal(domain.autostart(), 0, 'autostart')
    t.equal(domain.ID(), -1, 'id')
    t.raises(libvirt.VIR_ERR_NO_DOMAIN_METADATA, domain.metadata,
             libvirt.VIR_DOMAIN_METADATA_TITLE, None)
    t.equal(conn.listDefinedDomains(), [NAME], 'defined domains')


@t.case('hears events in its loop')
def events():
    conn = here['conn']
    thread = here['loop'] = threading.Thread(target=run_loop, daemon=True)
    here['timer'] = libvirt.virEventAddTimeout(100, lambda *args: None, None)
    thread.start()

    def lifecycle(conn, domain, event, detail, opaque):
        if domain.name() == NAME:
            heard.put(LIFECYCLE.get(event, event))
    # Another connection, opened with the loop: it also answers keepalives.
    here['eventful'] = d.connect()
    here['eventful'].setKeepAlive(5, 5)
    here['closed'] = queue.Queue()
    here['eventful'].registerCloseCallback(lambda conn, reason, opaque: here['closed'].put(reason),
                                           None)
    here['eventful'].domainEventRegisterAny(None, libvirt.VIR_DOMAIN_EVENT_ID_LIFECYCLE, lifecycle,
                                            None)
    conn.defineXML(t.domain_xml(NAME, uuid=here['domain'].UUIDString()))
    hear('defined')


@t.case('starts paused, resumes, suspends')
def start():
    domain = here['domain']
    domain.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    t.equal(domain.state()[0], libvirt.VIR_DOMAIN_PAUSED, 'state')
    seen = []
    while seen[-1:] != ['suspended']:
        seen.append(heard.get(timeout=t.HANG))
    t.check('started' in seen, f'events {seen}')
    domain.resume()
    hear('resumed')
    t.equal(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING, 'state')
    t.check(domain.ID() > 0, 'id')
    t.equal(here['conn'].listDomainsID(), [domain.ID()], 'ids')
    t.equal(here['conn'].lookupByID(domain.ID()).name(), NAME, 'by id')
    with t.Console(d, NAME) as console:
        console.tick()
        here['id'], here['count'] = console.boot_id(), console.count()
    domain.suspend()
    hear('suspended')
    t.equal(domain.state(), [libvirt.VIR_DOMAIN_PAUSED, libvirt.VIR_DOMAIN_PAUSED_USER], 'state')
    domain.resume()
    hear('resumed')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.create, text='already running')
    info = domain.info()
    t.check(info[4] > 0, 'no CPU time was used')


@t.case('its XML is the live one, and the stored one when asked')
def xml():
    domain = here['domain']
    t.matches(r"<domain type='qemu' id='\d+'", domain.XMLDesc())
    t.matches(r"<domain type='qemu'>", domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    live = domain.XMLDesc()
    here['conn'].defineXML(t.domain_xml(NAME, uuid=domain.UUIDString(), head='<title>Later</title>'))
    hear('defined')
    t.equal(domain.XMLDesc(), live, 'the live XML after a new definition')
    t.matches('<title>Later</title>', domain.XMLDesc(libvirt.VIR_DOMAIN_XML_INACTIVE))
    t.equal(domain.metadata(libvirt.VIR_DOMAIN_METADATA_TITLE, None,
                            libvirt.VIR_DOMAIN_AFFECT_CONFIG), 'Later', 'title of the next start')


@t.case('saves, has an image, starts from it')
def save():
    domain = here['domain']
    conn = here['conn']
    domain.managedSave()
    hear('suspended')
    hear('stopped')
    t.equal(domain.hasManagedSaveImage(), 1, 'image')
    t.equal(domain.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_SAVED], 'state')
    flags = libvirt.VIR_CONNECT_LIST_DOMAINS_MANAGEDSAVE
    t.equal([x.name() for x in conn.listAllDomains(flags)], [NAME], 'list with image')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.undefine, text='managed save image exists')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.managedSave, text='not running')
    domain.create()
    seen = {heard.get(timeout=t.HANG), heard.get(timeout=t.HANG)}
    t.equal(seen, {'started', 'resumed'}, 'events')
    t.equal(domain.hasManagedSaveImage(), 0, 'image')
    with t.Console(d, NAME) as console:
        console.tick()
        t.equal(console.boot_id(), here['id'], 'boot')
        t.check(console.count() >= here['count'], 'the counter went back')


@t.case('many calls run side by side on one connection')
def side_by_side():
    conn = here['conn']
    wrong = []

    def read():
        for _ in range(50):
            if [x.name() for x in conn.listAllDomains()] != [NAME]:
                wrong.append('list')
            if f'<name>{NAME}</name>' not in conn.lookupByName(NAME).XMLDesc():
                wrong.append('XML')
    threads = [threading.Thread(target=read) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(10):
        here['domain'].suspend()
        here['domain'].resume()
    for thread in threads:
        thread.join(t.HANG)
        t.check(not thread.is_alive(), 'a reader hangs')
    t.equal(wrong, [], 'answers')
    for _ in range(10):
        hear('suspended')
        hear('resumed')


@t.case('the console works as a non-blocking stream in the loop')
def stream():
    conn = here['eventful']
    stream = conn.newStream(libvirt.VIR_STREAM_NONBLOCK)
    conn.lookupByName(NAME).openConsole(None, stream, libvirt.VIR_DOMAIN_CONSOLE_FORCE)
    text = t.Text('console')

    def readable(stream, events, opaque):
        data = stream.recv(4096)
        if isinstance(data, bytes) and data:
            text.feed(data.decode('utf-8', 'replace'))
    stream.eventAddCallback(libvirt.VIR_STREAM_EVENT_READABLE, readable, None)
    text.until(r'tick \d+\r\n')
    t.equal(stream.send(b'ping 7\n'), 7, 'bytes sent')
    text.until(r'pong 7\r\n')
    stream.eventRemoveCallback()
    stream.finish()


@t.case('jobs: none to abort')
def jobs():
    domain = here['domain']
    t.equal(domain.jobInfo()[0], libvirt.VIR_DOMAIN_JOB_NONE, 'job')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.abortJob, text='no job is active')


@t.case('creates transient domains, also paused')
def create_xml():
    conn = here['conn']
    domain = conn.createXML(t.domain_xml('moth'), libvirt.VIR_DOMAIN_START_PAUSED)
    t.equal(domain.isPersistent(), 0, 'persistent')
    t.equal(domain.state()[0], libvirt.VIR_DOMAIN_PAUSED, 'state')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.managedSave, text='transient')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.setAutostart, 1, text='transient')
    domain.destroy()
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, conn.lookupByName, 'moth')
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, domain.isActive)


@t.case('unknown flags are refused')
def flags():
    domain = here['domain']
    for call, args in ((domain.undefineFlags, (1 << 20,)), (domain.createWithFlags, (1 << 20,)),
                       (here['conn'].defineXMLFlags, (t.domain_xml('x'), 1 << 20)),
                       (domain.managedSave, (1 << 20,)), (domain.destroyFlags, (1 << 20,))):
        t.raises(libvirt.VIR_ERR_INVALID_ARG, call, *args, text='unsupported flags')
    t.equal(domain.isActive(), 1, 'active')


@t.case('destroys and undefines')
def end():
    domain = here['domain']
    domain.destroy()
    hear('stopped')
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.destroy, text='not running')
    domain.undefine()
    hear('undefined')
    t.raises(libvirt.VIR_ERR_NO_DOMAIN, domain.state)
    t.equal(here['conn'].listAllDomains(), [], 'domains')
    t.check(heard.empty(), 'events too many')


@t.case('after the story the daemon holds no descriptor more than before it')
def descriptors():
    with_clients = d.descriptors()
    fresh = d.connect()
    t.look_until(lambda: len(d.descriptors()) == len(with_clients) + 1, 'one descriptor a client')
    fresh.close()
    d.connections.remove(fresh)
    t.look_until(lambda: d.descriptors() == with_clients, 'the descriptors of before')
    strays = [name for name in with_clients if 'ptmx' in name or '/pts/' in name or 'save' in name or
              'pidfd' in name]
    t.equal(strays, [], 'descriptors of ended guests')


@t.case('a daemon that ends is seen by the close callback')
def closed():
    d.stop()
    t.check(here['closed'].get(timeout=t.HANG) in (libvirt.VIR_CONNECT_CLOSE_REASON_EOF,
                                                   libvirt.VIR_CONNECT_CLOSE_REASON_ERROR), 'reason')
    loop_ends.set()
    here['loop'].join(t.HANG)
    libvirt.virEventRemoveTimeout(here['timer'])


t.main()
