#!/usr/bin/python3
"""QEMU as a user of its own: whose the process is, whose the files are meanwhile, and afterwards."""

import os
import pwd
import shutil
import signal

import ostlertest as t

NAME = 'tenant'
USER = pwd.getpwnam('nobody')
d = t.new_daemon()
files = {}


def owner(path):
    st = os.stat(path)
    return st.st_uid, st.st_gid


def own_copy(source, name, uid, gid, mode):
    path = os.path.join(d.dir, name)
    shutil.copyfile(source, path)
    os.chown(path, uid, gid)
    os.chmod(path, mode)
    files[path] = (uid, gid)
    return path


def given(what):
    for path in files:
        t.equal(owner(path)[0], USER.pw_uid, f'owner of {path} {what}')


def returned(what):
    """The guest's end is told before its files are back: a stuck mount must not hold it up."""
    for path, before in files.items():
        t.look_until(lambda: owner(path) == before, f'{path} is given back {what}')


def status(pid):
    with open(f'/proc/{pid}/status') as file:
        return dict(line.rstrip('\n').split(':\t', 1) for line in file if ':\t' in line)


def limits(pid):
    with open(f'/proc/{pid}/limits') as file:
        return {line[:25].strip(): line[25:].split() for line in file}


def is_tenant(pid):
    s = status(pid)
    t.equal(set(s['Uid'].split()), {str(USER.pw_uid)}, 'user of QEMU')
    t.equal(set(s['Gid'].split()), {str(USER.pw_gid)}, 'group of QEMU')
    t.check('0' not in s['Groups'].split(), f"root's group: {s['Groups']}")
    t.equal(int(s['CapEff'], 16), 0, 'capabilities')
    t.equal(s['NoNewPrivs'], '1', 'no_new_privs')
    t.equal(limits(pid)['Max core file size'][:2], ['0', '0'], 'core')
    t.equal(limits(pid)['Max open files'][:2], ['5000', '5000'], 'open files')


@t.case('a guest runs as the user, its files are that user\'s')
def starts():
    if os.geteuid() != 0:
        raise t.Skip('only root runs QEMU as another user')
    os.chmod(d.dir, 0o711)
    d.options = ['--set', 'qemu_user=nobody', '--set', 'qemu_max_files=5000']
    guest = t.guest_files()
    kernel = own_copy(f'{guest}/vmlinuz', 'vmlinuz', 0, 0, 0o600)
    initrd = own_copy(f'{guest}/initrd.gz', 'initrd.gz', 2, 3, 0o640)
    disk = own_copy(kernel, 'disk', 1, 1, 0o600)
    open_disk = own_copy(kernel, 'open-disk', 1, 1, 0o644)
    del files[open_disk]
    link = os.path.join(d.dir, 'link')
    os.symlink(disk, link)
    xml = t.domain_xml(NAME, devices=f'''
        <disk type='file' device='disk'><driver name='qemu' type='raw'/>
          <source file='{link}'/><target dev='vda' bus='virtio'/></disk>
        <disk type='file' device='disk'><driver name='qemu' type='raw'/>
          <source file='{open_disk}'/><target dev='vdb' bus='virtio'/><readonly/></disk>''',
                       console=f'''<serial type='pty'><target port='0'/></serial>
        <serial type='file'><source path='{d.dir}/second.log'/><target port='1'/></serial>''')
    xml = xml.replace(f'{guest}/vmlinuz', kernel).replace(f'{guest}/initrd.gz', initrd)
    d.start()
    d.define(xml)
    d.virsh('start', NAME)
    is_tenant(d.guest_pid(NAME))
    given('while the guest runs')
    t.equal(owner(open_disk), (1, 1), 'owner of a file that everybody may read')
    t.equal(owner(f'{d.dir}/second.log')[0], USER.pw_uid, 'owner of a log that was made')
    t.check(os.path.islink(link) and os.lstat(link).st_uid == 0, 'the link itself was changed')
    with t.Console(d, NAME) as console:
        console.tick()


def cgroup_of(pid):
    """The folder of the process's cgroup (v2), None where there is none."""
    with open(f'/proc/{pid}/cgroup') as file:
        name = [line.rstrip('\n')[3:] for line in file if line.startswith('0::')]
    with open('/proc/mounts') as file:
        mount = [line.split()[1] for line in file if line.split()[2] == 'cgroup2']
    return mount[0] + name[0] if mount and name else None


@t.case('the guest is in a cgroup of its own, with limits where there are controllers')
def cgroup():
    pid = d.guest_pid(NAME)
    folder = cgroup_of(d.process.pid)
    if not folder or not os.access(folder.removesuffix('/'), os.W_OK):
        raise t.Skip('no cgroup v2 that can be written')
    folder = cgroup_of(pid)
    uuid = d.virsh('domuuid', NAME).out
    t.matches(rf'/ostler/{uuid}\.[0-9a-f]+$', folder, 'cgroup')
    with open(f'{folder}/cgroup.procs') as file:
        t.equal(file.read().split(), [str(pid)], 'processes in it')
    for name, value in (('memory.max', (t.MEMORY_MIB << 20) + (2 << 30)), ('pids.max', 4096)):
        if os.path.exists(f'{folder}/{name}'):
            with open(f'{folder}/{name}') as file:
                t.equal(int(file.read()), value, name)
    cgroups.append(folder)


cgroups = []


@t.case('destroy gives them back')
def destroyed():
    d.virsh('destroy', NAME)
    for folder in cgroups:
        t.check(not os.path.exists(folder), 'the cgroup is left')
    returned('after destroy')
    t.look_until(lambda: owner(f'{d.dir}/second.log') == (0, 0), 'the log is root\'s')


@t.case('the image of a managed save stays root\'s, and the guest comes back from it')
def managed_save():
    d.virsh('start', NAME)
    with t.Console(d, NAME) as console:
        console.tick()
        boot = console.boot_id()
    d.virsh('managedsave', NAME)
    returned('after managedsave')
    t.equal(owner(d.saved_path(NAME)), (0, 0), 'owner of the image')
    t.equal(os.stat(d.saved_path(NAME)).st_mode & 0o777, 0o600, 'mode of the image')
    d.virsh('start', NAME)
    given('after a start from the image')
    is_tenant(d.guest_pid(NAME))
    with t.Console(d, NAME) as console:
        console.tick()
        t.equal(console.boot_id(), boot, 'boot of the guest')


@t.case('a daemon that takes the guest up gives the files back when it ends')
def taken_up():
    d.kill()
    given('while no daemon runs')
    d.start()
    t.matches('running', d.virsh('domstate', NAME).out)
    d.virsh('destroy', NAME)
    returned('after a restart and destroy')


@t.case('a guest that ends while no daemon runs: the next daemon gives the files back')
def ended_alone():
    d.virsh('start', NAME)
    d.kill()
    pid = d.guest_pid(NAME)
    os.kill(pid, signal.SIGKILL)
    t.wait_gone(pid, 'the guest')
    given('before a daemon comes')
    d.start()
    for folder in cgroups:
        t.check(not os.path.exists(folder), 'the cgroup is left')
    returned('by the next daemon')
    t.matches('shut off', d.virsh('domstate', NAME).out)


@t.case('a guest that is started again at once has its files')
def again():
    for _ in range(5):
        d.virsh('start', NAME, '--paused')
        given('after a start')
        d.virsh('destroy', NAME)
    returned('after the last destroy')


@t.case('what two guests share is given back by the last')
def shared():
    kernel, initrd = (path for path in files if not path.endswith('/disk'))
    other = t.domain_xml('lodger')
    guest = t.guest_files()
    d.define(other.replace(f'{guest}/vmlinuz', kernel).replace(f'{guest}/initrd.gz', initrd))
    d.virsh('start', NAME, '--paused')
    d.virsh('start', 'lodger', '--paused')
    d.virsh('destroy', NAME)
    disk = next(path for path in files if path.endswith('/disk'))
    t.look_until(lambda: owner(disk) == files[disk], 'the disk is given back')
    t.equal(owner(kernel)[0], USER.pw_uid, 'owner of the shared kernel')
    d.restart()
    d.virsh('destroy', 'lodger')
    returned('after the second guest')


@t.case('the variables of firmware are the user\'s while the guest runs, and root\'s after')
def firmware():
    if not os.path.exists('/usr/share/OVMF/OVMF_CODE.fd'):
        raise t.Skip('no OVMF')
    xml = t.domain_xml('landlord')
    kernel = xml[xml.index('<kernel>'):xml.index('</os>')]
    d.define(xml.replace(kernel, """<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>
        <nvram template='/usr/share/OVMF/OVMF_VARS.fd'/>"""))
    d.virsh('start', 'landlord', '--paused')
    folder = f'{d.dir}/lib/qemu/nvram'
    variables, = os.listdir(folder)
    t.equal(owner(f'{folder}/{variables}')[0], USER.pw_uid, 'owner of the variables')
    for name in ('lib', 'lib/qemu', 'lib/qemu/nvram'):
        t.equal(os.stat(f'{d.dir}/{name}').st_mode & 0o777, 0o711, f'mode of {name}')
    t.equal(os.stat(f'{d.dir}/lib/ostler.db').st_mode & 0o777, 0o600, 'mode of the store')
    d.virsh('destroy', 'landlord')
    t.look_until(lambda: owner(f'{folder}/{variables}') == (0, 0), 'the variables are root\'s')


@t.case('a start that fails gives the files back')
def fails():
    broken = os.path.join(d.dir, 'closed')
    os.mkdir(broken, 0o700)
    inner = own_copy(next(iter(files)), 'closed/disk', 0, 0, 0o600)
    xml = t.domain_xml('evicted', devices=f'''
        <disk type='file' device='disk'><driver name='qemu' type='raw'/>
          <source file='{inner}'/><target dev='vda' bus='virtio'/></disk>''')
    d.define(xml)
    d.virsh_fails('start', 'evicted', text='(?i)permission denied')
    t.equal(owner(inner), (0, 0), 'owner after a start that failed')
    t.equal(d.guests(), {}, 'processes')


@t.case('a user that does not exist: refused when asked for')
def no_such_user():
    d.stop()
    d.options = ['--set', 'qemu_user=no-such-user-here']
    try:
        d.start()
    except t.Failure as failure:
        t.matches("qemu_user: there is no user 'no-such-user-here'", str(failure))
    else:
        raise t.Failure('the daemon started')


t.main()
