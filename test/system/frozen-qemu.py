#!/usr/bin/python3
"""One QEMU is stopped by SIGSTOP: everything else goes on, and destroy ends it.

What is asserted is the order: the calls below answer while QEMU is stopped and while a call on it
waits. Nothing here is a matter of milliseconds; bench/peer prints those."""

import os
import signal
import threading

import libvirt
import ostlertest as t

d = t.new_daemon()
frozen = {}


class Call:
    """A call in a thread of its own, on a connection of its own."""

    def __init__(self, name, function):
        self.conn = libvirt.open(d.uri())
        self.error = None
        self.done = threading.Event()
        domain = self.conn.lookupByName(name)
        self.thread = threading.Thread(target=self.run, args=(function, domain), daemon=True)
        self.thread.start()

    def run(self, function, domain):
        try:
            function(domain)
        except libvirt.libvirtError as error:
            self.error = error
        self.done.set()

    def join(self):
        t.check(self.done.wait(t.HANG), 'a call on the frozen guest never ended')
        self.conn.close()


def still_frozen(what):
    t.equal(t.process_state(frozen['pid']), 'T', f'QEMU while asking for {what}')
    t.check(not frozen['call'].done.is_set(), f'the waiting call ended before {what}')


@t.case('two guests run, one is stopped, a call on it waits')
def begin():
    d.start()
    for name in ('ice', 'fire'):
        d.define(t.domain_xml(name))
        d.virsh('start', name)
        with t.Console(d, name) as console:
            console.tick()
    frozen['pid'] = d.guest_pid('ice')
    os.kill(frozen['pid'], signal.SIGSTOP)
    frozen['call'] = Call('ice', lambda domain: domain.suspend())


@t.case('reads of the frozen guest answer')
def reads():
    conn = d.connect()
    ice = conn.lookupByName('ice')
    t.equal(ice.info()[0], libvirt.VIR_DOMAIN_RUNNING, 'state')
    still_frozen('info')
    t.equal(ice.state()[0], libvirt.VIR_DOMAIN_RUNNING, 'state')
    still_frozen('state')
    t.matches('<name>ice</name>', ice.XMLDesc())
    still_frozen('XML')
    t.check(ice.isActive(), 'it is not active')
    t.check(not ice.hasManagedSaveImage(), 'it has an image')
    ice.jobInfo()
    still_frozen('job info')
    t.equal(ice.autostart(), 0, 'autostart')
    ice.setAutostart(0)


@t.case('lists and connection calls answer')
def lists():
    conn = d.connect()
    t.equal(sorted(domain.name() for domain in conn.listAllDomains()), ['fire', 'ice'], 'domains')
    still_frozen('list')
    t.matches('ice +running', d.virsh('list', '--all').out)
    still_frozen('virsh list')
    conn.getCapabilities()
    t.check(conn.getVersion() > 0, 'version')
    still_frozen('capabilities')


@t.case('every verb on other guests works')
def others():
    conn = d.connect()
    fire = conn.lookupByName('fire')
    fire.suspend()
    fire.resume()
    still_frozen('suspend and resume')
    with t.Console(d, 'fire') as console:
        count = console.count()
    fire.managedSave()
    still_frozen('managed save')
    fire.create()
    with t.Console(d, 'fire') as console:
        t.check(console.count() >= count, 'fire lost its counter')
    still_frozen('start')
    new = conn.defineXML(t.domain_xml('water'))
    new.createWithFlags(libvirt.VIR_DOMAIN_START_PAUSED)
    new.destroy()
    new.undefine()
    still_frozen('define, create, destroy, undefine')
    fire.destroy()
    still_frozen('destroy of another')


@t.case('destroy ends the frozen guest, and with it the call that waited')
def destroy():
    t.not_on_peer('destroy waits behind the call for 30 s')
    conn = d.connect()
    ice = conn.lookupByName('ice')
    ice.destroy()
    t.check(t.process_state(frozen['pid']) in (None, 'Z'), 'QEMU is there after destroy')
    t.equal(ice.state(), [libvirt.VIR_DOMAIN_SHUTOFF, libvirt.VIR_DOMAIN_SHUTOFF_DESTROYED], 'state')
    frozen['call'].join()
    t.check(frozen['call'].error, 'suspend of a dead guest succeeded')
    ice.create()
    with t.Console(d, 'ice') as console:
        console.tick()
    ice.destroy()


@t.case('a guest that thaws answers what waited')
def thaw():
    conn = d.connect()
    ice = conn.lookupByName('ice')
    if not ice.isActive():
        ice.create()
    pid = d.guest_pid('ice')
    os.kill(pid, signal.SIGSTOP)
    call = Call('ice', lambda domain: domain.suspend())
    t.check(ice.isActive(), 'active')
    os.kill(pid, signal.SIGCONT)
    call.join()
    t.check(not call.error, f'suspend after the thaw: {call.error}')
    t.equal(ice.state()[0], libvirt.VIR_DOMAIN_PAUSED, 'state')
    ice.destroy()


@t.case('a QEMU killed from outside is off, and its waiting call ends')
def killed():
    conn = d.connect()
    events = t.Events(d)
    ice = conn.lookupByName('ice')
    ice.create()
    pid = d.guest_pid('ice')
    os.kill(pid, signal.SIGSTOP)
    call = Call('ice', lambda domain: domain.suspend())
    os.kill(pid, signal.SIGKILL)
    call.join()
    t.check(call.error, 'suspend of a killed guest succeeded')
    events.until(r"'ice': Stopped (Failed|Crashed|Destroyed)")
    events.close()
    t.check(not ice.isActive(), 'it is active')
    for name in ('ice', 'fire'):
        conn.lookupByName(name).undefine()


t.main()
