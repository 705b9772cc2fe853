#!/usr/bin/python3
"""The daemon ends, is killed, starts again, and is one alone on its root."""

import os
import signal
import subprocess

import libvirt
import ostlertest as t

d = t.new_daemon()
facts = {}


@t.case('two guests run, one of them paused')
def begin():
    d.start()
    for name in ('walks', 'waits'):
        d.define(t.domain_xml(name))
        d.virsh('start', name)
        with t.Console(d, name) as console:
            console.tick()
            facts[name] = (d.guest_pid(name), d.virsh('domid', name).out, console.boot_id())
    d.virsh('suspend', 'waits')


def as_before(reason):
    for name in ('walks', 'waits'):
        t.equal((d.guest_pid(name), d.virsh('domid', name).out), facts[name][:2], f'{name} {reason}')
    t.matches('^running', d.virsh('domstate', 'walks').out)
    t.equal(d.virsh('domstate', '--reason', 'waits').out, 'paused (user)', 'state of waits')
    with t.Console(d, 'walks') as console:
        console.tick()
        t.equal(console.boot_id(), facts['walks'][2], 'boot')


@t.case('SIGTERM ends the daemon in good order and leaves the guests; a new one finds them')
def term():
    d.stop()
    t.equal(len(d.guests()), 2, 'guests without a daemon')
    d.start()
    as_before('after SIGTERM')


@t.case('so does kill -9')
def kill():
    d.kill()
    t.equal(len(d.guests()), 2, 'guests without a daemon')
    d.start()
    as_before('after kill -9')


@t.case('SIGINT ends it too, and sockets are gone')
def interrupt():
    t.not_on_peer('has no word on it')
    t.equal(d.signal(signal.SIGINT), 0, 'exit code')
    t.check(not os.path.exists(d.socket), 'the socket is left')
    d.start()
    as_before('after SIGINT')


@t.case('a second daemon on the same root is refused and told the pid of the first')
def second():
    t.not_on_peer('has no root')
    done = subprocess.run(d.arguments(), env=d.environment(), capture_output=True, text=True,
                          timeout=t.HANG)
    t.equal(done.returncode, 1, 'exit code of the second')
    t.matches(rf'\b{d.process.pid}\b', done.stderr, 'what the second says')
    t.equal(len(done.stderr.strip().splitlines()), 1, f'lines of {done.stderr!r}')
    as_before('after a second daemon')


@t.case('a bad command line is refused with one line')
def options():
    t.not_on_peer('is another program')
    for args in (['--nonsense'], ['--socket-mode', '9'], ['--log-level', 'loud'], ['extra'],
                 ['--root']):
        done = subprocess.run([d.binary, *args], capture_output=True, text=True, timeout=t.HANG)
        t.equal(done.returncode, 2, f'exit code of {args}')
        t.check(done.stderr.strip(), f'{args} says nothing')


@t.case('a root that cannot be made is refused')
def bad_root():
    t.not_on_peer('has no root')
    done = subprocess.run([d.binary, '--root', '/proc/ostler'], capture_output=True, text=True,
                          timeout=t.HANG)
    t.equal(done.returncode, 1 if done.returncode == 1 else 2, 'exit code')
    t.matches('/proc/ostler', done.stderr)


@t.case('a guest that died while no daemon ran is off, and can be started')
def died():
    d.stop()
    os.kill(facts['waits'][0], signal.SIGKILL)
    t.wait_gone(facts['waits'][0], 'the guest')
    d.start()
    t.matches('^shut off', d.virsh('domstate', 'waits').out)
    t.equal(d.guest_pid('walks'), facts['walks'][0], 'the other guest')
    d.virsh('start', 'waits')
    d.virsh('destroy', 'waits')


@t.case('a guest saved before is saved under the next daemon')
def saved():
    d.virsh('managedsave', 'walks')
    d.restart()
    t.equal(d.virsh('list', '--all', '--name', '--with-managed-save').out, 'walks', 'saved')
    d.virsh('start', 'walks')
    with t.Console(d, 'walks') as console:
        console.tick()
        t.equal(console.boot_id(), facts['walks'][2], 'boot')


@t.case('definitions, autostart and descriptions last')
def lasts():
    d.virsh('autostart', 'waits')
    before = d.virsh('dumpxml', '--inactive', 'waits').out
    d.kill()
    d.start()
    t.equal(d.virsh('dumpxml', '--inactive', 'waits').out, before, 'XML')
    t.equal(d.virsh('list', '--all', '--autostart', '--name').out, 'waits', 'autostart')


@t.case('the socket for looking only refuses to change anything')
def read_only():
    conn = libvirt.open(d.uri(ro=True))  # as if it could write: the daemon must refuse
    t.equal(sorted(domain.name() for domain in conn.listAllDomains()), ['waits', 'walks'], 'domains')
    waits, walks = conn.lookupByName('waits'), conn.lookupByName('walks')
    t.check(walks.isActive(), 'walks')
    t.matches('<name>walks', walks.XMLDesc())
    for call, args in ((waits.create, ()), (walks.destroy, ()), (walks.suspend, ()),
                       (walks.resume, ()), (walks.shutdown, ()), (walks.reboot, ()),
                       (waits.undefine, ()), (walks.managedSave, ()), (waits.setAutostart, (1,)),
                       (walks.save, (os.path.join(d.dir, 'no.save'),)), (walks.abortJob, ()),
                       (conn.defineXML, (t.domain_xml('new'),)),
                       (conn.createXML, (t.domain_xml('new'),)),
                       (conn.restore, (os.path.join(d.dir, 'no.save'),)),
                       (walks.XMLDesc, (libvirt.VIR_DOMAIN_XML_SECURE,))):
        t.raises(libvirt.VIR_ERR_OPERATION_DENIED, call, *args, text='operation forbidden')
    conn.close()
    t.equal(d.virsh('list', '--all', '--name', ro=True).out.split(), ['walks', 'waits'], 'list')


@t.case('its sockets and folders are closed to others')
def modes():
    t.not_on_peer('has its own')
    for path in (d.socket, d.socket_ro):
        t.equal(oct(os.stat(path).st_mode & 0o777), oct(0o600), path)


@t.case('the end')
def end():
    d.virsh('destroy', 'walks')
    for name in ('walks', 'waits'):
        d.virsh('undefine', name)
    d.stop()
    d.start()
    t.equal(d.virsh('list', '--all', '--name').out, '', 'domains')


t.main()
