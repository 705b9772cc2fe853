#!/usr/bin/python3
"""The operator's day on the fake hypervisor: no QEMU, the same verbs and the same words."""

import os

import libvirt
import ostlertest as t

NAME = 'dream'
d = t.new_daemon()


def virsh(*args, **kwargs):
    return d.virsh(*args, scheme='test', **kwargs)


def names(*filters):
    return [name for name in virsh('list', '--name', *filters).out.split() if name != 'test']


def state():
    return virsh('domstate', '--reason', NAME).out


@t.case('connects under its own URI', needs_qemu=False)
def connect():
    d.start()
    conn = d.connect('test')
    t.equal(conn.getType().lower(), 'test', 'type')
    t.check(conn.getVersion() >= 0, 'version')
    conn.getCapabilities()
    t.raises(libvirt.VIR_ERR_NO_CONNECT, libvirt.open,
             f'nothing+unix:///system?socket={d.socket}', text='no connection driver')


@t.case('define, start, suspend, resume', needs_qemu=False)
def lifecycle():
    d.define(t.fake_xml(NAME), scheme='test')
    t.equal(names('--all'), [NAME], 'list --all')
    virsh('start', NAME)
    t.matches('^running', state())
    t.equal(names(), [NAME], 'list')
    virsh('suspend', NAME)
    t.equal(state(), 'paused (user)', 'state')
    virsh('resume', NAME)
    t.matches('^running', state())
    t.not_on_peer('its memory is another connection each time')


@t.case('qemu and test domains do not meet', needs_qemu=False)
def apart():
    t.not_on_peer('is not asked')
    t.equal(d.virsh('list', '--all', '--name').out, '', 'domains of qemu')
    d.virsh_fails('domstate', NAME, text='failed to get domain')


@t.case('managed save and the eight cases', needs_qemu=False)
def managed_save():
    t.not_on_peer('is not asked')
    virsh('managedsave', NAME)
    t.equal(state(), 'shut off (saved)', 'state')
    t.equal(names('--all', '--with-managed-save'), [NAME], 'with image')
    t.equal(names('--all', '--without-managed-save'), [], 'without image')
    d.virsh_fails('undefine', NAME, scheme='test', text='managed save image exists')
    virsh('start', NAME)
    t.equal(state(), 'running (restored)', 'state')
    t.equal(names('--all', '--with-managed-save'), [], 'with image')
    virsh('managedsave', NAME)
    virsh('start', '--force-boot', NAME)
    t.equal(state(), 'running (booted)', 'state')
    virsh('managedsave', NAME)
    virsh('managedsave-remove', NAME)
    t.equal(names('--all', '--with-managed-save'), [], 'with image')
    virsh('start', NAME)
    virsh('managedsave', NAME)
    virsh('undefine', '--managed-save', NAME)
    t.equal(names('--all'), [], 'domains')


@t.case('save, restore, destroy, shutdown, transient domains', needs_qemu=False)
def others():
    t.not_on_peer('is not asked')
    path = os.path.join(d.dir, 'fake.save')
    d.define(t.fake_xml(NAME), scheme='test')
    virsh('start', NAME)
    virsh('save', NAME, path)
    virsh('restore', path)
    t.equal(state(), 'running (restored)', 'state')
    virsh('destroy', NAME)
    t.equal(state(), 'shut off (destroyed)', 'state')
    virsh('start', NAME)
    virsh('shutdown', NAME)
    t.look_until(lambda: state() == 'shut off (shutdown)', 'the shutdown')
    virsh('undefine', NAME)
    conn = d.connect('test')
    domain = conn.createXML(t.fake_xml('passing'), 0)
    t.equal(domain.isPersistent(), 0, 'persistent')
    domain.destroy()
    t.equal(names('--all'), [], 'domains')


@t.case('events come', needs_qemu=False)
def events():
    t.not_on_peer('is not asked')
    listener = t.Events(d, scheme='test')
    d.define(t.fake_xml(NAME), scheme='test')
    listener.until(f"'{NAME}': Defined Added")
    virsh('start', NAME)
    listener.until(f"'{NAME}': Started Booted")
    virsh('suspend', NAME)
    listener.until(f"'{NAME}': Suspended Paused")
    virsh('destroy', NAME)
    listener.until(f"'{NAME}': Stopped Destroyed")
    virsh('undefine', NAME)
    listener.until(f"'{NAME}': Undefined Removed")
    listener.close()


@t.case('a thousand domains, defined, listed and removed', needs_qemu=False)
def thousand():
    t.not_on_peer('is not asked')
    conn = d.connect('test')
    made = [conn.defineXML(t.fake_xml(f'd{n}')) for n in range(1000)]
    t.equal(len(conn.listAllDomains()), 1000, 'domains')
    d.kill()
    d.start()
    conn = d.connect('test')
    domains = conn.listAllDomains()
    t.equal(sorted(x.name() for x in domains), sorted(f'd{n}' for n in range(1000)),
            'domains after kill -9')
    t.equal({x.UUIDString() for x in domains}, {x.UUIDString() for x in made}, 'uuids')
    for domain in domains:
        domain.undefine()
    t.equal(conn.listAllDomains(), [], 'domains')


t.main()
