"""virsh's verbs and questions beyond the story: the host and what it can run, edits of configurations,
and what changes a running guest."""

import os
import re
import xml.etree.ElementTree as ET

import libvirt

import ostlertest as t

daemon = t.new_daemon()


# the host, and what it can run

@t.case('capabilities tell of the host and of the guests that it runs')
def capabilities():
    daemon.start()
    caps = ET.fromstring(daemon.virsh('capabilities').out)
    t.equal(caps.findtext('host/cpu/arch'), os.uname().machine, 'architecture')
    cpus = caps.findall('host/topology/cells/cell/cpus/cpu')
    t.equal(len(cpus), os.cpu_count(), 'processors of the topology')
    t.check(int(caps.findtext('host/topology/cells/cell/memory')) > 1024, 'memory of the cell')
    t.equal(caps.findtext('guest/os_type'), 'hvm', 'os type')
    arch = next(a for a in caps.findall('guest/arch') if a.get('name') == 'x86_64')
    t.equal(arch.findtext('emulator'), '/usr/bin/qemu-system-x86_64', 'emulator')
    t.check('qemu' in [d.get('type') for d in arch.findall('domain')], 'domain type qemu')
    alias = next(m for m in arch.findall('machine') if m.text == 'pc')
    matches = [m.text for m in arch.findall('machine')]
    t.check(alias.get('canonical') in matches, 'the canonical machine is listed too')


@t.case('domain capabilities tell of one kind of guest')
def domain_capabilities():
    caps = ET.fromstring(daemon.virsh('domcapabilities', '--machine', 'q35').out)
    t.equal(caps.findtext('path'), '/usr/bin/qemu-system-x86_64', 'path')
    t.matches('^pc-q35-', caps.findtext('machine'), 'machine')
    t.check(int(caps.find('vcpu').get('max')) >= 255, 'most virtual processors')
    buses = [v.text for v in caps.findall("devices/disk/enum[@name='bus']/value")]
    t.check('virtio' in buses and 'sata' in buses, f'disk buses: {buses}')
    models = caps.findall("cpu/mode[@name='custom']/model")
    t.check(any(m.text == 'qemu64' and m.get('usable') == 'yes' for m in models), 'qemu64 is usable')
    for args, words in ((['--machine', 'foo'], "the machine 'foo' is not supported by emulator "
                                               "'/usr/bin/qemu-system-x86_64'"),
                        (['--virttype', 'foo'], 'unknown virttype: foo'),
                        (['--arch', 'f/o'], 'unknown architecture: f/o'),
                        (['--emulatorbin', '/bin/nope'],
                         'Cannot check QEMU binary /bin/nope: No such file or directory'),
                        (['--arch', 'aarch64'], "unable to find any emulator to serve 'aarch64'")):
        daemon.virsh_fails('domcapabilities', *args, text=re.escape(words))


@t.case('the host tells of its processors and its memory')
def node():
    count = os.cpu_count()
    t.equal(daemon.virsh('maxvcpus').out.strip(), '255', 'maxvcpus')
    daemon.virsh_fails('maxvcpus', '--type', 'zz', text='unknown type')
    cpus = daemon.virsh('nodecpumap').out
    t.matches(rf'CPUs online: *{count}\n', cpus, 'nodecpumap')
    for name in ('user', 'system', 'idle', 'iowait'):
        t.matches(rf'{name}: +\d+', daemon.virsh('nodecpustats').out, 'nodecpustats')
        t.matches(rf'{name}: +\d+', daemon.virsh('nodecpustats', '--cpu', '0').out, 'nodecpustats 0')
    daemon.virsh_fails('nodecpustats', '--cpu', '99999', text='invalid argument')
    t.matches(r'total *: +[1-9]\d* KiB\nfree *: +[1-9]\d* KiB\nbuffers: +\d+ KiB\ncached *: +\d+ KiB',
              daemon.virsh('nodememstats').out, 'nodememstats')
    t.matches(r'Total: [1-9]\d* KiB', daemon.virsh('freecell').out, 'freecell')
    t.matches(r'0: +[1-9]\d* KiB', daemon.virsh('freecell', '--all').out, 'freecell --all')
    t.check('qemu64' in daemon.virsh('cpu-models', 'x86_64').out.split(), 'cpu-models')
    daemon.virsh_fails('cpu-models', 'zzz', text='cannot find architecture zzz')


# edits of a configuration

def vm_xml(name, guest=False, devices='', balloon="<memballoon model='none'/>"):
    """As domain_xml(), with four processors at most, two of them at boot, and room for memory."""
    xml = t.domain_xml(name, memory=128, devices=devices, console=None)
    xml = xml.replace('<vcpu>1</vcpu>', "<vcpu current='2'>4</vcpu>")
    return xml.replace("<memballoon model='none'/>", balloon)


def config(name, inactive=True):
    return ET.fromstring(daemon.virsh('dumpxml', name, *(['--inactive'] if inactive else [])).out)


@t.case('title, description and elements are set, told and removed')
def metadata():
    daemon.define(vm_xml('vm1'))
    events = t.Events(daemon)
    daemon.virsh('desc', 'vm1', '--title', 'A title')
    daemon.virsh('desc', 'vm1', 'Some words\nin two lines')
    t.equal(config('vm1').findtext('title'), 'A title', 'title')
    t.matches('Some words', daemon.virsh('desc', 'vm1').out, 'desc')
    t.matches('A title', daemon.virsh('list', '--all', '--title').out, 'list --title')
    daemon.virsh_fails('desc', 'vm1', '--title', 'two\nlines', text='newlines')
    for uri, key in (('http://a.org/1', 'a'), ('http://b.org/1', 'b')):
        daemon.virsh('metadata', 'vm1', uri, '--key', key, '--set', f"<x n='{key}'><y>1</y></x>")
    t.matches(r"<x n='?\"?a", daemon.virsh('metadata', 'vm1', 'http://a.org/1').out, 'metadata')
    t.check(config('vm1').find('metadata/{http://b.org/1}x/{http://b.org/1}y') is not None,
            'the element has its name space')
    daemon.virsh('metadata', 'vm1', 'http://a.org/1', '--key', 'a', '--set', "<z/>")
    t.check(config('vm1').find('metadata/{http://a.org/1}x') is None, 'replaced')
    daemon.virsh('metadata', 'vm1', 'http://a.org/1', '--remove')
    daemon.virsh_fails('metadata', 'vm1', 'http://a.org/1', text='not present')
    daemon.virsh('metadata', 'vm1', 'http://b.org/1')
    daemon.virsh_fails('metadata', 'vm1', 'http://a.org/1', '--key', 'a', '--set', '<open>',
                       text='metadata_xml')
    daemon.virsh('desc', 'vm1', '--title', '')
    t.check(config('vm1').find('title') is None, 'the title is gone')
    events.until(r"metadata-change' for domain 'vm1': type title")
    events.until(r"metadata-change' for domain 'vm1': type description")
    events.until(r"metadata-change' for domain 'vm1': type element, uri http://a.org/1")
    events.close()


@t.case('memory and processors of a domain that is off')
def off():
    daemon.virsh('setmaxmem', 'vm1', '256M', '--config')
    daemon.virsh('setmem', 'vm1', '200M', '--config')
    t.equal(config('vm1').findtext('memory'), str(256 * 1024), 'memory')
    t.equal(config('vm1').findtext('currentMemory'), str(200 * 1024), 'current memory')
    daemon.virsh_fails('setmem', 'vm1', '300M', '--config', text='higher than max memory')
    daemon.virsh_fails('setmem', 'vm1', '100M', '--live', text='domain is not running')
    daemon.virsh('setmaxmem', 'vm1', '128M')
    t.equal(config('vm1').findtext('currentMemory'), str(128 * 1024), 'current memory follows')
    daemon.virsh('setvcpus', 'vm1', '3', '--config')
    t.equal(config('vm1').find('vcpu').get('current'), '3', 'processors at boot')
    daemon.virsh_fails('setvcpus', 'vm1', '5', '--config', text='greater than max allowable')
    daemon.virsh('setvcpus', 'vm1', '6', '--config', '--maximum')
    counts = daemon.virsh('vcpucount', 'vm1').out
    t.matches(r'maximum +config +6', counts, 'vcpucount')
    t.matches(r'current +config +3', counts, 'vcpucount')
    daemon.virsh('setvcpus', 'vm1', '2', '--config', '--maximum')
    t.equal(config('vm1').find('vcpu').get('current'), None, 'no more than the maximum')
    daemon.restart()
    t.equal(config('vm1').findtext('memory'), str(128 * 1024), 'memory after a restart')
    t.equal(config('vm1').findtext('vcpu'), '2', 'processors after a restart')


@t.case('a domain that is off gets another name')
def rename():
    daemon.define(vm_xml('other'))
    daemon.virsh('autostart', 'vm1')
    events = t.Events(daemon)
    daemon.virsh('domrename', 'vm1', 'vm2')
    events.until(r"'vm1': Undefined Renamed")
    events.until(r"'vm2': Defined Renamed")
    events.close()
    daemon.virsh_fails('dominfo', 'vm1', text='failed to get domain')
    t.equal(config('vm2').findtext('name'), 'vm2', 'name')
    daemon.virsh_fails('domrename', 'vm2', 'vm2', text="Can't rename domain to itself")
    daemon.virsh_fails('domrename', 'vm2', 'other', text='already exists')
    daemon.virsh_fails('domrename', 'vm2', 'a/b', text="'a/b' cannot be a domain's name")
    daemon.restart()
    t.matches('vm2', daemon.virsh('list', '--all', '--autostart').out, 'name after a restart')
    daemon.virsh('autostart', 'vm2', '--disable')
    daemon.virsh('domrename', 'vm2', 'vm1')
    daemon.virsh('undefine', 'other')


# a running guest

@t.case('what runs and the template are changed apart')
def live():
    daemon.virsh('undefine', 'vm1')
    daemon.define(vm_xml('vm1', balloon="<memballoon model='virtio'/>"))
    daemon.virsh('start', 'vm1')
    daemon.virsh('desc', 'vm1', '--live', '--title', 'what runs')
    t.equal(config('vm1', inactive=False).findtext('title'), 'what runs', 'live title')
    t.check(config('vm1').find('title') is None, 'the template has no title')
    daemon.virsh('desc', 'vm1', '--config', '--title', 'the next')
    t.equal(config('vm1').findtext('title'), 'the next', 'title of the template')
    t.equal(config('vm1', inactive=False).findtext('title'), 'what runs', 'live title')
    daemon.virsh('setmem', 'vm1', '96M', '--live', '--config')
    for inactive in (False, True):
        t.equal(config('vm1', inactive).findtext('currentMemory'), str(96 * 1024), 'memory')
    daemon.virsh_fails('setmaxmem', 'vm1', '200M', text='maximum memory on an active domain')
    daemon.virsh_fails('domrename', 'vm1', 'vm2', text='cannot rename active domain')
    daemon.virsh_fails('setvcpus', 'vm1', '9', '--live', text='greater than max allowable')
    daemon.restart()
    t.equal(config('vm1', inactive=False).findtext('title'), 'what runs', 'live title')
    daemon.virsh('destroy', 'vm1')
    t.equal(config('vm1').findtext('title'), 'the next', 'title when off')


@t.case('a guest without a balloon keeps its memory')
def no_balloon():
    daemon.define(vm_xml('stiff'))
    daemon.virsh('start', 'stiff')
    daemon.virsh_fails('setmem', 'stiff', '64M', '--live', text='without the balloon device')
    t.equal(config('stiff', inactive=False).findtext('currentMemory'), str(128 * 1024), 'memory')
    daemon.virsh('destroy', 'stiff')
    daemon.virsh('undefine', 'stiff')


@t.case('a reset guest boots anew')
def reset():
    daemon.virsh_fails('reset', 'vm1', text='domain is not running')
    daemon.virsh('start', 'vm1')
    with t.Console(daemon, 'vm1') as console:
        console.until(r'guest up \w+')
        first = console.boot_id()
        daemon.virsh('reset', 'vm1')
        console.until(r'guest up \w+')
        t.check(console.boot_id() != first, 'the guest is another one')
    daemon.virsh('destroy', 'vm1')


t.main()
