#!/usr/bin/python3
"""An operator's day with virsh and one real guest."""

import os

import ostlertest as t

NAME = 'story'
d = t.new_daemon()
events = None
before = {}


def names(*filters):
    return sorted(d.virsh('list', '--name', *filters).out.split())


def state():
    return d.virsh('domstate', '--reason', NAME).out


def remember(console):
    """The guest's boot and counter, to compare with after a restore."""
    console.tick()
    before['id'], before['count'] = console.boot_id(), console.count()


def goes_on(console):
    console.tick()
    t.equal(console.boot_id(), before['id'], 'boot of the guest')
    count = console.count()
    t.check(count >= before['count'], f'counter went from {before["count"]} back to {count}')
    before['count'] = count


def is_fresh(console):
    console.tick()
    t.check(console.boot_id() != before['id'], 'the guest did not boot again')
    remember(console)


def start(*args):
    d.virsh('start', NAME, *args)
    return t.Console(d, NAME)


@t.case('virsh connects and defines a domain')
def define():
    global events
    d.start()
    t.matches(r'QEMU', d.virsh('version').out)
    t.equal(names('--all'), [], 'domains')
    events = t.Events(d)
    t.matches(f"Domain '{NAME}' defined", d.define(t.domain_xml(NAME)).out or
              f"Domain '{NAME}' defined")
    t.equal(names('--all'), [NAME], 'list --all')
    t.equal(names(), [], 'list')
    t.equal(names('--all', '--persistent'), [NAME], 'list --persistent')
    t.equal(names('--inactive'), [NAME], 'list --inactive')
    t.equal(names('--all', '--transient'), [], 'list --transient')
    t.equal(names('--all', '--with-managed-save'), [], 'list --with-managed-save')
    t.equal(names('--all', '--without-managed-save'), [NAME], 'list --without-managed-save')
    t.equal(d.virsh('domid', NAME).out, '-', 'domid')
    t.matches(r'shut off', state())
    uuid = d.virsh('domuuid', NAME).out
    t.equal(d.virsh('domname', uuid).out, NAME, 'domname')
    events.until(f"'{NAME}': Defined Added")


@t.case('redefining keeps the uuid and tells of an update')
def redefine():
    uuid = d.virsh('domuuid', NAME).out
    d.define(t.domain_xml(NAME, uuid=uuid, extra='', head='<description>again</description>'))
    t.equal(d.virsh('domuuid', NAME).out, uuid, 'uuid')
    t.equal(d.virsh('desc', NAME).out, 'again', 'description')
    events.until(f"'{NAME}': Defined Updated")


@t.case('start boots the guest and its console speaks')
def first_start():
    with start() as console:
        console.until(r'guest up \w+')
        remember(console)
        t.equal(console.ask('echo a word', r'reply ([^\r\n]*)\r')[1], 'a word', 'answer')
    t.equal(state(), 'running (booted)', 'state')
    t.check(int(d.virsh('domid', NAME).out) > 0, 'domid')
    t.equal(names(), [NAME], 'list')
    t.equal(names('--state-running'), [NAME], 'list --state-running')
    t.equal(names('--all', '--state-shutoff'), [], 'list --state-shutoff')
    info = d.virsh('dominfo', NAME).out
    t.matches(r'State: +running', info)
    t.matches(r'Persistent: +yes', info)
    t.matches(r'Managed save: +no', info)
    t.matches(rf'Max memory: +{t.MEMORY_MIB * 1024} KiB', info)
    t.matches(r"type='pty'", d.virsh('dumpxml', NAME).out)
    events.until(f"'{NAME}': Started Booted")


@t.case('start of an active domain is refused')
def start_twice():
    d.virsh_fails('start', NAME, text='already active')


@t.case('suspend stops the guest, resume lets it go on')
def suspend():
    d.virsh('suspend', NAME)
    t.equal(state(), 'paused (user)', 'state')
    t.equal(names('--state-paused'), [NAME], 'list --state-paused')
    events.until(f"'{NAME}': Suspended Paused")
    d.virsh('suspend', NAME)
    d.virsh('resume', NAME)
    t.equal(state(), 'running (unpaused)', 'state')
    events.until(f"'{NAME}': Resumed Unpaused")
    d.virsh_fails('resume', NAME, text='already running')
    with t.Console(d, NAME) as console:
        goes_on(console)


@t.case('the console has one holder')
def console_holder():
    first = t.Interactive(d, 'console', NAME)
    first.until(r'Escape character')
    first.tick()
    second = t.Interactive(d, 'console', '--safe', NAME)
    second.until('Active console session exists for this domain')
    t.check(second.wait() != 0, 'console --safe took a console that was held')
    first.tick()
    third = t.Interactive(d, 'console', '--force', NAME)
    third.until(r'Escape character')
    third.tick()
    first.wait()
    third.send('\x1d')
    t.equal(third.wait(), 0, 'console left by ^]')
    again = t.Interactive(d, 'console', '--safe', NAME)
    again.until(r'Escape character')
    again.tick()
    again.send('\x1d')
    again.wait()


@t.case('managedsave puts the guest away with its memory')
def managed_save():
    with t.Console(d, NAME) as console:
        console.tick()
        before['sum'] = console.ask('mem 16', r'mem 16 (\w{32})')[1]
        remember(console)
    d.virsh('managedsave', NAME)
    t.check(os.path.getsize(d.saved_path(NAME)) > 16 << 20, 'image is too small')
    t.equal(state(), 'shut off (saved)', 'state')
    t.equal(d.guests(), {}, 'processes')
    t.equal(names('--all', '--with-managed-save'), [NAME], 'list --with-managed-save')
    t.equal(names('--all', '--without-managed-save'), [], 'list --without-managed-save')
    t.matches(rf'{NAME} +saved', d.virsh('list', '--all', '--managed-save').out)
    t.matches(r'Managed save: +yes', d.virsh('dominfo', NAME).out)
    events.until(f"'{NAME}': Stopped Saved")
    d.virsh_fails('managedsave', NAME, text='domain is not running')


@t.case('undefine refuses while the image exists')
def undefine_refused():
    d.virsh_fails('undefine', NAME,
                  text='Refusing to undefine while domain managed save image exists')
    t.equal(names('--all', '--with-managed-save'), [NAME], 'domains')
    t.check(os.path.exists(d.saved_path(NAME)), 'the image is gone')


@t.case('start continues from the image, memory and all, and removes it')
def start_from_image():
    with start() as console:
        goes_on(console)
        t.equal(console.ask('sum', r'sum (\w{32})')[1], before['sum'], 'memory')
    t.equal(state(), 'running (restored)', 'state')
    t.equal(names('--all', '--with-managed-save'), [], 'list --with-managed-save')
    t.check(not os.path.exists(d.saved_path(NAME)), 'the image is still there')
    events.until(f"'{NAME}': Started Restored")


@t.case('start --force-boot boots fresh and discards the image')
def force_boot():
    d.virsh('managedsave', NAME)
    with start('--force-boot') as console:
        is_fresh(console)
    t.equal(state(), 'running (booted)', 'state')
    t.equal(names('--all', '--with-managed-save'), [], 'list --with-managed-save')
    t.check(not os.path.exists(d.saved_path(NAME)), 'the image is still there')


@t.case('a guest saved paused comes back paused')
def saved_paused():
    with t.Console(d, NAME) as console:
        remember(console)
    d.virsh('suspend', NAME)
    d.virsh('managedsave', NAME)
    d.virsh('start', NAME)
    t.matches('^paused', state())
    d.virsh('resume', NAME)
    with t.Console(d, NAME) as console:
        goes_on(console)
    d.virsh('managedsave', NAME, '--paused')
    d.virsh('start', NAME)
    t.matches('^paused', state())
    d.virsh('managedsave', NAME, '--running')
    d.virsh('start', NAME)
    t.matches('^running', state())
    with t.Console(d, NAME) as console:
        goes_on(console)


@t.case('managedsave-remove discards the image')
def managed_save_remove():
    d.virsh('managedsave', NAME)
    d.virsh('managedsave-remove', NAME)
    t.check(not os.path.exists(d.saved_path(NAME)), 'the image is still there')
    t.equal(names('--all', '--with-managed-save'), [], 'list --with-managed-save')
    d.virsh('managedsave-remove', NAME)  # with nothing to remove, virsh is content
    with start() as console:
        is_fresh(console)


@t.case('save and restore by file')
def save_restore():
    path = os.path.join(d.dir, 'by-hand.save')
    with t.Console(d, NAME) as console:
        remember(console)
    d.virsh('save', NAME, path)
    t.equal(state(), 'shut off (saved)', 'state')
    t.equal(names('--all', '--with-managed-save'), [], 'list --with-managed-save')
    d.virsh('restore', path)
    t.equal(state(), 'running (restored)', 'state')
    with t.Console(d, NAME) as console:
        goes_on(console)
    t.check(os.path.exists(path), 'restore took the file away')
    d.virsh_fails('restore', path, text='already active')
    d.virsh('save', NAME, os.path.join(d.dir, 'second.save'), '--paused')
    d.virsh('restore', path)
    with t.Console(d, NAME) as console:
        goes_on(console)
    d.virsh('destroy', NAME)
    d.virsh('restore', path, '--paused')
    t.matches('^paused', state())
    d.virsh('resume', NAME)


@t.case('shutdown presses the power button')
def shutdown():
    with t.Console(d, NAME) as console:
        console.tick()
        d.virsh('shutdown', NAME)
        console.until('power button')
    events.until(f"'{NAME}': Stopped Shutdown")
    t.equal(state(), 'shut off (shutdown)', 'state')
    t.equal(d.guests(), {}, 'processes')
    d.virsh_fails('shutdown', NAME, text='domain is not running')


@t.case('reboot boots the guest again, the domain stays')
def reboot():
    with start() as console:
        console.tick()
        domid = d.virsh('domid', NAME).out
        d.virsh('reboot', NAME)
        console.until(r'guest up \w+')
        remember(console)
        console.send('reboot\n')
        console.until(r'guest up \w+')
        is_fresh(console)
    t.equal(d.virsh('domid', NAME).out, domid, 'domid')
    t.matches('^running', state())
    events.until(f"event 'reboot' for domain '{NAME}'")


@t.case('a guest that powers itself off is off')
def poweroff():
    with t.Console(d, NAME) as console:
        console.tick()
        console.send('poweroff\n')
        console.until_end()
    events.until(f"'{NAME}': Stopped Shutdown")
    t.equal(state(), 'shut off (shutdown)', 'state')


@t.case('destroy ends it at once')
def destroy():
    start().close()
    pid = d.guest_pid(NAME)
    d.virsh('destroy', NAME)
    t.wait_gone(pid, 'QEMU')
    t.equal(state(), 'shut off (destroyed)', 'state')
    events.until(f"'{NAME}': Stopped Destroyed")
    for verb in ('destroy', 'suspend', 'resume', 'reboot', 'managedsave', 'domjobabort'):
        d.virsh_fails(verb, NAME, text='domain is not running')
    console = t.Interactive(d, 'console', NAME)
    console.until('domain is not running')
    t.check(console.wait() != 0, 'a console of nothing opened')


@t.case('a job is seen and can be aborted, and the guest goes on')
def job_abort():
    with start() as console:
        remember(console)
    t.matches(r'Job type: +None', d.virsh('domjobinfo', NAME).out)
    d.virsh_fails('domjobabort', NAME, text='no job is active on the domain')
    t.not_on_peer('a frozen QEMU also holds the abort')
    pid = d.guest_pid(NAME)
    os.kill(pid, 19)
    save = t.Interactive(d, 'managedsave', NAME)
    t.look_until(lambda: 'None' not in d.virsh('domjobinfo', NAME).out, 'the job')
    t.equal(t.process_state(pid), 'T', 'QEMU')
    d.virsh('domjobabort', NAME)
    os.kill(pid, 18)
    t.check(save.wait() != 0, 'the aborted save succeeded')
    t.matches('error: .*abort', save.all)
    t.matches('^running', state())
    t.check(not os.path.exists(d.saved_path(NAME)), 'an image is left')
    t.equal(os.listdir(os.path.dirname(d.saved_path(NAME))), [], 'files left')
    with t.Console(d, NAME) as console:
        goes_on(console)


@t.case('autostart can be set and is listed')
def autostart():
    t.equal(names('--all', '--autostart'), [], 'list --autostart')
    d.virsh('autostart', NAME)
    t.equal(names('--all', '--autostart'), [NAME], 'list --autostart')
    t.equal(names('--all', '--no-autostart'), [], 'list --no-autostart')
    t.matches(r'Autostart: +enable', d.virsh('dominfo', NAME).out)
    d.virsh('autostart', '--disable', NAME)
    t.equal(names('--all', '--autostart'), [], 'list --autostart')


@t.case('undefine of an active domain makes it transient; its end removes it')
def transient():
    d.virsh('undefine', NAME)
    t.equal(names('--transient'), [NAME], 'list --transient')
    events.until(f"'{NAME}': Undefined Removed")
    d.virsh_fails('managedsave', NAME, text='cannot do managed save for transient domain')
    d.virsh_fails('autostart', NAME, text='cannot set autostart for transient domain')
    d.virsh('destroy', NAME)
    t.equal(names('--all'), [], 'domains')


@t.case('create starts a transient domain, paused if asked')
def create():
    path = os.path.join(d.dir, 'create.xml')
    with open(path, 'w') as file:
        file.write(t.domain_xml('passing'))
    d.virsh('create', path, '--paused')
    t.equal(d.virsh('domstate', 'passing').out, 'paused', 'state')
    t.equal(names('--transient'), ['passing'], 'list --transient')
    d.virsh_fails('create', path, text='already')
    d.virsh('resume', 'passing')
    with t.Console(d, 'passing') as console:
        console.tick()
    d.virsh('destroy', 'passing')
    t.equal(names('--all'), [], 'domains')
    d.virsh_fails('domstate', 'passing', text="failed to get domain 'passing'")


@t.case('undefine --managed-save removes domain and image')
def undefine_managed_save():
    d.define(t.domain_xml(NAME))
    d.virsh('start', NAME, '--paused')
    t.matches('^paused', state())
    d.virsh('managedsave', NAME)
    d.virsh('undefine', '--managed-save', NAME)
    t.equal(names('--all'), [], 'domains')
    t.check(not os.path.exists(d.saved_path(NAME)), 'the image is still there')


@t.case('virsh event saw every change, in order')
def saw_events():
    events.until(f"'{NAME}': Undefined Removed")
    lifecycle = [line.partition(': ')[2] for line in events.lines(NAME)
                 if line.startswith('lifecycle')]
    events.close()
    want = ('Defined Added, Defined Updated, Resumed Unpaused, Started Booted, Suspended Paused, '
            'Resumed Unpaused, Suspended Paused, Stopped Saved, Started Restored, Resumed Snapshot')
    got = lifecycle[:len(want.split(', '))]
    t.equal(', '.join(got), want, 'events')
    for event in ('Stopped Shutdown', 'Stopped Destroyed', 'Undefined Removed', 'Defined Added'):
        t.check(event in lifecycle, f'no event {event}')


t.main()
