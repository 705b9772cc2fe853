"""What the system tests share: a daemon of their own, its guests, consoles, events and leftovers.

    import ostlertest as t

    @t.case('a guest starts')
    def starts(): ...

    t.main()                      runs the cases in order, speaks TAP, ends every process

Every daemon lives in a folder of its own and is ended by pid. The cases run in a child of a process
that is a child subreaper, so that a QEMU that outlives its daemon is reaped when it ends, and `main`
can tell what is left over. Nothing here
sleeps to wait for an effect: it reads consoles, events, READY=1 and the ends of processes, and looks
again where the kernel has no event to offer. HANG bounds what never comes; no test measures time.

Environment: OSTLERD (the program), OSTLER_PEER=libvirtd (run against Debian's libvirtd instead, to
check what the tests expect of clients), OSTLER_KEEP=1 (keep the folders).
"""

import atexit
import collections
import ctypes
import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
import traceback
import tty
import uuid as uuid_module

import libvirt

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
HANG = float(os.environ.get('OSTLER_HANG', 600))
MEMORY_MIB = 96
PEER = os.environ.get('OSTLER_PEER') == 'libvirtd'

sys.stdout.reconfigure(line_buffering=True)
libvirt.registerErrorHandler(lambda *args: None, None)


class Failure(Exception):
    pass


class Skip(Exception):
    pass


def check(condition, what):
    if not condition:
        raise Failure(what)


def equal(got, want, what='value'):
    check(got == want, f'{what}: got {got!r}, want {want!r}')


def matches(pattern, text, what='text'):
    check(re.search(pattern, text), f'{what}: {pattern!r} is not in {text!r}')


def look_until(condition, what):
    """Looks again and again, for what the kernel tells nobody. Returns the first true answer."""
    end = time.monotonic() + HANG
    while True:
        answer = condition()
        if answer:
            return answer
        check(time.monotonic() < end, f'never came: {what}')
        time.sleep(0.02)


def raises(code, call, *args, text=None, **kwargs):
    """`call` fails with libvirt's error `code`; returns the message, which must be one line."""
    try:
        call(*args, **kwargs)
    except libvirt.libvirtError as error:
        message = error.get_error_message()
        equal(error.get_error_code(), code, f'error code of "{message}"')
        check('\n' not in message and message.strip(), f'not one line: {message!r}')
        if text:
            matches(text, message, 'message')
        return message
    raise Failure(f'{getattr(call, "__name__", call)} did not fail, wanted error {code}')


# processes

def _read(path):
    try:
        with open(path, 'rb') as file:
            return file.read()
    except OSError:
        return b''


def process_state(pid):
    """The letter of /proc/PID/stat, None when it is gone."""
    stat = _read(f'/proc/{pid}/stat')
    return stat.rpartition(b')')[2].split()[0].decode() if stat else None


def descendants():
    """{pid: command line} of the live processes that came out of this test."""
    parents = {}
    for name in os.listdir('/proc'):
        rest = _read(f'/proc/{name}/stat').rpartition(b')')[2].split() if name.isdigit() else None
        if rest and rest[0] != b'Z':
            parents[int(name)] = int(rest[1])

    def ours(pid):
        while pid in parents and pid != os.getppid():
            pid = parents[pid]
        return pid == os.getppid()
    return {pid: _read(f'/proc/{pid}/cmdline').replace(b'\0', b' ').decode('utf-8', 'replace')
            for pid in parents if ours(pid) and pid not in (os.getpid(), os.getppid())}


def wait_gone(pid, what):
    """Until the process is gone, or a zombie that awaits its parent."""
    try:
        fd = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([fd], [], [], HANG)
        check(ready, f'{what} (pid {pid}) does not end')
    finally:
        os.close(fd)


def under_reaper():
    """Forks: the child goes on with the tests, this process reaps what their daemons leave."""
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER
    child = os.fork()
    if not child:
        ctypes.CDLL(None).prctl(1, signal.SIGTERM, 0, 0, 0)  # PR_SET_PDEATHSIG
        signal.signal(signal.SIGTERM, lambda *args: sys.exit(1))
        return
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *args: os.kill(child, signal.SIGTERM))
    while True:
        pid, status = os.wait()
        if pid == child:
            os._exit(os.waitstatus_to_exitcode(status) & 0x7f if os.WIFEXITED(status) else 1)


# daemons

_daemons = []
_clients = set()  # virsh processes that run beside the test
Result = collections.namedtuple('Result', 'code out err')


class Daemon:
    """A daemon in its own folder. `dir` everything, `socket`, `socket_ro`, `process` while it runs."""

    program = 'daemon'

    def __init__(self, dir=None):
        # Short: the path of a unix socket has 107 bytes.
        self.dir = dir or tempfile.mkdtemp(prefix='ostler.', dir='/tmp')
        self.owned = dir is None
        self.process = None
        self.connections = []
        self.log_path = os.path.join(self.dir, f'{self.program}.log')
        _daemons.append(self)

    def arguments(self):
        raise NotImplementedError

    def environment(self):
        return dict(os.environ)

    def spawn(self, notify=None):
        env = self.environment()
        env.pop('NOTIFY_SOCKET', None)
        if notify:
            env['NOTIFY_SOCKET'] = notify
        log = open(self.log_path, 'ab')
        process = subprocess.Popen(self.arguments(), stdin=subprocess.DEVNULL, stdout=log,
                                   stderr=log, env=env, start_new_session=True)
        log.close()
        return process

    def start(self):
        """Starts it and waits for READY=1."""
        check(self.process is None, 'the daemon runs already')
        path = os.path.join(self.dir, 'notify')
        if os.path.exists(path):
            os.unlink(path)
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as notify:
            notify.bind(path)
            self.process = self.spawn(path)
            pidfd = os.pidfd_open(self.process.pid)
            try:
                end = time.monotonic() + HANG
                while True:
                    ready, _, _ = select.select([notify, pidfd], [], [], end - time.monotonic())
                    if notify in ready:
                        if b'READY=1' in notify.recv(4096).split(b'\n'):
                            break
                    elif pidfd in ready:
                        code = self.process.wait()
                        self.process = None
                        raise Failure(f'{self.program} ended at start ({code}): {self.log_tail()}')
                    else:
                        raise Failure(f'{self.program} does not become ready')
            finally:
                os.close(pidfd)
        os.unlink(path)
        return self

    def log(self):
        return _read(self.log_path).decode('utf-8', 'replace')

    def log_tail(self):
        return '\n'.join(self.log().splitlines()[-15:])

    def close_connections(self):
        for conn in self.connections:
            try:
                conn.close()
            except libvirt.libvirtError:
                pass
        self.connections = []

    def signal(self, number):
        """Ends it by a signal; returns the exit code (negative: the signal)."""
        self.process.send_signal(number)
        wait_gone(self.process.pid, self.program)
        code = self.process.wait()
        self.process = None
        return code

    def stop(self):
        """SIGTERM; must end in good order."""
        code = self.signal(signal.SIGTERM)
        check(code == 0, f'{self.program} ended with {code}: {self.log_tail()}')

    def kill(self):
        """kill -9."""
        self.signal(signal.SIGKILL)

    def restart(self):
        self.stop()
        return self.start()

    # clients

    def uri(self, scheme='qemu', ro=False):
        path = '/default' if scheme == 'test' else '/system'
        return f'{scheme}+unix://{path}?socket={self.socket_ro if ro else self.socket}'

    def connect(self, scheme='qemu', ro=False):
        conn = (libvirt.openReadOnly if ro else libvirt.open)(self.uri(scheme, ro))
        self.connections.append(conn)
        return conn

    def virsh(self, *args, scheme='qemu', ro=False, check_code=True, input=None):
        """Runs virsh. The result's out and err are stripped."""
        command = ['virsh', '--quiet', '-c', self.uri(scheme, ro)] + (['-r'] if ro else [])
        done = subprocess.run(command + [str(arg) for arg in args], text=True, input=input,
                              capture_output=True, timeout=HANG, env={**os.environ, 'LC_ALL': 'C'})
        result = Result(done.returncode, done.stdout.strip(), done.stderr.strip())
        if check_code:
            check(result.code == 0, f'virsh {" ".join(map(str, args))}: {result.err or result.out}')
        return result

    def virsh_fails(self, *args, text=None, **kwargs):
        result = self.virsh(*args, check_code=False, **kwargs)
        check(result.code != 0, f'virsh {args} did not fail: {result.out}')
        if text:
            matches(text, result.err, f'virsh {args[0]}')
        return result.err

    def define(self, xml, scheme='qemu'):
        path = os.path.join(self.dir, 'define.xml')
        with open(path, 'w') as file:
            file.write(xml)
        return self.virsh('define', path, scheme=scheme)

    # what is there

    def guests(self):
        """{pid: command line} of the QEMUs with a name that came out of this test."""
        return {pid: line for pid, line in descendants().items()
                if 'qemu-system' in line.split(' ')[0] and ' -name ' in line}

    def guest_pid(self, name):
        pids = [pid for pid, line in self.guests().items()
                if re.search(rf'-name (guest=)?{re.escape(name)}\b', line)]
        equal(len(pids), 1, f'processes of {name}')
        return pids[0]

    def descriptors(self):
        """What the daemon has open, as a sorted list without numbers."""
        folder = f'/proc/{self.process.pid}/fd'
        found = []
        for name in os.listdir(folder):
            try:
                target = os.readlink(f'{folder}/{name}')
            except OSError:
                continue
            found.append(re.sub(r'\[\d+\]', '', target))
        return sorted(found)

    def saved_path(self, name):
        raise NotImplementedError

    def cleanup(self):
        """Ends the daemon and its guests."""
        self.close_connections()
        if self.process:
            self.signal(signal.SIGTERM if self.process.poll() is None else 0)
        for pid in self.guests():
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
            wait_gone(pid, 'a guest')
        if self.owned and not os.environ.get('OSTLER_KEEP'):
            shutil.rmtree(self.dir, ignore_errors=True)


class Ostlerd(Daemon):
    program = 'ostlerd'
    binary = os.environ.get('OSTLERD') or os.path.join(TOP, 'build/src/daemon/ostlerd')
    # The guests' files lie where no other user comes by; qemu-user.py has one that does.
    options = ['--set', f'qemu_user={os.geteuid()}']

    def __init__(self, dir=None):
        super().__init__(dir)
        self.socket = os.path.join(self.dir, 'run/libvirt-sock')
        self.socket_ro = os.path.join(self.dir, 'run/libvirt-sock-ro')

    def arguments(self):
        return [self.binary, '--root', self.dir, *self.options]

    def environment(self):
        env = dict(os.environ)
        # Freed memory that ASan keeps for a while is not the daemon's.
        env['ASAN_OPTIONS'] = env.get('ASAN_OPTIONS', 'detect_leaks=1:exitcode=99') + \
            ':quarantine_size_mb=8'
        env['MALLOC_PERTURB_'] = env.get('MALLOC_PERTURB_', str(os.getpid() % 255 + 1))
        return env

    def saved_path(self, name):
        return os.path.join(self.dir, 'lib/save', f'{name}.save')

    def cleanup(self):
        clean = self.process is not None and self.process.poll() is None
        super().cleanup()
        log = self.log()
        found = re.search(r'(ERROR: (Address|Leak|Thread)Sanitizer|runtime error:|assertion).*', log,
                          re.I)
        check(not found, f'{self.program} log: {found and found.group(0)}')
        return clean


def new_daemon():
    """The daemon under test, not started."""
    if PEER:
        from libvirtd import Libvirtd
        return Libvirtd()
    return Ostlerd()


# guests

def guest_files():
    done = subprocess.run([os.path.join(TOP, 'test/guest/build')], capture_output=True, text=True)
    check(done.returncode == 0, done.stderr)
    return done.stdout.strip()


def have_qemu():
    return shutil.which('qemu-system-x86_64') is not None


def domain_xml(name, uuid=None, memory=MEMORY_MIB, devices='', console='', extra='', guest=None,
               head=''):
    """A guest of test/guest under TCG, its console a pty unless `console` says otherwise."""
    guest = guest or guest_files()
    console = console or "<serial type='pty'><target port='0'/></serial>"
    uuid = f'<uuid>{uuid}</uuid>' if uuid else ''
    return f'''<domain type='qemu'>
  <name>{name}</name>
  {uuid}
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type arch='x86_64' machine='pc'>hvm</type>
    <kernel>{guest}/vmlinuz</kernel>
    <initrd>{guest}/initrd.gz</initrd>
    <cmdline>console=ttyS0 quiet</cmdline>
  </os>
  <features><acpi/><apic/></features>
  {head}
  <devices>
    <emulator>/usr/bin/qemu-system-x86_64</emulator>
    {devices}
    {console}
    <memballoon model='none'/>
  </devices>
  {extra}
</domain>
'''


def fake_xml(name, uuid=None, extra=''):
    """A guest of the fake hypervisor."""
    uuid = f'<uuid>{uuid}</uuid>' if uuid else ''
    return f'''<domain type='test'>
  <name>{name}</name>
  {uuid}
  <memory unit='MiB'>8</memory>
  <vcpu>1</vcpu>
  <os><type>hvm</type></os>
  {extra}
</domain>
'''


def xen_xml(name, kernel='/kernel', initrd=None, memory=160, kind='linux', extra=''):
    """A guest of the Xen driver; 128 MiB are the least that its kernel lies in."""
    initrd = f'<initrd>{initrd}</initrd>' if initrd else ''
    return f'''<domain type='xen'>
  <name>{name}</name>
  <memory unit='MiB'>{memory}</memory>
  <vcpu>1</vcpu>
  <os>
    <type>{kind}</type>
    <kernel>{kernel}</kernel>
    {initrd}
    <cmdline>console=hvc0 quiet</cmdline>
  </os>
  <devices>
    <console type='pty'><target type='xen'/></console>
  </devices>
  {extra}
</domain>
'''


def new_uuid():
    return str(uuid_module.uuid4())


class Text:
    """What came from somewhere, read by a thread; `until` waits for a pattern in what is unread."""

    def __init__(self, what):
        self.what = what
        self.all = ''
        self.place = 0
        self.ended = None
        self.condition = threading.Condition()

    def feed(self, data):
        with self.condition:
            self.all += data
            self.condition.notify_all()

    def end(self, why):
        with self.condition:
            self.ended = why
            self.condition.notify_all()

    def until(self, pattern):
        """Waits for the pattern, moves behind it, returns the match."""
        end = time.monotonic() + HANG
        expression = re.compile(pattern)
        with self.condition:
            while True:
                match = expression.search(self.all, self.place)
                if match:
                    self.place = match.end()
                    return match
                tail = self.all[-300:]
                check(not self.ended, f'{self.what} ended ({self.ended}) before {pattern!r}: {tail!r}')
                check(self.condition.wait(end - time.monotonic()),
                      f'{self.what}: {pattern!r} never came: {tail!r}')

    def until_end(self):
        end = time.monotonic() + HANG
        with self.condition:
            while not self.ended:
                check(self.condition.wait(end - time.monotonic()), f'{self.what} does not end')
            return self.ended


class GuestTalk:
    """Words of the test guest over a Text with `send`."""

    def ask(self, line, answer):
        self.send(line + '\n')
        return self.until(answer)

    def count(self):
        return int(self.ask('count', r'count (\d+)\r?\n')[1])

    def boot_id(self):
        return self.ask('id', r'\bid (\w+)\r?\n')[1]

    def tick(self):
        """The next tick that the guest prints."""
        return int(self.until(r'tick (\d+)\r?\n')[1])


class Console(Text, GuestTalk):
    """A guest's console through a libvirt stream, on a connection of its own."""

    def __init__(self, daemon, name, flags=0, scheme='qemu', device=None):
        super().__init__(f'console of {name}')
        self.conn = libvirt.open(daemon.uri(scheme))
        self.stream = self.conn.newStream(0)
        try:
            self.conn.lookupByName(name).openConsole(device, self.stream, flags)
        except libvirt.libvirtError:
            self.stream = None
            self.conn.close()
            raise
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        try:
            while True:
                data = self.stream.recv(65536)
                if not data:
                    return self.end('eof')
                self.feed(data.decode('utf-8', 'replace'))
        except libvirt.libvirtError as error:
            self.end(error.get_error_message())

    def send(self, text):
        self.stream.send(text.encode())

    def close(self):
        """Aborts the stream, which ends the reader."""
        if self.stream is None:
            return
        try:
            self.stream.abort()
        except libvirt.libvirtError:
            pass
        self.thread.join(HANG)
        self.stream = None
        self.conn.close()

    def __enter__(self):
        return self

    def __exit__(self, *args):
        self.close()


class Interactive(Text, GuestTalk):
    """virsh on a terminal of its own: console, or any other command."""

    def __init__(self, daemon, *args, scheme='qemu'):
        super().__init__('virsh ' + ' '.join(args))
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(['virsh', '-c', daemon.uri(scheme), *args], stdin=slave,
                                        stdout=slave, stderr=slave, start_new_session=True,
                                        env={**os.environ, 'LC_ALL': 'C'})
        _clients.add(self)
        os.close(slave)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()

    def read(self):
        while True:
            try:
                data = os.read(self.master, 65536)
            except OSError:
                data = b''
            if not data:
                return self.end('eof')
            self.feed(data.decode('utf-8', 'replace'))

    def send(self, text):
        os.write(self.master, text.encode())

    def wait(self):
        """Until it has ended; returns its exit code."""
        wait_gone(self.process.pid, self.what)
        code = self.process.wait()
        _clients.discard(self)
        self.thread.join(HANG)
        os.close(self.master)
        return code

    def close(self):
        if self.process.poll() is None:
            self.process.terminate()
            self.wait()


class Events(Text):
    """`virsh event --all --loop`, a line an event."""

    def __init__(self, daemon, scheme='qemu', args=('--all',)):
        super().__init__('virsh event')
        self.process = subprocess.Popen(
            ['stdbuf', '-oL', 'virsh', '-c', daemon.uri(scheme), 'event', *args, '--loop'],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env={**os.environ, 'LC_ALL': 'C'})
        _clients.add(self)
        self.thread = threading.Thread(target=self.read, daemon=True)
        self.thread.start()
        self.ready(daemon, scheme)

    def ready(self, daemon, scheme):
        """virsh tells nobody when it has registered: define and undefine until it shows."""
        name = f'probe-{os.getpid()}-{id(self) & 0xffff}'
        conn = libvirt.open(daemon.uri(scheme))
        try:
            xml = {'test': fake_xml, 'xen': xen_xml}.get(scheme, domain_xml)(name)

            def seen():
                conn.defineXML(xml).undefine()
                with self.condition:
                    check(not self.ended, f'virsh event ended: {self.all}')
                    return self.condition.wait_for(lambda: name in self.all, 0.2)
            look_until(seen, 'the first event')
        finally:
            conn.close()
        self.until(rf"'{name}': Undefined")
        self.probe = name

    def read(self):
        while True:
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return self.end('eof')
            self.feed(data.decode('utf-8', 'replace'))

    def lines(self, name):
        """The events of one domain until now, without their head."""
        found = re.findall(rf"event '([\w-]+)' for domain '{re.escape(name)}'(?:: ([^\n]*))?\n", self.all)
        return [': '.join(part for part in line if part) for line in found]

    def close(self):
        self.process.terminate()
        wait_gone(self.process.pid, 'virsh event')
        self.process.wait()
        _clients.discard(self)
        self.thread.join(HANG)
        self.process.stdout.close()


# the run

_cases = []


def case(what, needs_qemu=True):
    def add(function):
        _cases.append((what, function, needs_qemu))
        return function
    return add


def not_on_peer(why):
    """Leaves a case out when the tests run against libvirtd."""
    if PEER:
        raise Skip(f'libvirtd: {why}')


def leftovers():
    """Processes that came out of this test and still run, and children that nobody waited for."""
    left = [f'{pid}: {line[:120]}' for pid, line in descendants().items()]
    for name in os.listdir('/proc'):
        stat = _read(f'/proc/{name}/stat') if name.isdigit() else b''
        rest = stat.rpartition(b')')[2].split()
        if rest and int(rest[1]) == os.getpid():
            left.append(f'not waited for: {stat[:40].decode("utf-8", "replace")}')
    return left


def _cleanup_all():
    failures = []
    for client in list(_clients):
        client.close()
    for daemon in _daemons:
        try:
            daemon.cleanup()
        except Exception as error:  # the next daemon still has to end
            failures.append(str(error))
    return failures


def main():
    """Runs the cases; a failed one ends the run, since the next ones build on it."""
    wanted = sys.argv[1:]
    cases = [c for c in _cases if not wanted or any(word in c[0] for word in wanted)]
    if not PEER and not os.access(Ostlerd.binary, os.X_OK):
        print(f'1..0 # SKIP no {Ostlerd.binary}')
        sys.exit(1)
    if not have_qemu() and all(c[2] for c in cases):
        print('1..0 # SKIP no qemu-system-x86_64')
        sys.exit(77)
    under_reaper()
    atexit.register(_cleanup_all)
    print(f'1..{len(cases) + 1}', flush=True)
    failed = False
    for number, (what, function, needs_qemu) in enumerate(cases, 1):
        begin = time.monotonic()
        try:
            if failed:
                raise Skip('an earlier case failed')
            if needs_qemu and not have_qemu():
                raise Skip('no qemu-system-x86_64')
            function()
            print(f'ok {number} - {what}', flush=True)
        except Skip as why:
            print(f'ok {number} - {what} # SKIP {why}', flush=True)
        except Exception as error:
            failed = True
            print(f'not ok {number} - {what}', flush=True)
            text = str(error) if isinstance(error, Failure) else ''
            for line in (text + '\n' + traceback.format_exc()).splitlines():
                print('#', line)
            for daemon in _daemons:
                for line in daemon.log_tail().splitlines():
                    print(f'# {daemon.program}:', line)
        print(f'# {time.monotonic() - begin:.1f} s', flush=True)
    atexit.unregister(_cleanup_all)
    problems = _cleanup_all()
    problems += [f'left over: {line}' for line in leftovers()]
    number = len(cases) + 1
    print(('not ok' if problems else 'ok'), number, '- nothing is left over', flush=True)
    for problem in problems:
        print('#', problem)
    sys.exit(1 if failed or problems else 0)
