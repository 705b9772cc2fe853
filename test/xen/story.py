#!/usr/bin/python3
"""The operator's day on a real Xen host: run inside the lab (test/xen/run). PV guests through libxl,
with stock clients, and xl behind the daemon's back."""

import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '../system'))
import libvirt  # noqa: E402
import ostlertest as t  # noqa: E402

NAME = 'walks'
d = t.new_daemon()
# from 9p a kernel is read page by page
FILES = {name: os.path.join(d.dir, name) for name in ('vmlinux', 'guest.img')}
guest = {}  # what one case tells the next


def virsh(*args, **kwargs):
    return d.virsh(*args, scheme='xen', **kwargs)


def xl_list():
    """Names of the domains that Xen has."""
    out = subprocess.run(['xl', 'list'], check=True, capture_output=True, text=True).stdout
    return sorted(line.split()[0] for line in out.splitlines()[1:] if line.split()[0] != 'Domain-0')


def state(name=NAME):
    return virsh('domstate', '--reason', name).out


def xen_xml(name, **kwargs):
    return t.xen_xml(name, FILES['vmlinux'], FILES['guest.img'], **kwargs)


@t.case('connects to Xen', needs_qemu=False)
def connect():
    for name, path in FILES.items():
        shutil.copy(os.path.join(os.environ['LAB'], name), path)
    d.start()
    conn = d.connect('xen')
    t.equal(conn.getType(), 'Xen', 'type')
    t.equal(conn.getVersion() // 1000, 4017, 'version')
    t.matches("<domain type='xen'/>", conn.getCapabilities())


@t.case('a guest starts and answers on its console', needs_qemu=False)
def start():
    guest['events'] = t.Events(d, 'xen')
    d.define(xen_xml(NAME), scheme='xen')
    virsh('start', NAME)
    t.equal(xl_list(), [NAME], 'xl list')
    with t.Console(d, NAME, scheme='xen') as console:
        console.tick()
        guest['id'] = console.boot_id()
        t.check(console.count() > 0, 'the counter')
    t.equal(state(), 'running (booted)', 'state')


@t.case('suspend and resume', needs_qemu=False)
def suspend():
    virsh('suspend', NAME)
    t.equal(state(), 'paused (user)', 'state')
    virsh('resume', NAME)
    t.equal(state(), 'running (unpaused)', 'state')
    with t.Console(d, NAME, scheme='xen') as console:
        t.equal(console.boot_id(), guest['id'], 'boot')


@t.case('a daemon that is killed finds the guest again', needs_qemu=False)
def killed():
    guest['events'].close()
    before = virsh('dumpxml', NAME).out
    d.kill()
    t.equal(xl_list(), [NAME], 'xl list')
    d.start()
    guest['events'] = t.Events(d, 'xen')
    t.look_until(lambda: state().startswith('running'), 'the guest')
    t.equal(virsh('dumpxml', NAME).out, before, 'configuration')
    with t.Console(d, NAME, scheme='xen') as console:
        t.equal(console.boot_id(), guest['id'], 'boot')


@t.case('managed save and start: the memory is the same', needs_qemu=False)
def managed_save():
    with t.Console(d, NAME, scheme='xen') as console:
        sum_ = console.ask('mem 8', r'mem 8 (\w+)')[1]
        count = console.count()
    virsh('managedsave', NAME)
    t.equal(state(), 'shut off (saved)', 'state')
    t.equal(xl_list(), [], 'xl list')
    path = os.path.join(d.dir, 'lib/xen/save', f'{NAME}.save')
    t.check(os.path.getsize(path) > 1 << 20, 'the size of the image')
    virsh('start', NAME)
    t.check(not os.path.exists(path), 'the image is still there')
    t.equal(state(), 'running (restored)', 'state')
    with t.Console(d, NAME, scheme='xen') as console:
        t.equal(console.boot_id(), guest['id'], 'boot')
        t.check(console.count() > count, 'the counter went on')
        t.equal(console.ask('sum', r'sum (\w+)')[1], sum_, 'memory')


@t.case('a paused guest is saved and comes back paused', needs_qemu=False)
def paused():
    path = os.path.join(d.dir, 'image')
    virsh('suspend', NAME)
    virsh('save', NAME, path)
    t.equal(state(), 'shut off (saved)', 'state')
    virsh('restore', path)
    t.equal(state(), 'paused (user)', 'state')
    virsh('resume', NAME)
    with t.Console(d, NAME, scheme='xen') as console:
        t.equal(console.boot_id(), guest['id'], 'boot')
    guest['image'] = path


@t.case('a damaged image is refused and the domain stays off', needs_qemu=False)
def damaged():
    virsh('destroy', NAME)
    with open(guest['image'], 'r+b') as file:
        file.seek(os.path.getsize(guest['image']) // 2)
        byte = file.read(1)
        file.seek(-1, 1)
        file.write(bytes([byte[0] ^ 1]))
    virsh_error = d.virsh_fails('restore', guest['image'], scheme='xen')
    t.matches('damaged', virsh_error)
    t.equal(xl_list(), [], 'xl list')
    t.equal(state(), 'shut off (destroyed)', 'state')
    os.unlink(guest['image'])


@t.case('a save that cannot be written leaves the guest running', needs_qemu=False)
def full():
    virsh('start', NAME)
    with t.Console(d, NAME, scheme='xen') as console:
        guest['id'] = console.boot_id()
    small = os.path.join(d.dir, 'small')
    os.mkdir(small)
    subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=1m', 'small', small], check=True)
    try:
        d.virsh_fails('save', NAME, os.path.join(small, 'image'), scheme='xen', text='No space left')
        t.equal(os.listdir(small), [], 'files')
    finally:
        subprocess.run(['umount', small], check=True)
    t.equal(state(), 'running (save canceled)', 'state')
    with t.Console(d, NAME, scheme='xen') as console:
        t.equal(console.boot_id(), guest['id'], 'boot')


@t.case('a daemon that is killed in a save: the guest goes on, or is saved', needs_qemu=False)
def killed_in_save():
    path = os.path.join(d.dir, 'lib/xen/save', f'{NAME}.save')
    guest['events'].close()
    for moment in (0.0, 0.3, 0.8, 1.5, 2.5):
        save = subprocess.Popen(['virsh', '-c', d.uri('xen'), 'managedsave', NAME],
                                stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        t.look_until(lambda: os.path.exists(path + '.partial') or save.poll() is not None, 'the save')
        try:
            save.wait(moment)  # any moment is a good one to be killed in
        except subprocess.TimeoutExpired:
            pass
        d.kill()
        save.wait()
        d.start()
        t.look_until(lambda: state().startswith('shut off') != bool(xl_list()),
                     'the end of the recovery')
        if state().startswith('shut off'):
            t.equal(xl_list(), [], 'xl list')
            virsh('start', NAME)
        t.equal(xl_list(), [NAME], 'xl list')
        with t.Console(d, NAME, scheme='xen') as console:
            t.equal(console.boot_id(), guest['id'], 'boot')
    guest['events'] = t.Events(d, 'xen')


@t.case('a second guest beside it', needs_qemu=False)
def second():
    d.define(xen_xml('second', memory=144), scheme='xen')
    virsh('start', 'second', '--paused')
    t.equal(state('second'), 'paused (user)', 'state')
    t.equal(xl_list(), ['second', NAME], 'xl list')
    virsh('destroy', 'second')
    t.equal(xl_list(), [NAME], 'xl list')
    t.equal(state('second'), 'shut off (destroyed)', 'state')


@t.case('a guest that powers off is off, and nothing of it stays', needs_qemu=False)
def poweroff():
    with t.Console(d, NAME, scheme='xen') as console:
        console.send('poweroff\n')
        guest['events'].until(f"'{NAME}': Stopped Shutdown")
    t.equal(state(), 'shut off (shutdown)', 'state')
    t.equal(xl_list(), [], 'xl list')


@t.case('what xl does is noticed', needs_qemu=False)
def behind():
    virsh('start', NAME)
    subprocess.run(['xl', 'destroy', NAME], check=True)
    guest['events'].until(f"'{NAME}': Stopped Destroyed")
    t.look_until(lambda: state() == 'shut off (destroyed)', 'the state')


@t.case('a kernel that is not there: one error, nothing left', needs_qemu=False)
def no_kernel():
    d.define(t.xen_xml('none', '/no/such/kernel'), scheme='xen')
    virsh('start', 'none', check_code=False)
    error = d.virsh_fails('start', 'none', scheme='xen', text='/no/such/kernel')
    t.check('libxl' in error, f'libxl is not named: {error}')
    t.equal(xl_list(), [], 'xl list')
    t.equal(virsh('domstate', 'none').out, 'shut off', 'state')
    virsh('undefine', 'none')


@t.case('it ends in good order', needs_qemu=False)
def end():
    virsh('start', NAME)
    guest['events'].close()
    d.close_connections()
    d.stop()
    t.equal(xl_list(), [NAME], 'xl list')
    d.start()
    virsh('destroy', NAME)
    t.equal(xl_list(), [], 'xl list')
    for name in (NAME, 'second'):
        virsh('undefine', name)


t.main()
