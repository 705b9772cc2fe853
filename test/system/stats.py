#!/usr/bin/python3
"""What is read from a running guest's hypervisor: statistics, and what virsh shows of it."""

import json
import os
import re
import signal
import subprocess

import libvirt
import libvirt_qemu
import ostlertest as t

NAME = 'stats'
OFF = 'stats-off'
MAC = '52:54:00:00:00:01'
d = t.new_daemon()
conn = None

DEVICES = '''
<disk type='file' device='disk'>
  <driver name='qemu' type='qcow2'/><source file='{0}/top.qcow2'/><target dev='vda' bus='virtio'/>
</disk>
<disk type='file' device='cdrom'><target dev='hdc' bus='ide'/><readonly/></disk>
<interface type='user'><mac address='{1}'/><model type='virtio'/></interface>
<graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'/>
<video><model type='vga'/></video>
'''


def guest_xml(name):
    devices = DEVICES.format(d.dir, MAC) if name == NAME else ''
    xml = t.domain_xml(name, devices=devices, head='' if name == OFF else '<iothreads>1</iothreads>')
    return xml.replace("<memballoon model='none'/>",
                       "<memballoon model='virtio'><stats period='2'/></memballoon>")


def figures(text, pattern=r'^\s*(\S+?)=(.*)$'):
    return dict(re.findall(pattern, text, re.M))


def domstats(*args):
    return figures(d.virsh('domstats', *args).out)


def blkstat():
    return figures(d.virsh('domblkstat', NAME, 'vda').out, r'^vda (\S+) (\d+)$')


@t.case('a guest with a disk, an interface, a balloon and a display boots')
def start():
    global conn
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', f'{d.dir}/base.qcow2', '64M'],
                   check=True)
    subprocess.run(['qemu-img', 'create', '-q', '-f', 'qcow2', '-b', f'{d.dir}/base.qcow2', '-F',
                    'qcow2', f'{d.dir}/top.qcow2'], check=True)
    d.start()
    conn = d.connect()
    d.define(guest_xml(NAME))
    d.define(guest_xml(OFF))
    d.virsh('start', NAME)
    with t.Console(d, NAME) as console:
        console.tick()


@t.case('domstats tells every group')
def all_groups():
    stats = t.look_until(lambda: (lambda s: 'block.0.capacity' in s and s)(domstats(NAME)),
                         'statistics of the disk')
    for name, value in {'state.state': '1', 'balloon.maximum': str(t.MEMORY_MIB * 1024),
                        'balloon.current': str(t.MEMORY_MIB * 1024), 'vcpu.current': '1',
                        'vcpu.maximum': '1', 'vcpu.0.state': '1', 'net.count': '1',
                        'block.count': '2', 'block.0.name': 'vda', 'block.1.name': 'hdc',
                        'block.0.path': f'{d.dir}/top.qcow2',
                        'block.0.capacity': str(64 << 20), 'block.0.wr.bytes': '0'}.items():
        t.equal(stats.get(name), value, name)
    for name in ('cpu.time', 'cpu.user', 'balloon.rss', 'vcpu.0.time', 'block.0.rd.bytes',
                 'block.0.rd.reqs', 'block.0.physical'):
        t.check(int(stats[name]) > 0, f'{name} is {stats.get(name)}')
    for name in ('vcpu.0.delay', 'vcpu.0.wait', 'block.0.rd.times', 'block.0.fl.reqs',
                 'block.0.fl.times', 'block.0.allocation', 'block.1.rd.reqs'):
        t.check(name in stats, f'{name} is missing: {stats}')
    t.check('block.1.capacity' not in stats, 'an empty drive has a size')
    t.check('net.0.name' not in stats, 'an interface without a device has figures')


@t.case('domstats tells of I/O threads')
def iothreads():
    stats = domstats(NAME, '--iothread')
    t.equal(stats['iothread.count'], '1', 'iothread.count')
    t.check(int(stats['iothread.1.poll-max-ns']) > 0, 'poll-max-ns')
    t.equal(domstats(OFF, '--iothread'), {}, 'of a domain without')


@t.case('domstats heeds groups, backing, filters and enforcement')
def groups():
    t.equal(set(domstats(NAME, '--state')), {'state.state', 'state.reason'}, '--state')
    t.check(all(name.startswith('vcpu.') for name in domstats(NAME, '--vcpu')), '--vcpu')
    stats = domstats(NAME, '--block', '--backing')
    t.equal(stats['block.count'], '3', 'layers')
    t.equal(stats['block.1.name'], 'vda', 'name of the backing file')
    t.equal(stats['block.1.path'], f'{d.dir}/base.qcow2', 'path of the backing file')
    t.check('block.1.rd.reqs' not in stats, 'a backing file has no requests of the guest')
    t.check('state.state' in domstats(NAME, '--nowait'), '--nowait')
    t.equal(re.findall(r"Domain: '(.*)'", d.virsh('domstats', '--list-running').out), [NAME],
            'running')
    t.equal(re.findall(r"Domain: '(.*)'", d.virsh('domstats', '--list-inactive').out), [OFF],
            'inactive')
    t.equal(domstats(OFF)['vcpu.maximum'], '1', 'of a domain that is off')
    t.raises(libvirt.VIR_ERR_ARGUMENT_UNSUPPORTED, conn.getAllDomainStats, 1 << 20,
             libvirt.VIR_CONNECT_GET_ALL_DOMAINS_STATS_ENFORCE_STATS, text='bits 0x100000')


@t.case('domstats has the types that libvirt gives them')
def types():
    dom = conn.lookupByName(NAME)
    (_, stats), = conn.domainListGetStats([dom], 0, 0)
    t.check(isinstance(stats['block.0.name'], str), 'block.0.name')
    t.check(all(isinstance(value, (int, str)) for value in stats.values()), 'types')


@t.case('domblkstat, domblkinfo and domblkerror')
def disks():
    stats = blkstat()
    t.equal(set(stats), {'rd_req', 'rd_bytes', 'wr_req', 'wr_bytes', 'flush_operations',
                         'rd_total_times', 'wr_total_times', 'flush_total_times'}, 'domblkstat')
    t.check(int(stats['rd_bytes']) >= 512, f'read {stats["rd_bytes"]} bytes')
    t.equal(d.virsh('domblkstat', NAME, f'{d.dir}/top.qcow2').code, 0, 'by path')
    t.check('rd_req' in d.virsh('domblkstat', NAME).out, 'of all disks')
    t.equal(conn.lookupByName(NAME).blockStats('vda')[1], int(stats['rd_bytes']), 'blockStats')
    info = figures(d.virsh('domblkinfo', NAME, 'vda').out, r'^(\w+):\s+(\d+)$')
    real = os.stat(f'{d.dir}/top.qcow2')
    t.equal(int(info['Capacity']), 64 << 20, 'capacity')
    t.equal(int(info['Allocation']), real.st_blocks * 512, 'allocation')
    t.check(0 <= int(info['Physical']) - real.st_size < 512, f'physical {info["Physical"]}')
    t.equal(d.virsh('domblkerror', NAME).out, 'No errors found', 'domblkerror')
    d.virsh_fails('domblkstat', NAME, 'nix', text='invalid argument: invalid path: nix')
    d.virsh_fails('domblkinfo', NAME, 'nix', text='invalid path nix not assigned to domain')
    d.virsh_fails('domblkinfo', NAME, 'hdc',
                  text="disk 'hdc' does not currently have a source assigned")


@t.case('dommemstat, domifstat, vcpuinfo, cpu-stats and domcontrol')
def others():
    memory = figures(d.virsh('dommemstat', NAME).out, r'^(\S+) (\d+)$')
    t.equal(memory['actual'], str(t.MEMORY_MIB * 1024), 'actual')
    t.check(int(memory['rss']) > 0, 'rss')
    t.look_until(lambda: 'unused' in d.virsh('dommemstat', NAME).out, 'a report of the guest')
    memory = figures(d.virsh('dommemstat', NAME).out, r'^(\S+) (\d+)$')
    t.check(0 < int(memory['unused']) < int(memory['available']) < t.MEMORY_MIB * 1024,
            f'memory of the guest: {memory}')
    t.look_until(lambda: int(figures(d.virsh('dommemstat', NAME).out, r'^(\S+) (\d+)$')
                             ['last_update']) > int(memory['last_update']),
                 'the guest reports again')
    d.virsh_fails('domifstat', NAME, MAC, text='internal error: Interface name not provided')
    d.virsh_fails('domifstat', NAME, 'vnet7', text="'vnet7' is not a known interface")
    vcpu = d.virsh('vcpuinfo', NAME).out
    t.matches(r'State:\s+running', vcpu)
    t.matches(r'CPU time:\s+[\d.]+s', vcpu)
    t.matches(r'CPU Affinity:\s+y', vcpu)
    t.matches(r'cpu_time', d.virsh('cpu-stats', NAME, '--total').out)
    d.virsh_fails('cpu-stats', NAME, text='Requested operation is not valid|Operation not supp')
    t.equal(d.virsh('domcontrol', NAME).out, 'ok', 'domcontrol')


@t.case('a domain that is off has no statistics')
def off():
    for command in (['domblkstat', OFF, 'vda'], ['dommemstat', OFF], ['domifstat', OFF, 'vnet0'],
                    ['domblkerror', OFF], ['cpu-stats', OFF], ['domcontrol', OFF]):
        d.virsh_fails(*command, text='Requested operation is not valid: domain is not running')


@t.case('monitor commands pass through, taint the guest and hold no slot')
def monitor():
    before = d.virsh('dominfo', NAME).out
    t.check('custom monitor' not in before, 'tainted before its time')
    t.equal(d.virsh('qemu-monitor-command', NAME, '--hmp', 'info status').out,
            'VM status: running', '--hmp')
    answer = json.loads(d.virsh('qemu-monitor-command', NAME, '{"execute":"query-status"}').out)
    t.equal(answer['return']['status'], 'running', 'query-status')
    answer = json.loads(d.virsh('qemu-monitor-command', NAME, 'query-kvm').out)
    t.check('return' in answer, 'a command by its name')
    own = '' if t.PEER else '"id":"mine",'  # libvirtd takes no id
    answer = json.loads(d.virsh('qemu-monitor-command', NAME,
                                '{"execute":"qom-get",' + own + '"arguments":{"path":"/machine",'
                                '"property":"nonsense"}}').out)
    t.equal(answer['error']['class'], 'GenericError', "QEMU's own error")
    if not t.PEER:
        t.equal(answer['id'], 'mine', "the asker's id")
    answer = json.loads(d.virsh('qemu-monitor-command', NAME, '{"execute":"nonsense"}').out)
    t.equal(answer['error']['class'], 'CommandNotFound', 'unknown command')
    t.matches('unknown command', d.virsh('qemu-monitor-command', NAME, '--hmp', 'nonsense').out)
    dom = conn.lookupByName(NAME)
    if not t.PEER:  # which tells of it in several lines
        t.raises(libvirt.VIR_ERR_INTERNAL_ERROR, libvirt_qemu.qemuMonitorCommand, dom,
                 '{"execute":', 0, text='cannot parse json')
        t.raises(libvirt.VIR_ERR_INVALID_ARG, libvirt_qemu.qemuMonitorCommand, dom, '{"a":' * 9999,
                 0, text='nests deeper')
        t.raises(libvirt.VIR_ERR_INVALID_ARG, libvirt_qemu.qemuMonitorCommand, dom, '{"a": 1}', 0,
                 text="no 'execute'")
    d.virsh_fails('qemu-monitor-command', OFF, '--hmp', 'help', text='domain is not running')
    t.matches('tainted: custom monitor control commands issued', d.virsh('dominfo', NAME).out)
    t.raises(libvirt.VIR_ERR_OPERATION_DENIED, lambda: libvirt_qemu.qemuMonitorCommand(
        d.connect(ro=True).lookupByName(NAME), 'query-status', 0))
    t.equal(d.virsh('domstate', NAME).out, 'running', 'the guest goes on')


@t.case('keys reach the guest, with codes of every set')
def keys():
    for args in (['KEY_A'], ['KEY_LEFTCTRL', 'KEY_LEFTALT', 'KEY_DELETE', '--holdtime', '10'],
                 ['--codeset', 'xt', '30'], ['--codeset', 'atset1', '30'],
                 ['--codeset', 'atset2', '28'], ['--codeset', 'atset3', '28'],
                 ['--codeset', 'os_x', '0x1'], ['--codeset', 'usb', '4'],
                 ['--codeset', 'win32', 'VK_RETURN'], ['--codeset', 'xt_kbd', '30'],
                 ['--codeset', 'qnum', '200']):
        d.virsh('send-key', NAME, *args)
    d.virsh_fails('send-key', NAME, '--codeset', 'xt', '300',
                  text='cannot translate keycode 300 of xt codeset to qnum keycode')
    d.virsh_fails('send-key', OFF, 'KEY_A', text='domain is not running')
    d.virsh('inject-nmi', NAME)
    d.virsh_fails('inject-nmi', OFF, text='domain is not running')


@t.case('a screenshot is a whole picture and leaves nothing behind')
def screenshot():
    descriptors = d.descriptors() if not t.PEER else []
    path = f'{d.dir}/shot'
    d.virsh('screenshot', NAME, path)
    with open(path, 'rb') as file:
        picture = file.read()
    if picture.startswith(b'P6'):
        size = [int(n) for n in picture.split(None, 3)[1:3]]
        t.check(len(picture) > 3 * size[0] * size[1], 'the picture is cut')
    else:
        t.check(picture.startswith(b'\x89PNG\r\n\x1a\n'), f'no picture: {picture[:8]}')
        t.check(picture.endswith(b'IEND\xaeB`\x82'), 'the picture is cut')
    d.virsh_fails('screenshot', NAME, path, '--screen', '3', text='no such screen ID')
    d.virsh_fails('screenshot', OFF, path, text='domain is not running')
    if not t.PEER:
        t.look_until(lambda: d.descriptors() == descriptors, 'descriptors are closed')
        fds = json.loads(d.virsh('qemu-monitor-command', NAME, 'query-fdsets').out)['return']
        t.check(not any(one['fds'] for one in fds), f'descriptors in QEMU: {fds}')


@t.case('the period of memory statistics is set on the running guest')
def period():
    d.virsh('dommemstat', NAME, '--period', '1', '--live')
    t.matches(r"<stats period='1'/>", d.virsh('dumpxml', NAME).out)
    t.matches(r"<stats period='2'/>", d.virsh('dumpxml', NAME, '--inactive').out)
    d.virsh_fails('dommemstat', OFF, '--period', '1', '--live', text='domain is not running')


@t.case('what an agent would tell is refused in the words for a guest without one')
def agent():
    for command in (['domhostname'], ['guestinfo'], ['domfsinfo'], ['domtime'], ['domfsfreeze'],
                    ['domfsthaw'], ['domfstrim'], ['guestvcpus'],
                    ['domifaddr', '--source', 'agent'],
                    ['qemu-agent-command', '{"execute":"guest-ping"}'],
                    ['get-user-sshkeys', 'root'], ['dompmsuspend', 'mem'],
                    ['set-user-password', 'root', 'secret']):
        args = [command[0], '{}', *command[1:]]
        d.virsh_fails(*[NAME if arg == '{}' else arg for arg in args],
                      text='argument unsupported: QEMU guest agent is not configured')
        d.virsh_fails(*[OFF if arg == '{}' else arg for arg in args],
                      text='Requested operation is not valid: domain is not running')
    d.virsh_fails('domhostname', NAME, '--source', 'lease',
                  text=f'no hostname found for domain {NAME}')
    t.equal(d.virsh('domifaddr', NAME).out, '', 'leases')


@t.case('virsh finds terminal, displays, disks and interfaces in the live document')
def shown():
    t.matches(r'^/dev/pts/\d+$', d.virsh('ttyconsole', NAME).out)
    t.matches(r'^127.0.0.1:\d+$', d.virsh('vncdisplay', NAME).out)
    t.matches(r'^vnc://127.0.0.1:\d+$', d.virsh('domdisplay', NAME).out)
    t.equal([line.split() for line in d.virsh('domblklist', NAME, '--details').out.splitlines()],
            [['file', 'disk', 'vda', f'{d.dir}/top.qcow2'], ['file', 'cdrom', 'hdc', '-']],
            'domblklist')
    line = d.virsh('domiflist', NAME).out.split()
    t.equal(line[1], 'user', 'type of the interface')
    t.equal(line[3:], ['virtio', MAC], 'model and address of the interface')
    d.virsh_fails('vncdisplay', OFF, text='Domain is not running')


@t.case('a frozen guest keeps nobody waiting, and its statistics come when it thaws')
def frozen():
    t.not_on_peer('it waits for a frozen QEMU')
    pid = d.guest_pid(NAME)
    os.kill(pid, signal.SIGSTOP)
    try:
        # Nobody lets the guest go on before all of these have been answered.
        for _ in range(3):
            stats = domstats()
            t.check('state.state' in stats, 'domstats while a guest is frozen')
            t.equal(blkstat().keys() >= {'rd_bytes'}, True, 'what was known last')
            t.check('actual' in d.virsh('dommemstat', NAME).out, 'dommemstat')
            t.matches('running', d.virsh('domstate', NAME).out)
        t.look_until(lambda: 'occupied' in d.virsh('domcontrol', NAME).out and domstats(NAME),
                     'domcontrol tells that the monitor is silent')
    finally:
        os.kill(pid, signal.SIGCONT)
    t.look_until(lambda: d.virsh('domcontrol', NAME).out == 'ok', 'domcontrol is ok again')
    before = int(domstats(NAME, '--vcpu')['vcpu.0.time'])
    t.look_until(lambda: int(domstats(NAME, '--vcpu')['vcpu.0.time']) > before, 'time goes on')


@t.case('the next daemon tells statistics of the guest it found')
def next_daemon():
    t.not_on_peer('its guests end with the test')
    d.restart()
    t.look_until(lambda: int(domstats(NAME).get('block.0.rd.bytes', 0)) >= 512,
                 'statistics after a restart')
    t.equal(d.virsh('domblkstat', NAME, 'vda').code, 0, 'domblkstat')


@t.case('a guest that ends while it is asked leaves nobody waiting')
def ends():
    t.not_on_peer('ostler alone')
    pid = d.guest_pid(NAME)
    os.kill(pid, signal.SIGSTOP)
    asker = t.Interactive(d, 'domstats', NAME)
    os.kill(pid, signal.SIGKILL)
    asker.until_end()
    asker.wait()
    t.look_until(lambda: 'shut off' in d.virsh('domstate', NAME).out, 'the guest is off')
    t.equal(domstats(NAME)['block.count'], '2', 'of the domain that is off')


if __name__ == '__main__':
    t.main()
