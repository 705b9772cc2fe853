#!/usr/bin/python3
"""Who may connect, what the configuration says about it, and what the log tells."""

import os
import signal
import socket
import stat
import subprocess

import libvirt
import ostlertest as t

d = t.new_daemon()
path = os.path.join(d.dir, 'ostlerd.conf')


def configure(text):
    with open(path, 'w') as file:
        file.write(text)
    d.options = ['--config', path, '--set', f'qemu_user={os.geteuid()}']


def mode(name):
    return stat.S_IMODE(os.stat(name).st_mode)


@t.case('without a configuration both sockets are root\'s alone', needs_qemu=False)
def defaults():
    t.not_on_peer('has its own configuration')
    d.start()
    for name in (d.socket, d.socket_ro):
        t.equal(mode(name), 0o600, name)
        t.equal((os.stat(name).st_uid, os.stat(name).st_gid), (os.geteuid(), os.getegid()), name)
    d.stop()


@t.case('modes and group come from the file, and the command line wins', needs_qemu=False)
def sockets():
    if os.geteuid() != 0:
        raise t.Skip('only root gives sockets to a group')
    configure('unix_sock_group = nogroup\nunix_sock_rw_perms = 0660\nunix_sock_ro_perms = 0666\n')
    d.options += ['--set', 'unix_sock_rw_perms=0620']
    d.start()
    t.equal((mode(d.socket), mode(d.socket_ro)), (0o620, 0o666), 'modes')
    t.equal({os.stat(name).st_gid for name in (d.socket, d.socket_ro)}, {65534}, 'group')


def as_nobody(name):
    """Whether a stranger without groups may connect."""
    child = os.fork()
    if not child:
        try:
            os.setgroups([])
            os.setresgid(65533, 65533, 65533)
            os.setresuid(65534, 65534, 65534)
            with socket.socket(socket.AF_UNIX) as client:
                client.connect(name)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@t.case('the kernel keeps strangers out where the mode says so', needs_qemu=False)
def strangers():
    if os.geteuid() != 0:
        raise t.Skip('only root becomes a stranger')
    os.chmod(d.dir, 0o711)
    t.equal((as_nobody(d.socket), as_nobody(d.socket_ro)), (False, True), 'may connect')
    d.stop()


@t.case('each client stands in the log with its process and its user', needs_qemu=False)
def peers():
    configure('log_filters = "wire:info"\n')
    d.start()
    conn = d.connect(scheme='test')
    t.look_until(lambda: f'(pid {os.getpid()}, uid {os.geteuid()}): connected' in d.log(),
                 'the client in the log')
    conn = d.connect(scheme='test', ro=True)
    t.look_until(lambda: f'(pid {os.getpid()}, uid {os.geteuid()}, read-only): connected' in d.log(),
                 'the read-only client in the log')
    t.check(' info domain:' not in d.log(), 'another area is as loud')
    del conn
    d.close_connections()


@t.case('SIGHUP takes the levels of the log anew, and a bad file changes nothing', needs_qemu=False)
def reload():
    configure('log_filters = "wire:info domain:info"\n')
    d.process.send_signal(signal.SIGHUP)
    t.look_until(lambda: "read the log's levels again" in d.log(), 'the word of it')
    d.define(t.fake_xml('loud'), scheme='test')
    t.look_until(lambda: 'info domain: loud' in d.log(), 'the other area')
    configure('log_filters = "kitchen:info"\n')
    d.process.send_signal(signal.SIGHUP)
    t.look_until(lambda: f"nothing was changed: {path}:1: log_filters: there is no area 'kitchen'"
                 in d.log(), 'the complaint')
    d.virsh('list', scheme='test')
    d.stop()


@t.case('a bad file ends the daemon with its place, and exit code 2', needs_qemu=False)
def bad():
    for text, said in (('max_clients = 3\nkitchen = yes\n', ":2: unknown key 'kitchen'"),
                       ('max_clients = many\n', ":1: max_clients: 'many' is not a number"),
                       ('max_queue = 1\n\nmax_queue = 1\n', ':3: max_queue: was set in line 1')):
        configure(text)
        done = subprocess.run(d.arguments(), capture_output=True, text=True, timeout=t.HANG,
                              env=d.environment())
        t.equal(done.returncode, 2, f'exit code ({done.stderr})')
        t.equal(len(done.stderr.splitlines()), 1, 'lines of the complaint')
        t.check(f'{path}{said}' in done.stderr, f'{done.stderr!r}')
    configure('unix_sock_group = no-such-group-here\n')
    done = subprocess.run(d.arguments(), capture_output=True, text=True, timeout=t.HANG,
                          env=d.environment())
    t.equal(done.returncode, 1, f'exit code ({done.stderr})')
    t.matches("unix_sock_group: there is no group 'no-such-group-here'", done.stderr)


@t.case('clients beyond the limit are refused, and served when there is room', needs_qemu=False)
def limit():
    configure('max_clients = 3\n')
    d.start()
    held = [d.connect(scheme='test') for _ in range(3)]
    t.raises(libvirt.VIR_ERR_SYSTEM_ERROR, libvirt.open, d.uri('test'))
    t.equal(held[0].numOfDomains(), 0, 'domains')
    held.pop().close()
    d.connections.pop()

    def room():
        try:
            libvirt.open(d.uri('test')).close()
            return True
        except libvirt.libvirtError:
            return False
    t.look_until(room, 'room for another client')


t.main()
