"""Debian's libvirtd in a private root: for comparison, never the thing under test.

libvirtd has no option for its root, so it runs in a mount namespace in which its folders below /etc,
/run, /var are folders of ours; its sockets are reached from outside through DIR/run/libvirt. With it
run virtlogd, and QEMU as root. Our guests need no KVM, and where it hangs libvirtd's probe of QEMU
does. libvirtd probes QEMU again at every define where access() finds /dev/kvm usable and QEMU does
not: so there it is a file on a read-only mount, which neither can open for writing."""

import os
import signal

import ostlertest as t

BINDS = {'etc': '/etc/libvirt', 'run/libvirt': '/run/libvirt', 'lib': '/var/lib/libvirt',
         'log': '/var/log/libvirt', 'cache': '/var/cache/libvirt'}

SCRIPT = r'''
set -e
mount --make-rprivate /
while [ "$1" != -- ]; do mkdir -p "$2"; mount --bind "$1" "$2"; shift 2; done
if [ -e /dev/kvm ]; then
        mount --bind /etc/libvirt/libvirt.conf /dev/kvm
        mount -o remount,bind,ro /dev/kvm
fi
env -u NOTIFY_SOCKET virtlogd --pid-file /run/libvirt/virtlogd.pid &
exec libvirtd --pid-file /run/libvirt/libvirtd.pid
'''


class Libvirtd(t.Daemon):
    program = 'libvirtd'

    def __init__(self, dir=None):
        super().__init__(dir)
        os.chmod(self.dir, 0o755)
        for inside in BINDS:
            os.makedirs(os.path.join(self.dir, inside), exist_ok=True)
        for inside in ('etc/qemu', 'lib/qemu', 'run/libvirt/qemu'):
            os.makedirs(os.path.join(self.dir, inside), exist_ok=True)
        self.write('etc/libvirtd.conf', 'auth_unix_rw = "none"\nauth_unix_ro = "none"\n'
                   'log_outputs = "3:stderr"\nmax_clients = 200\n')
        self.write('etc/virtlogd.conf', '')
        self.write('etc/libvirt.conf', '')
        self.write('etc/qemu.conf', 'user = "root"\ngroup = "root"\nsecurity_driver = "none"\n'
                   'namespaces = []\n')
        self.socket = os.path.join(self.dir, 'run/libvirt/libvirt-sock')
        self.socket_ro = os.path.join(self.dir, 'run/libvirt/libvirt-sock-ro')

    def write(self, inside, text):
        with open(os.path.join(self.dir, inside), 'w') as file:
            file.write(text)

    def arguments(self):
        binds = []
        for inside, outside in BINDS.items():
            binds += [os.path.join(self.dir, inside), outside]
        return ['unshare', '--mount', 'sh', '-c', SCRIPT, 'libvirtd', *binds, '--']

    def saved_path(self, name):
        return os.path.join(self.dir, 'lib/qemu/save', f'{name}.save')

    def cleanup(self):
        pid = int(t._read(os.path.join(self.dir, 'run/libvirt/virtlogd.pid')) or 0)
        try:
            super().cleanup()
        finally:
            if pid and 'virtlogd' in t.descendants().get(pid, ''):
                os.kill(pid, signal.SIGTERM)
                t.wait_gone(pid, 'virtlogd')
