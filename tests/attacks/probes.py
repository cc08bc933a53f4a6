"""What hostile code would try first, from inside: each probe returns what it got hold of, and must return nothing.

A probe is the body of a function. STRONG ones hold where files are closed (bwrap, Landlock); the others on every tier
of Linux.
"""

HEAD = """
import ctypes, errno, os, struct, sys
libc = ctypes.CDLL(None, use_errno=True)
got = []
WRONG = (ctypes.c_long(-1),) * 6  # arguments with which no call does harm, should it be allowed after all
def can(what, call, *arguments):
    try: answer = call(*arguments)
    except (OSError, ValueError): return
    got.append((what, repr(answer)[:60]))
def does(what, number, *arguments):
    if libc.syscall(number, *arguments) != -1: got.append(what)
"""
TAIL = "\nreturn got\n"

EVERYWHERE = {
    "it is root, or in a group of root's": """
got += [i for i in (*os.getresuid(), *os.getresgid(), *os.getgroups()) if i == 0]
can('setuid', os.setuid, 0)
can('setresuid', os.setresuid, 0, 0, 0)
can('setgroups', os.setgroups, [0])""",
    "it has a capability, or could get one by a program": """
head, sets = struct.pack('=Ii', 0x20080522, 0), ctypes.create_string_buffer(24)
assert libc.capget(head, sets) == 0
got += [n for n in struct.unpack('=6I', sets.raw) if n]
if libc.prctl(39, 0, 0, 0, 0) != 1: got.append('new privileges')
if libc.capset(head, b'\\xff' * 24) == 0: got.append('capset')""",
    "it can outlive its grader, or be looked into": """
signal = ctypes.c_int()
libc.prctl(2, ctypes.byref(signal), 0, 0, 0)
if signal.value != 9: got.append('no signal at the death of the parent')
for option, value in ((1, 0), (4, 1), (36, 1), (0x59616d61, -1)):
    if libc.prctl(option, value, 0, 0, 0) != -1: got.append(('prctl', option))
if libc.prctl(3, 0, 0, 0, 0) != 0: got.append('dumpable')""",
    "a socket of any family": """
import socket
for family in range(46):
    for kind in (1, 2, 3, 5): can((family, kind), socket.socket, family, kind)
can('a pair', socket.socketpair)""",
    "another process, by any way to start one": """
can('fork', os.fork)
can('exec', os.execv, '/bin/true', ['true'])
can('spawn', os.posix_spawn, '/bin/true', ['true'], {})
can('program', lambda: __import__('subprocess').run([sys.executable]))
for flags in (17, 0x10000000, 0x20000000, 0x40000000, 0x02000000, 0x10011, 0x10110f00 | 0x20000):
    does(('clone', hex(flags)), CLONE, flags, 0, 0, 0, 0)""",
    "a signal to any process": """
import fcntl, signal
for pid in (0, -1, 1, os.getppid(), os.getpid()): can(('kill', pid), os.kill, pid, 0)
can('killpg', os.killpg, 0, 0)
here, there = os.pipe()
for command in (8, 10, 15, 1024, 1026): can(('fcntl', command), fcntl.fcntl, here, command, 1)
for command in (0x8901, 0x8902, 0x5452): can(('ioctl', command), fcntl.ioctl, here, command, b'\\1\\0\\0\\0')""",
    "a call of the list": """
for number in REFUSED:
    ctypes.set_errno(0)
    if libc.syscall(number, *WRONG) != -1 or ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS):
        got.append((number, ctypes.get_errno()))""",
    "a call that is newer than the list, or another machine's": """
for number in (453, 463, 467, 600, 0x40000000 + 41, 0x40000000 + 512):
    ctypes.set_errno(0)
    if libc.syscall(number, *WRONG) != -1 or ctypes.get_errno() != errno.ENOSYS: got.append(number)""",
    "a terminal": """
import fcntl, termios
can('/dev/tty', os.open, '/dev/tty', os.O_RDONLY)
for descriptor in range(8): can(descriptor, fcntl.ioctl, descriptor, termios.TIOCSTI, b'x')""",
    "a descriptor of the grader's": """
import stat
kinds = {}
for descriptor in range(256):
    try: kinds[descriptor] = os.fstat(descriptor).st_mode
    except OSError: pass
pipes = [d for d, mode in kinds.items() if stat.S_ISFIFO(mode)]
if len(kinds) != 6 or len(pipes) != 3 or not all(stat.S_ISCHR(kinds[d]) for d in (0, 1, 2)): got.append(kinds)""",
    "a place to write": """
for count, (folder, folders, files) in enumerate(os.walk('/')):
    made = os.path.join(folder, 'cachesim-probe')
    can(made, os.open, made, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    can(folder, os.open, folder, O_TMPFILE | os.O_WRONLY)
    for make in (os.mkdir, os.mkfifo): can(made, make, made)
    can(made, os.symlink, '/', made)
    can(made, os.unlink if os.path.islink(made) or not os.path.isdir(made) else os.rmdir, made)
    for path in (os.path.join(folder, name) for name in files[:40]):
        for mode in (os.O_WRONLY, os.O_RDWR): can(path, os.open, path, mode)
    if count == 3000: break""",
    "memory that is shared, locked, or beyond its limit": """
import mmap
can('a huge map', mmap.mmap, -1, 4 << 30)
can('memfd', os.memfd_create, 'x')
page = ctypes.create_string_buffer(1 << 16)
if libc.mlock(page, len(page)) == 0: got.append('locked')""",
    "more than its limits": """
bounds = {'cpu': (0, 60), 'files': (1, 0), 'stack': (3, 64 << 20), 'core': (4, 0), 'threads': (6, 4096),
          'open': (7, 32), 'locked': (8, 0), 'memory': (9, 2 << 30), 'signals': (11, 64), 'messages': (12, 0),
          'priority': (14, 0)}
for name, (which, most) in bounds.items():
    pair = (ctypes.c_ulong * 2)()
    assert libc.syscall(GETRLIMIT, which, pair) == 0
    if pair[1] > most: got.append((name, pair[1]))
opened = []
try:
    while len(opened) < 100: opened += os.pipe()
    got.append('descriptors')
except OSError: pass
can('more', lambda: __import__('resource').setrlimit(7, (100, 100)))""",
    "an environment": """
known = {'LC_CTYPE', 'PWD', 'PYTHONHASHSEED'}  # Python, bubblewrap and the grader set these
got += set(os.environ) - known""",
}

STRONG = {
    "the host's /proc": """
can('/proc', os.listdir, '/proc')
for name in ('1/mem', '1/environ', '1/maps', 'self/mem', 'self/status', 'self/environ', 'mounts', 'kcore', 'meminfo',
             'sys/kernel/core_pattern', 'sys/kernel/hostname', 'sysrq-trigger', f'{os.getppid()}/environ'):
    for mode in (os.O_RDONLY, os.O_WRONLY, os.O_RDWR): can(name, os.open, f'/proc/{name}', mode)
for link in ('1/root', '1/cwd', '1/exe', f'{os.getppid()}/root'): can(link, os.readlink, f'/proc/{link}')""",
    "the host's /sys, /run and /tmp": """
for name in ('/sys', '/sys/fs/cgroup', '/run', '/tmp', '/var', '/home', '/etc', '/boot', '/mnt', '/dev/shm'):
    can(name, os.listdir, name)""",
    "a device": """
for name in ('mem', 'kmsg', 'vda', 'sda', 'loop0', 'fuse', 'kvm', 'tty', 'ptmx', 'console', 'random', 'shm', 'net/tun'):
    can(name, os.open, f'/dev/{name}', os.O_RDONLY)""",
    "a file of the system, or of the toolkit": """
import glob
for name in ('/etc/passwd', '/etc/shadow', '/etc/hosts', sys.prefix + '/pyvenv.cfg', FOLDER + '/judge.py'):
    can(name, os.open, name, os.O_RDONLY)
got += glob.glob(FOLDER + '/*.py')""",
}


def code_of(body: str, names: dict[str, object]) -> str:
    """Return a probe as the code of a submission; `names` are numbers and paths that it needs."""
    given = "".join(f"{name} = {value!r}\n" for name, value in names.items())
    lines = (given + HEAD + body + TAIL).splitlines()
    return "def f():\n" + "".join(f"    {line}\n" for line in lines)
