#!/usr/bin/python3
"""Bad documents, names, files and images: each one clear error with libvirt's code, and no change."""

import os
import re

import libvirt
import ostlertest as t

d = t.new_daemon()
here = {}

XML_ERROR = libvirt.VIR_ERR_XML_ERROR
UNSUPPORTED = libvirt.VIR_ERR_CONFIG_UNSUPPORTED
DETAIL = libvirt.VIR_ERR_XML_DETAIL
ARG = libvirt.VIR_ERR_INVALID_ARG

DISK = ("<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='{}'/>"
        "<target dev='{}' bus='{}'/></disk>")
NIC = "<interface type='user'><mac address='{}'/></interface>"


def changed(pattern, text):
    """A change of the good document, which must apply."""
    def change(xml):
        new, count = re.subn(pattern, text, xml, count=1, flags=re.S)
        t.check(count == 1, f'{pattern} is not in the document')
        return new
    return change


def device(xml):
    return changed(r'</emulator>', '</emulator>' + xml)


# what, change of a good document, codes of libvirt that fit, a word of the message, libvirtd does so
DOCUMENTS = [
    ('nothing', lambda xml: '', (DETAIL, XML_ERROR, ARG), '', True),
    ('no XML', lambda xml: 'hello', (DETAIL,), '', True),
    ('cut off', lambda xml: xml[:200], (DETAIL,), '', True),
    ('an end tag too many', lambda xml: xml + '</domain>', (DETAIL,), '', True),
    ('wrong root', changed('^<domain(.*)</domain>', r'<network\1</network>'), (XML_ERROR,), '', True),
    ('no name', changed('<name>.*</name>', ''), (libvirt.VIR_ERR_NO_NAME,), 'name', True),
    ('empty name', changed('<name>.*</name>', '<name></name>'),
     (libvirt.VIR_ERR_NO_NAME, XML_ERROR), 'name', True),
    ('name with a slash', changed('<name>.*</name>', '<name>a/b</name>'), (XML_ERROR,), '/', True),
    ('name with a line end', changed('<name>.*</name>', '<name>a\nb</name>'), (XML_ERROR, DETAIL), '',
     True),
    ('name that climbs', changed('<name>.*</name>', '<name>../../etc</name>'), (XML_ERROR,), '/',
     True),
    ('no uuid in uuid', changed('</name>', '</name><uuid>nonsense</uuid>'),
     (XML_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR), 'uuid', True),
    ('unknown domain type', changed("type='qemu'", "type='zzz'"), (UNSUPPORTED, XML_ERROR), 'zzz',
     True),
    ('no domain type', changed("<domain type='qemu'>", '<domain>'),
     (XML_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR), 'type', True),
    ('unknown os type', changed('>hvm<', '>dos<'), (UNSUPPORTED, XML_ERROR, libvirt.VIR_ERR_OS_TYPE),
     '', True),
    ('no os', changed('<os>.*</os>', ''),
     (UNSUPPORTED, XML_ERROR, libvirt.VIR_ERR_NO_OS, libvirt.VIR_ERR_OS_TYPE), '', True),
    ('unknown arch', changed("arch='x86_64'", "arch='pdp11'"), (UNSUPPORTED, XML_ERROR, ARG), 'pdp11',
     False),
    ('unknown machine', changed("machine='pc'", "machine='toaster'"), (UNSUPPORTED, XML_ERROR), 'toaster',
     True),
    ('no memory', changed("<memory.*</memory>", ''), (XML_ERROR,), 'memory', True),
    ('memory in a wrong unit', changed("unit='MiB'", "unit='parsec'"), (ARG, XML_ERROR), 'parsec',
     True),
    ('memory that is no number', changed('>96<', '>much<'), (XML_ERROR, ARG), '', True),
    ('negative memory', changed('>96<', '>-1<'), (XML_ERROR, ARG), '', True),
    ('memory beyond measure', changed('>96<', '>99999999999999999999<'),
     (XML_ERROR, ARG, libvirt.VIR_ERR_OVERFLOW), '', True),
    ('no vcpu', changed('<vcpu>1', '<vcpu>0'),
     (XML_ERROR, UNSUPPORTED, libvirt.VIR_ERR_INTERNAL_ERROR), '', True),
    ('more vcpus than the machine has', changed('<vcpu>1', '<vcpu>100000'),
     (XML_ERROR, UNSUPPORTED), '', True),
    ('vcpu that is no number', changed('<vcpu>1', '<vcpu>x'), (XML_ERROR,), '', True),
    ('unknown element', changed('<features>', '<wings>2</wings><features>'),
     (UNSUPPORTED, XML_ERROR), r'wings.*line \d+', False),
    ('unknown element in devices', device('<toaster/>'), (UNSUPPORTED, XML_ERROR), r'toaster.*line',
     False),
    ('unknown attribute', changed("<vcpu>", "<vcpu color='red'>"), (UNSUPPORTED, XML_ERROR), 'color',
     False),
    ('unknown on_reboot', changed('<features>', '<on_reboot>dance</on_reboot><features>'),
     (UNSUPPORTED, XML_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR), 'dance', True),
    ('emulator that is not there', changed('/usr/bin/qemu-system-x86_64', '/nonexistent/qemu'),
     (libvirt.VIR_ERR_SYSTEM_ERROR, UNSUPPORTED, ARG), '/nonexistent/qemu', True),
    ('emulator that is no QEMU', changed('/usr/bin/qemu-system-x86_64', '/bin/true'),
     (libvirt.VIR_ERR_SYSTEM_ERROR, UNSUPPORTED, ARG, libvirt.VIR_ERR_OPERATION_FAILED), '/bin/true',
     True),
    ('disk without target', device("<disk type='file'><source file='/x'/></disk>"),
     (XML_ERROR, libvirt.VIR_ERR_NO_TARGET), 'target', True),
    ('disk on an unknown bus', device(DISK.format('/x', 'vda', 'tram')), (XML_ERROR, UNSUPPORTED),
     'tram', True),
    ('two disks of one name', device(DISK.format('/x', 'vda', 'virtio') * 2),
     (XML_ERROR, UNSUPPORTED), 'vda', True),
    ('disk of an unknown format', device(DISK.format('/x', 'vda', 'virtio').replace('raw', 'rawr')),
     (XML_ERROR, UNSUPPORTED), 'rawr', True),
    ('a mac address of too few', device(NIC.format('52:54:00')), (XML_ERROR,), '52:54:00', True),
    ('a multicast mac address', device(NIC.format('01:00:5e:00:00:01')), (XML_ERROR,), 'multicast',
     True),
    ('two disks at one address', device(
        DISK.format('/x', 'vda', 'virtio').replace(
            '</disk>', "<address type='pci' slot='0x07'/></disk>") +
        DISK.format('/y', 'vdb', 'virtio').replace(
            '</disk>', "<address type='pci' slot='0x07'/></disk>")), (XML_ERROR,), '', True),
    ('an entity that grows', lambda xml:
     '<!DOCTYPE d [<!ENTITY a "' + 'x' * 1000 + '">' + ''.join(
         f'<!ENTITY {b} "{("&" + a + ";") * 10}">' for a, b in zip('abcdefgh', 'bcdefghi')) +
     ']>' + xml.replace('</name>', '&i;</name>'), (DETAIL, XML_ERROR, UNSUPPORTED), '', False),
    ('an entity that reads a file', lambda xml:
     '<!DOCTYPE d [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + xml.replace('</name>', '&a;</name>'),
     (DETAIL, XML_ERROR, UNSUPPORTED), '', False),
    ('ten thousand levels', lambda xml: xml.replace('<vcpu>', '<a>' * 10000 + '</a>' * 10000 +
                                                    '<vcpu>'), (DETAIL, XML_ERROR, UNSUPPORTED), '',
     False),
]


def world():
    """What a refused call must leave as it was."""
    conn = here['conn']
    return sorted((x.name(), x.UUIDString(), x.isActive(), x.XMLDesc(2)) for x in conn.listAllDomains())


def refused(codes, word, call, *args):
    before = world()
    try:
        call(*args)
    except libvirt.libvirtError as error:
        message = error.get_error_message()
        t.check(error.get_error_code() in codes, f'code {error.get_error_code()}: {message!r}')
        t.check(message.strip(), 'no message')
        t.check(t.PEER or '\n' not in message, f'not one line: {message!r}')
        t.check(len(message) < 1000, f'{len(message)} characters of message: {message[:200]!r}')
        if word:
            t.matches(word, message, 'message')
        t.equal(world(), before, f'the world after "{message}"')
        return message
    raise t.Failure(f'{call.__name__} was not refused')


@t.case('a good document is taken')
def begin():
    d.start()
    here['conn'] = d.connect()
    here['good'] = t.domain_xml('good')
    here['domain'] = here['conn'].defineXML(here['good'])
    here['conn'].defineXML(t.domain_xml('brief')).undefine()


def documents(verb):
    wrong = []
    xml = t.domain_xml('bad')
    call = getattr(here['conn'], verb)
    for what, change, codes, word, peer in DOCUMENTS:
        if t.PEER and not peer:
            continue
        try:
            message = refused(codes, word if not t.PEER else '', call, change(xml))
            print(f'# {what}: {message}')
        except t.Failure as failure:
            wrong.append(f'{what}: {failure}')
            print(f'# WRONG {what}: {failure}')
            for domain in here['conn'].listAllDomains():
                if domain.name() != 'good':
                    if domain.isActive():
                        domain.destroy()
                    if domain in here['conn'].listAllDomains():
                        domain.undefine()
    t.equal(wrong, [], f'documents that {verb} does not refuse well')


@t.case('bad documents are refused by define')
def bad_define():
    documents('defineXML')


@t.case('and by create')
def bad_create():
    documents('createXML')
    t.equal(d.guests(), {}, 'processes')


@t.case('names and uuids of others are refused')
def duplicates():
    conn, domain = here['conn'], here['domain']
    uuid = domain.UUIDString()
    failed = (libvirt.VIR_ERR_OPERATION_FAILED,)
    refused(failed, 'already exists with uuid', conn.defineXML,
            t.domain_xml('good', uuid=t.new_uuid()))
    refused(failed, 'already defined with uuid', conn.defineXML, t.domain_xml('other', uuid=uuid))
    refused(failed, 'already exists with uuid', conn.createXML,
            t.domain_xml('good', uuid=t.new_uuid()), 0)
    refused(failed, 'already defined with uuid', conn.createXML, t.domain_xml('other', uuid=uuid), 0)


@t.case('a start that lacks a file is refused, and says which')
def missing_files():
    conn = here['conn']
    any_code = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_INTERNAL_ERROR,
                libvirt.VIR_ERR_OPERATION_FAILED, UNSUPPORTED)
    for what, xml in (
            ('/nonexistent/disk', device(DISK.format('/nonexistent/disk', 'vda', 'virtio'))(
                t.domain_xml('lacks'))),
            ('/nonexistent/kernel', changed('<kernel>.*</kernel>', '<kernel>/nonexistent/kernel</kernel>')(
                t.domain_xml('lacks')))):
        domain = conn.defineXML(xml)
        refused(any_code, what, domain.create)
        t.equal(domain.isActive(), 0, 'active')
        domain.undefine()
        refused(any_code, what, conn.createXML, xml, 0)
    t.equal(d.guests(), {}, 'processes')


@t.case('save images that are foreign, missing or no files are refused')
def foreign_images():
    conn = here['conn']
    system = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_OPERATION_FAILED)
    refused(system, 'Failed to open file .*/missing', conn.restore, os.path.join(d.dir, 'missing'))
    for name, data in (('empty', b''), ('short', b'OSTLERSV'), ('foreign', b'x' * 70000),
                       ('zero', bytes(70000))):
        path = os.path.join(d.dir, name)
        with open(path, 'wb') as file:
            file.write(data)
        refused((libvirt.VIR_ERR_OPERATION_FAILED,), '', conn.restore, path)
        t.equal(os.path.getsize(path), len(data), f'size of {name}')
    refused((libvirt.VIR_ERR_OPERATION_FAILED,) + system, '', conn.restore, d.dir)
    if not t.PEER:
        fifo = os.path.join(d.dir, 'fifo')
        os.mkfifo(fifo)
        refused((libvirt.VIR_ERR_OPERATION_FAILED,) + system, '', conn.restore, fifo)
        refused((libvirt.VIR_ERR_OPERATION_FAILED,) + system, '', conn.restore, '/dev/zero')


def save_good():
    domain = here['domain']
    if not domain.isActive():
        domain.create()
        with t.Console(d, 'good') as console:
            console.tick()
            here['id'], here['count'] = console.boot_id(), console.count()
    domain.managedSave()
    return d.saved_path('good')


@t.case('a damaged managed save image is never resumed, and stays')
def damaged():
    t.not_on_peer('resumes it')
    path = save_good()
    with open(path, 'rb') as file:
        whole = file.read()
    size = len(whole)
    where = {'magic': 0, 'version': 8, 'state': 12, 'length of the XML': 17, 'flags': 20,
             'offset': 25, 'length': 33, 'checksum': 41, 'driver': 56, 'XML': 300,
             'begin of the memory': int.from_bytes(whole[24:32], 'little') + 100,
             'middle of the memory': size // 2, 'last byte': size - 1}
    damages = [(f'flipped bit in the {what}', whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1:])
               for what, at in where.items()]
    damages += [(f'cut to {length}', whole[:length])
                for length in (0, 50, 4096, size // 2, size - 1)]
    damages += [('one byte longer', whole + b'x'), ('zeroed middle',
                whole[:size // 2] + bytes(65536) + whole[size // 2 + 65536:])]
    wrong = []
    for what, data in damages:
        with open(path, 'wb') as file:
            file.write(data)
        try:
            message = refused((libvirt.VIR_ERR_OPERATION_FAILED,), 'good.save', here['domain'].create)
            t.equal(os.path.getsize(path), len(data), 'size of the image')
            t.equal(d.guests(), {}, 'processes')
            t.equal(here['domain'].hasManagedSaveImage(), 1, 'image')
            print(f'# {what}: {message}')
        except t.Failure as failure:
            print(f'# WRONG {what}: {failure}')
            wrong.append(f'{what}: {failure}')
            if here['domain'].isActive():
                here['domain'].destroy()
            if not here['domain'].hasManagedSaveImage():
                break
    t.equal(wrong, [], 'images')
    with open(path, 'wb') as file:
        file.write(whole)
    here['domain'].create()
    with t.Console(d, 'good') as console:
        console.tick()
        t.equal(console.boot_id(), here['id'], 'boot')
        t.check(console.count() >= here['count'], 'the counter went back')


@t.case('an image that is gone is told; a fresh boot is then possible')
def gone():
    t.not_on_peer('boots fresh without a word')
    path = save_good()
    os.unlink(path)
    refused((libvirt.VIR_ERR_OPERATION_FAILED, libvirt.VIR_ERR_SYSTEM_ERROR), 'good.save',
            here['domain'].create)
    here['domain'].createWithFlags(libvirt.VIR_DOMAIN_START_FORCE_BOOT)
    here['domain'].destroy()


@t.case('a save that cannot be written leaves the guest running')
def save_fails():
    domain = here['domain']
    domain.create()
    codes = (libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.VIR_ERR_OPERATION_FAILED)
    refused(codes, '/nonexistent', domain.save, '/nonexistent/dir/file')
    refused(codes + (ARG,), '', domain.save, d.dir)
    if not t.PEER:
        refused(codes, '', domain.save, '/dev/full')
    t.equal(domain.state()[0], libvirt.VIR_DOMAIN_RUNNING, 'state')
    with t.Console(d, 'good') as console:
        console.tick()
    domain.destroy()


@t.case('a console that is not there is refused')
def no_console():
    domain = here['domain']
    stream = here['conn'].newStream(0)
    t.raises(libvirt.VIR_ERR_OPERATION_INVALID, domain.openConsole, None, stream, 0)
    domain.create()
    message = refused((ARG, libvirt.VIR_ERR_INTERNAL_ERROR, libvirt.VIR_ERR_OPERATION_FAILED), 'serial9',
                      lambda: domain.openConsole('serial9', here['conn'].newStream(0), 0))
    print('#', message)
    domain.destroy()
    domain.undefine()


t.main()
