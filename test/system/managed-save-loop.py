#!/usr/bin/python3
"""Rounds of managed save and start of one real guest, with kill -9 of the daemon at random moments.

After every kill the guest must be in exactly one place: one process and no image, or an image and no
process; and its counter and memory must go on. OSTLER_ROUNDS: how many (10); OSTLER_SEED: of the
random moments, printed at the start so that a run can be repeated."""

import os
import random
import threading
import time

import libvirt
import ostlertest as t

NAME = 'loop'
ROUNDS = int(os.environ.get('OSTLER_ROUNDS', 10))
SEED = int(os.environ.get('OSTLER_SEED', random.randrange(1 << 32)))
chance = random.Random(SEED)
d = t.new_daemon()
facts = {}


def verb(name):
    """Runs a virsh verb on the side; what it says is of no matter when the daemon is killed."""
    thread = threading.Thread(target=d.virsh, args=(name, NAME), kwargs={'check_code': False})
    thread.start()
    return thread


def kill_during(name, longest):
    """Begins a verb and kills the daemon at a random moment of it; a new daemon takes over."""
    thread = verb(name)
    time.sleep(chance.uniform(0, longest))  # the moment is the input of this test
    d.kill()
    thread.join(t.HANG)
    t.check(not thread.is_alive(), f'virsh {name} outlived its daemon')
    d.start()


def look():
    """Where the guest is, 'runs' or 'saved'; None while recovery still has it in its hands. At no
    time has it two processes, or a complete image beside a process that runs."""
    conn = libvirt.open(d.uri())
    try:
        domain = conn.lookupByName(NAME)
        active, image = domain.isActive(), domain.hasManagedSaveImage(0)
        state, guests = domain.state()[0], list(d.guests())
    finally:
        conn.close()
    files = os.listdir(os.path.dirname(d.saved_path(NAME)))
    facts['seen'] = f'active {active}, image {image}, state {state}, {guests}, {files}'
    t.check(len(guests) <= 1, f'processes: {facts["seen"]}')
    t.check(not (image and state == libvirt.VIR_DOMAIN_RUNNING), f'in two places: {facts["seen"]}')
    if active and not image and len(guests) == 1 and not files:
        return 'runs'
    if image and not active and not guests and files == [f'{NAME}.save']:
        return 'saved'
    return None


def place():
    try:
        return t.look_until(look, 'one place')
    except t.Failure as error:
        raise t.Failure(f'{error} ({facts["seen"]})') from None


def goes_on():
    with t.Console(d, NAME) as console:
        console.tick()
        t.equal(console.boot_id(), facts['id'], 'boot of the guest')
        count = console.count()
        t.check(count >= facts['count'], f'counter went from {facts["count"]} back to {count}')
        facts['count'] = count


def sum_is_right():
    with t.Console(d, NAME) as console:
        console.tick()
        t.equal(console.ask('sum', r'sum (\w{32})')[1], facts['sum'], 'memory')


@t.case(f'a guest with 16 MiB of known memory runs (seed {SEED})')
def boot():
    d.start()
    d.define(t.domain_xml(NAME))
    d.virsh('start', NAME)
    with t.Console(d, NAME) as console:
        console.tick()
        facts['sum'] = console.ask('mem 16', r'mem 16 (\w{32})')[1]
        facts['id'], facts['count'] = console.boot_id(), console.count()
    begin = time.monotonic()
    d.virsh('managedsave', NAME)
    facts['save'] = time.monotonic() - begin
    begin = time.monotonic()
    d.virsh('start', NAME)
    facts['start'] = time.monotonic() - begin
    goes_on()
    t.equal(place(), 'runs', 'the guest')


def one_round(number):
    save, start = facts['save'] * 1.3, facts['start'] * 1.3
    kind = ('no kill', 'kill in save', 'kill in start', 'kill in both')[number % 4]
    if kind in ('kill in save', 'kill in both'):
        t.not_on_peer('it forgets')
        kill_during('managedsave', save)
    else:
        d.virsh('managedsave', NAME)
    between = place()
    if between == 'saved':
        if kind in ('kill in start', 'kill in both'):
            t.not_on_peer('it forgets')
            kill_during('start', start)
            if place() == 'saved':
                d.virsh('start', NAME)
        else:
            d.virsh('start', NAME)
    t.equal(place(), 'runs', 'the guest')
    goes_on()
    if number == ROUNDS - 1 or number % 5 == 4:
        sum_is_right()
    print(f'# {kind}: {between} in between, count {facts["count"]}')


for number in range(ROUNDS):
    t.case(f'round {number + 1}')(lambda number=number: one_round(number))


@t.case('the guest ends')
def end():
    d.virsh('destroy', NAME)
    d.virsh('undefine', NAME)
    t.equal(d.guests(), {}, 'processes')


t.main()
