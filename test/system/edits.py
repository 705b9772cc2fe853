"""Edits that a running guest follows: its processors and where they run, I/O threads, memory; of what
runs, of the template, and of both."""

import json
import os
import re
import xml.etree.ElementTree as ET

import ostlertest as t

daemon = t.new_daemon()
ALL = f'0-{os.cpu_count() - 1}' if os.cpu_count() > 1 else '0'
LAST = str(os.cpu_count() - 1)


def vm_xml(name, devices='', extra='', balloon='virtio'):
    """As domain_xml(), with four processors at most, two of them at boot."""
    xml = t.domain_xml(name, memory=192, devices=devices, console=None, extra=extra)
    xml = xml.replace('<vcpu>1</vcpu>', "<vcpu current='2'>4</vcpu>")
    return xml.replace("<memballoon model='none'/>", f"<memballoon model='{balloon}'/>")


def config(name, *flags):
    return ET.fromstring(daemon.virsh('dumpxml', name, *flags).out)


def live(name):
    return config(name)


def template(name):
    return config(name, '--inactive')


def threads(name):
    """Where the threads of the guest's QEMU may run: {thread: processors}."""
    pid = daemon.guest_pid(name)
    return {int(tid): os.sched_getaffinity(int(tid)) for tid in os.listdir(f'/proc/{pid}/task')}


def vcpu_threads(name):
    told = daemon.virsh('qemu-monitor-command', name, '{"execute": "query-cpus-fast"}').out
    return [cpu['thread-id'] for cpu in json.loads(told)['return']]


@t.case('pins of a template are kept')
def pins_of_template():
    daemon.start()
    daemon.define(vm_xml('vm1', extra='<iothreads>1</iothreads>'))
    daemon.virsh('vcpupin', 'vm1', '1', LAST, '--config')
    daemon.virsh('emulatorpin', 'vm1', '0', '--config')
    daemon.virsh('iothreadpin', 'vm1', '1', '0', '--config')
    tune = template('vm1').find('cputune')
    t.equal([(p.get('vcpu'), p.get('cpuset')) for p in tune.findall('vcpupin')], [('1', LAST)], 'vcpupin')
    t.equal(tune.find('emulatorpin').get('cpuset'), '0', 'emulatorpin')
    t.equal(tune.find('iothreadpin').get('cpuset'), '0', 'iothreadpin')
    pins = daemon.virsh('vcpupin', 'vm1').out
    t.matches(rf'0 +{ALL}\n 1 +{LAST}\n', pins, 'vcpupin')
    t.matches(r'0$', daemon.virsh('emulatorpin', 'vm1').out.strip(), 'emulatorpin')
    t.matches(r'1 +0', daemon.virsh('iothreadinfo', 'vm1').out, 'iothreadinfo')
    daemon.virsh_fails('vcpupin', 'vm1', '4', '0', '--config',
                       text='vcpu 4 is out of range of persistent cpu count 4')
    daemon.virsh_fails('vcpupin', 'vm1', '0', '0', '--live', text='domain is not running')
    daemon.virsh_fails('iothreadpin', 'vm1', '7', '0', '--config', text='iothreadid 7 not found')


@t.case('pins are applied at start, and shown')
def pins_at_start():
    daemon.virsh('start', 'vm1')
    tids = vcpu_threads('vm1')
    t.equal(len(tids), 2, 'virtual processors')
    where = threads('vm1')
    t.equal(where[tids[0]], set(range(os.cpu_count())), 'a processor without a pin')
    t.equal(where[tids[1]], {int(LAST)}, 'a pinned processor')
    t.equal(where[daemon.guest_pid('vm1')], {0}, 'the main thread')
    for tid in where.keys() - set(tids):
        t.equal(where[tid], {0}, f'thread {tid}')
    shown = daemon.virsh('vcpuinfo', 'vm1', '--pretty').out
    t.matches(rf'VCPU: +1\n(.*\n)*CPU Affinity: +{LAST} ', shown, 'vcpuinfo')


@t.case('pins of a running guest change, in what runs alone or in both')
def pins_live():
    tids = vcpu_threads('vm1')
    daemon.virsh('vcpupin', 'vm1', '0', '0')
    t.equal(threads('vm1')[tids[0]], {0}, 'vcpupin')
    t.equal(len(live('vm1').findall('cputune/vcpupin')), 2, 'pins of what runs')
    t.equal(len(template('vm1').findall('cputune/vcpupin')), 1, 'pins of the template')
    daemon.virsh('emulatorpin', 'vm1', LAST, '--live', '--config')
    t.equal(threads('vm1')[daemon.guest_pid('vm1')], {int(LAST)}, 'emulatorpin')
    t.equal(template('vm1').find('cputune/emulatorpin').get('cpuset'), LAST, 'of the template')
    daemon.virsh_fails('vcpupin', 'vm1', '2', '0', '--live',
                       text='vcpu 2 is out of range of live cpu count 2')
    daemon.virsh_fails('vcpupin', 'vm1', '0', '4000', text='.')
    t.equal(threads('vm1')[tids[0]], {0}, 'after what failed')
    daemon.restart()
    t.matches(rf'{LAST}$', daemon.virsh('emulatorpin', 'vm1').out.strip(), 'after a restart')
    t.matches(r'0 +0\n', daemon.virsh('vcpupin', 'vm1').out, 'after a restart')


@t.case('processors come and go while the guest runs')
def vcpus():
    with t.Console(daemon, 'vm1') as console:
        console.tick()
        console.ask('cpus', r'cpus 2')
        daemon.virsh('setvcpus', 'vm1', '3', '--live')
        t.equal(live('vm1').find('vcpu').get('current'), '3', 'processors of what runs')
        t.equal(template('vm1').find('vcpu').get('current'), '2', 'of the template')
        t.equal(len(vcpu_threads('vm1')), 3, 'processors of QEMU')
        console.ask('cpus', r'cpus 3')
        t.matches(r'current +live +3', daemon.virsh('vcpucount', 'vm1').out, 'vcpucount')
        daemon.virsh('vcpupin', 'vm1', '2', '0', '--live')
        t.equal(threads('vm1')[vcpu_threads('vm1')[2]], {0}, 'a plugged processor is pinned')
        daemon.virsh_fails('setvcpus', 'vm1', '1', '--live',
                           text='failed to find appropriate hotpluggable')
@t.case('a guest whose processors were plugged is saved and restored')
def save_plugged():
    daemon.virsh('managedsave', 'vm1')
    daemon.virsh('start', 'vm1')
    t.equal(live('vm1').find('vcpu').get('current'), '3', 'processors')
    with t.Console(daemon, 'vm1') as console:
        console.ask('cpus', r'cpus 3')


@t.case('I/O threads come and go')
def iothreads():
    daemon.virsh('iothreadadd', 'vm1', '3', '--live', '--config')
    t.matches(r'1 +0\n 3 +', daemon.virsh('iothreadinfo', 'vm1').out, 'iothreadinfo')
    daemon.virsh_fails('iothreadadd', 'vm1', '3', '--live', text="already using iothread_id '3'")
    told = daemon.virsh('qemu-monitor-command', 'vm1', '{"execute": "query-iothreads"}').out
    t.matches('iothread3', told, 'query-iothreads')
    daemon.virsh('iothreadpin', 'vm1', '3', LAST, '--live')
    daemon.virsh('iothreaddel', 'vm1', '3', '--live')
    told = daemon.virsh('qemu-monitor-command', 'vm1', '{"execute": "query-iothreads"}').out
    t.check('iothread3' not in told, 'the thread is gone')
    t.equal(live('vm1').findtext('iothreads'), '1', 'of what runs')
    t.equal(template('vm1').findtext('iothreads'), '2', 'of the template')
    daemon.virsh_fails('iothreaddel', 'vm1', '9', '--live', text="cannot find IOThread '9'")


@t.case('memory follows, and events tell of it')
def memory():
    events = t.Events(daemon)
    with t.Console(daemon, 'vm1'):
        daemon.virsh('setmem', 'vm1', '160M', '--live')
        events.until(r"balloon-change' for domain 'vm1': 163840KiB")
    t.equal(live('vm1').findtext('currentMemory'), str(160 * 1024), 'of what runs')
    t.equal(template('vm1').findtext('currentMemory'), str(192 * 1024), 'of the template')
    t.matches(r'Used memory: +163840 KiB', daemon.virsh('dominfo', 'vm1').out, 'dominfo')
    events.close()


@t.case('the guest reports on its memory as often as it is told to')
def period():
    daemon.virsh('dommemstat', 'vm1', '--period', '7', '--live', '--config')
    for xml in (live('vm1'), template('vm1')):
        t.equal(xml.find('devices/memballoon/stats').get('period'), '7', 'period')
    told = daemon.virsh('qemu-monitor-command', 'vm1',
                        '{"execute": "qom-get", "arguments": {"path": "/machine/peripheral/balloon0", '
                        '"property": "guest-stats-polling-interval"}}').out
    t.matches(r'"return": ?7', told, 'period of QEMU')
    daemon.virsh('dommemstat', 'vm1', '--period', '0')
    t.check(live('vm1').find('devices/memballoon/stats') is None, 'no period')
    daemon.virsh('destroy', 'vm1')
    daemon.virsh('undefine', 'vm1')


@t.case('a guest that gives no processor back keeps it')
def kept():
    """The firmware alone: QEMU knows that it gives nothing back."""
    xml = re.sub(r'<kernel>.*</cmdline>', '', vm_xml('stiff', balloon='none'), flags=re.S)
    daemon.define(xml)
    daemon.virsh('start', 'stiff')
    daemon.virsh('setvcpus', 'stiff', '3', '--live')
    daemon.virsh_fails('setvcpus', 'stiff', '2', '--live', text='device unplug request')
    t.equal(live('stiff').find('vcpu').get('current'), '3', 'processors of what runs')
    t.equal(len(vcpu_threads('stiff')), 3, 'processors of QEMU')
    daemon.virsh_fails('dommemstat', 'stiff', '--period', '3', text='Memory balloon model must be virtio')
    daemon.virsh('destroy', 'stiff')
    daemon.virsh('undefine', 'stiff')


t.main()
