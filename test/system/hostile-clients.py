#!/usr/bin/python3
"""Broken, hostile, slow and mute clients on a raw socket: one clear error or a dropped connection
each, and the others are served as before. Needs no guest but one fake one."""

import fcntl
import os
import re
import resource
import select
import socket
import struct
import termios

import libvirt
import ostlertest as t

PROGRAM, QEMU_PROGRAM, KEEPALIVE = 0x20008086, 0x20008087, 0x6b656570
CALL, REPLY, MESSAGE, STREAM = range(4)
OK, ERROR, CONTINUE = range(3)
OPEN, CLOSE, LIST_ALL, LOOKUP_NAME, FEATURE, AUTH_LIST, DEFINE, XML = 1, 2, 273, 23, 60, 66, 11, 14
HOSTNAME, REGISTER, DESTROY = 59, 316, 12
LONGEST = 33554436

UNREAD = 64 << 20  # bytes of answers that a client may leave unread
OVERHEAD = 3       # what a sanitizer's allocator takes for a byte, generously
SMALL = 256        # and what it takes for a small block, its bytes aside

d = t.new_daemon()
quiet = []  # descriptors of the daemon without clients


def string(text):
    data = text if isinstance(text, bytes) else text.encode()
    return struct.pack('>I', len(data)) + data + bytes(-len(data) % 4)


def optional(text):
    return struct.pack('>I', 1) + string(text)


class Raw:
    """A client that says exactly what it is told to."""

    def __init__(self, ro=False):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(d.socket_ro if ro else d.socket)
        self.socket.settimeout(t.HANG)
        self.serial = 0
        self.data = b''

    def send(self, payload=b'', procedure=LIST_ALL, program=PROGRAM, version=1, kind=CALL,
             status=OK, serial=None, length=None):
        if serial is None:
            serial, self.serial = self.serial, self.serial + 1
        length = len(payload) + 28 if length is None else length
        self.socket.sendall(struct.pack('>IIIiIII', length & 0xffffffff, program, version, procedure,
                                        kind, serial, status) + payload)

    def receive(self):
        """(program, procedure, kind, serial, status, payload), None at the end."""
        while len(self.data) < 4 or len(self.data) < struct.unpack_from('>I', self.data)[0]:
            try:
                more = self.socket.recv(1 << 20)
            except ConnectionResetError:
                more = b''
            if not more:
                return None
            self.data += more
        length, program, _, procedure, kind, serial, status = struct.unpack_from('>IIIiIII', self.data)
        payload, self.data = self.data[28:length], self.data[length:]
        return program, procedure, kind, serial, status, payload

    def error(self):
        """(code, domain, message) of the next packet, which must be an error."""
        packet = self.receive()
        t.check(packet, 'the connection was dropped')
        t.equal((packet[2], packet[4]), (REPLY, ERROR), 'kind and status of the answer')
        code, domain, there = struct.unpack_from('>iiI', packet[5])
        t.equal(there, 1, 'message present')
        length, = struct.unpack_from('>I', packet[5], 12)
        return code, domain, packet[5][16:16 + length].decode()

    def call(self, procedure, payload=b''):
        """The payload of a good answer."""
        self.send(payload, procedure)
        packet = self.receive()
        t.check(packet, 'the connection was dropped')
        t.equal(packet[4], OK, f'status of procedure {procedure} ({packet[5]!r})')
        return packet[5]

    def open(self, name='test:///default', flags=0):
        self.call(AUTH_LIST)
        self.call(OPEN, optional(name) + struct.pack('>I', flags))
        return self

    def dropped(self, what):
        t.check(self.receive() is None, f'{what}: the connection lives')
        self.close()

    def close(self):
        self.socket.close()


def nothing_left():
    """The descriptors are those of a daemon without clients."""
    try:
        t.look_until(lambda: d.descriptors() == quiet, 'the descriptors of before')
    except t.Failure as error:
        raise t.Failure(f'{error}: {d.descriptors()}, before {quiet}') from None


def alive():
    """Another client is served as ever."""
    raw = Raw().open()
    raw.call(HOSTNAME)
    raw.call(CLOSE)
    raw.close()


def refuses(raw, code, domain, text):
    got = raw.error()
    t.equal(got[:2], (code, domain), f'code and domain of {got[2]!r}')
    t.matches(text, got[2], 'message')


@t.case('begin', needs_qemu=False)
def begin():
    d.start()
    if t.have_qemu() and not t.PEER:
        # The daemon asks QEMU what it can do when it starts.
        conn = libvirt.open(d.uri())
        t.look_until(lambda: conn.getVersion() > 0, 'the version of QEMU')
        conn.close()
        t.look_until(lambda: not any('capabilities' in name or 'pidfd' in name
                                     for name in d.descriptors()),
                     'the end of the asking')
    t.look_until(lambda: t.PEER or d.descriptors().count('socket:') == 2,
                 'a daemon with two listening sockets')
    quiet.extend(d.descriptors())
    alive()


@t.case('calls before open are refused, one clear error each', needs_qemu=False)
def before_open():
    for procedure, payload in ((LIST_ALL, struct.pack('>iI', 1, 0)), (LOOKUP_NAME, string('a')),
                               (HOSTNAME, b''), (DEFINE, string('<domain/>')),
                               (REGISTER, struct.pack('>iI', 0, 0))):
        raw = Raw()
        raw.send(payload, procedure)
        refuses(raw, libvirt.VIR_ERR_INTERNAL_ERROR, 7, 'not open')
        raw.close()
    raw = Raw()
    raw.send(struct.pack('>i', 10), FEATURE)
    t.equal(raw.receive()[4], OK, 'feature 10 before open')
    raw.send(struct.pack('>i', 14), FEATURE)
    refuses(raw, libvirt.VIR_ERR_INTERNAL_ERROR, 7, 'not open')
    raw.open()
    raw.close()


@t.case('a URI of nobody is refused, and the connection can still open another', needs_qemu=False)
def bad_uri():
    raw = Raw()
    raw.send(optional('foo:///system') + struct.pack('>I', 0), OPEN)
    refuses(raw, libvirt.VIR_ERR_NO_CONNECT, 0, 'no connection driver available for foo:///system')
    raw.open()
    raw.send(optional('test:///default') + struct.pack('>I', 0), OPEN)
    refuses(raw, libvirt.VIR_ERR_INTERNAL_ERROR, 7, 'already open')
    raw.close()


@t.case('unknown programs, versions and procedures are refused', needs_qemu=False)
def unknown():
    raw = Raw().open()
    raw.send(program=0x12345678)
    refuses(raw, libvirt.VIR_ERR_RPC, 7, r'Cannot find program')
    raw.send(version=7)
    refuses(raw, libvirt.VIR_ERR_RPC, 7, r'Cannot find program|version')
    for number in (9999, -1, 0, 1 << 30):
        raw.send(procedure=number)
        refuses(raw, libvirt.VIR_ERR_RPC, 7, '^unknown procedure')
    raw.send(procedure=9999, program=QEMU_PROGRAM)
    refuses(raw, libvirt.VIR_ERR_RPC, 7, '^unknown procedure|Cannot find program')
    raw.call(HOSTNAME)
    raw.close()


@t.case('arguments that do not fit are refused', needs_qemu=False)
def arguments():
    raw = Raw().open()
    for what, procedure, payload in (
            ('nothing', LOOKUP_NAME, b''),
            ('half a length', LOOKUP_NAME, b'\0\0'),
            ('a length without its text', LOOKUP_NAME, struct.pack('>I', 100)),
            ('a text beyond 4 MiB', LOOKUP_NAME, struct.pack('>I', 4194305) + bytes(4194308)),
            ('a length of 4 GiB', LOOKUP_NAME, struct.pack('>I', 0xffffffff) + b'abcd'),
            ('half an integer', LIST_ALL, struct.pack('>i', 1) + b'\0'),
            ('a pointer that is neither there nor not', REGISTER, struct.pack('>iI', 0, 7))):
        raw.send(payload, procedure)
        refuses(raw, libvirt.VIR_ERR_RPC, 7, r'[Uu]nable to decode message payload|decode')
        del what
    raw.send(string(b'\xff\xfe\0x'), LOOKUP_NAME)
    t.check(raw.error()[0] in (libvirt.VIR_ERR_NO_DOMAIN, libvirt.VIR_ERR_RPC,
                               libvirt.VIR_ERR_INVALID_ARG), 'a name of odd bytes')
    raw.call(HOSTNAME)
    raw.close()


@t.case('packets of a wrong length end the connection', needs_qemu=False)
def lengths():
    for length in (0, 3, 4, 27, LONGEST + 1, 0x7fffffff, 0xffffffff):
        raw = Raw().open()
        raw.send(length=length)
        raw.dropped(f'length {length}')
        alive()
    raw = Raw()
    raw.socket.sendall(b'GET / HTTP/1.0\r\n\r\n')
    raw.dropped('another protocol')
    alive()


@t.case('a length alone takes no memory', needs_qemu=False)
def no_memory_for_lengths():
    peak = Peak()
    held = []
    for _ in range(32):
        raw = Raw().open()
        raw.socket.sendall(struct.pack('>I', LONGEST) + b'x' * 100)
        held.append(raw)
    alive()
    grown = peak.grown()
    t.check(grown < 64 << 20, f'32 promises of 32 MiB took {grown >> 20} MiB')
    for raw in held:
        raw.close()
    alive()


def memory():
    with open(f'/proc/{d.process.pid}/statm') as file:
        return int(file.read().split()[1]) * resource.getpagesize()


class Peak:
    """How much more memory than at the begin the daemon has had at most."""

    def __init__(self):
        with open(f'/proc/{d.process.pid}/clear_refs', 'w') as file:
            file.write('5')
        self.before = memory()

    def grown(self):
        with open(f'/proc/{d.process.pid}/status') as file:
            return int(re.search(r'VmHWM:\s+(\d+) kB', file.read())[1]) * 1024 - self.before


@t.case('connections cut at any byte leave nothing', needs_qemu=False)
def cut():
    t.not_on_peer('opens more with its first client')
    packet = struct.pack('>IIIiIII', 28 + 8, PROGRAM, 1, LIST_ALL, CALL, 5, OK) + struct.pack(
        '>iI', 1, 0)
    for length in range(len(packet)):
        raw = Raw().open()
        raw.socket.sendall(packet[:length])
        raw.close()
    alive()
    nothing_left()


@t.case('a call may come byte by byte', needs_qemu=False)
def slow():
    raw = Raw().open()
    packet = struct.pack('>IIIiIII', 28, PROGRAM, 1, HOSTNAME, CALL, 77, OK)
    for n in range(len(packet)):
        raw.socket.sendall(packet[n:n + 1])
        if n % 9 == 0:
            alive()
    answer = raw.receive()
    t.equal((answer[3], answer[4]), (77, OK), 'serial and status')
    raw.close()


@t.case('what only a server says is swallowed; a call of status ERROR is refused', needs_qemu=False)
def wrong_kinds():
    raw = Raw().open()
    raw.send(kind=REPLY)
    raw.send(kind=MESSAGE, procedure=318)
    raw.send(kind=STREAM, status=CONTINUE, payload=b'data')
    raw.send(kind=STREAM, status=OK)
    raw.send(b'', HOSTNAME, serial=500)
    packet = raw.receive()
    t.equal((packet[3], packet[4]), (500, OK), 'the answer to the good call')
    raw.send(b'', HOSTNAME, status=ERROR)
    refuses(raw, libvirt.VIR_ERR_RPC, 7, 'status')
    raw.call(HOSTNAME)
    raw.close()


@t.case('pings are answered, before open and after', needs_qemu=False)
def pings():
    raw = Raw()
    for _ in range(3):
        raw.send(program=KEEPALIVE, procedure=1, kind=MESSAGE, serial=0)
        packet = raw.receive()
        t.equal(packet[:3], (KEEPALIVE, 2, MESSAGE), 'pong')
    raw.open()
    raw.send(program=KEEPALIVE, procedure=1, kind=MESSAGE, serial=0)
    t.equal(raw.receive()[:3], (KEEPALIVE, 2, MESSAGE), 'pong')
    raw.send(program=KEEPALIVE, procedure=9, kind=MESSAGE, serial=0)
    raw.call(HOSTNAME)
    raw.close()


@t.case('many calls at once are all answered', needs_qemu=False)
def pipelined():
    raw = Raw().open()
    serials = list(range(1000, 1100))
    for serial in serials:
        raw.send(b'', HOSTNAME, serial=serial)
    t.equal(sorted(raw.receive()[3] for _ in serials), serials, 'serials')
    raw.close()


@t.case('a client that reads nothing is bounded and dropped; the others are served', needs_qemu=False)
def mute():
    t.not_on_peer('reads on')
    conn = libvirt.open(d.uri('test'))
    domain = conn.defineXML(t.fake_xml('big', extra='<description>' + 'x' * 60000 +
                                       '</description>'))
    raw = Raw().open()
    raw.socket.setblocking(False)
    call = struct.pack('>IIIiIII', 28 + 4 + 8 + 16 + 4 + 4, PROGRAM, 1, XML, CALL, 9, OK) + string(
        'big') + domain.UUID() + struct.pack('>iI', -1, 0)
    call = struct.pack('>I', len(call)) + call[4:]
    peak, asked, rest, end = Peak(), 0, call, 'is not read from'
    while select.select([], [raw.socket], [], 2)[1]:  # 2 s: it takes no more, as good as dropped
        try:
            rest = rest[raw.socket.send(rest):]
        except (BrokenPipeError, ConnectionResetError):
            end = 'is dropped'
            break
        if not rest:
            rest, asked = call, asked + 1
            if asked % 1000 == 0:
                alive()
    grown = peak.grown()
    print(f'# after {asked} calls it {end}; {grown >> 20} MiB of memory')
    t.check(grown < OVERHEAD * UNREAD, f'a mute client took {grown >> 20} MiB')
    alive()
    t.equal([x.name() for x in conn.listAllDomains()][-1:], ['big'], 'list')
    raw.close()
    domain.undefine()
    conn.close()


@t.case('a mute listener of events does not grow without bound', needs_qemu=False)
def mute_listener():
    t.not_on_peer('is not asked')
    raw = Raw().open()
    raw.call(REGISTER, struct.pack('>iI', 0, 0))
    conn = libvirt.open(d.uri('test'))
    domain = conn.defineXML(t.fake_xml('blinker'))
    domain.create()
    peak = Peak()
    for _ in range(3000):
        domain.suspend()
        domain.resume()
    grown = peak.grown()
    t.check(grown < 64 << 20, f'6000 unread events took {grown >> 20} MiB')
    domain.destroy()
    domain.undefine()
    conn.close()
    raw.close()
    alive()


@t.case('five hundred connections at once', needs_qemu=False)
def many():
    t.not_on_peer('has its limit')
    raws = [Raw().open() for _ in range(500)]
    for raw in raws:
        raw.call(HOSTNAME)
    alive()
    for raw in raws:
        raw.close()
    alive()
    nothing_left()


@t.case('a thousand clients with half a packet each, and the next one is served', needs_qemu=False)
def thousand():
    t.not_on_peer('has its limit')
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard < 1200:
        raise t.Skip('too few descriptors')
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    peak = Peak()
    raws = []
    packet = struct.pack('>IIIiIII', 28, PROGRAM, 1, HOSTNAME, CALL, 3, OK)
    for n in range(1000):
        raw = Raw()
        raw.socket.sendall(packet[:1 + n % 27])
        raws.append(raw)
        if n % 100 == 0:
            alive()
    alive()
    grown = peak.grown()
    t.check(grown < 96 << 20, f'1,000 half packets took {grown >> 20} MiB')
    for raw in raws:
        raw.close()
    alive()
    nothing_left()


@t.case('calls of others are served in between those of a flood', needs_qemu=False)
def flood():
    """By order: when the other's answer is there, calls that were sent before it still wait."""
    t.not_on_peer('answers five at a time')
    raws = [Raw().open() for _ in range(8)]
    call = struct.pack('>IIIiIII', 28, PROGRAM, 1, HOSTNAME, CALL, 3, OK)
    answer = 28 + len(raws[0].call(HOSTNAME))
    for raw in raws:
        raw.socket.setblocking(False)
        raw.sent = 0
    peak, between = Peak(), 0
    other = Raw().open()
    for _ in range(50):
        for raw in raws:
            try:
                raw.sent += raw.socket.send((call * 4000)[raw.sent % 28:])
            except BlockingIOError:
                pass
        other.call(HOSTNAME)
        answered = sum(waiting(raw) // answer for raw in raws)
        between += answered < sum(raw.sent // 28 for raw in raws)
    t.equal(between, 50, 'answers to the other client before the flood had been answered')
    grown = peak.grown()
    answers = sum(raw.sent // 28 for raw in raws)
    print(f'# {answers} answers of {answer} bytes; {grown >> 20} MiB of memory')
    t.check(grown < answers * (answer + SMALL) + (32 << 20), f'a flood took {grown >> 20} MiB')
    for raw in [other, *raws]:
        raw.close()
    alive()
    nothing_left()


def waiting(raw):
    """Bytes of answers that lie in the client's socket."""
    return struct.unpack('i', fcntl.ioctl(raw.socket, termios.FIONREAD, b'\0' * 4))[0]


@t.case('the read-only flag and socket bind the raw client too', needs_qemu=False)
def read_only():
    for raw in (Raw(ro=True).open(), Raw().open(flags=1)):
        raw.send(string('<domain/>'), DEFINE)
        refuses(raw, libvirt.VIR_ERR_OPERATION_DENIED, 20, 'read only access prevents')
        raw.call(HOSTNAME)
        raw.close()


@t.case('clients that leave in the middle of a call leave nothing', needs_qemu=False)
def leave():
    t.not_on_peer('forgets its test domains with the client')
    for n in range(20):
        raw = Raw().open()
        raw.send(string(t.fake_xml(f'orphan{n}')), DEFINE)
        raw.close()
    conn = libvirt.open(d.uri('test'))
    t.look_until(lambda: len([x for x in conn.listAllDomains() if 'orphan' in x.name()]) == 20,
                 'the definitions')
    for domain in conn.listAllDomains():
        if 'orphan' in domain.name():
            domain.undefine()
    del domain  # it would hold the connection
    conn.close()
    nothing_left()


@t.case('it ends in good order after all that', needs_qemu=False)
def end():
    alive()
    d.stop()


t.main()
