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


t.main()
