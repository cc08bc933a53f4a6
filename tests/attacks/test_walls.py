"""Each wall by itself: it holds without the others, and the filter says the same on every machine."""

import json
import subprocess
import sys

import pytest

from cachesim.grading import sandbox
from cachesim.grading.sandbox import holds
from cachesim.grading.walls import readable


@pytest.fixture
def limits(monkeypatch):
    """The box's module, which is part of another program."""
    monkeypatch.syspath_prepend(str(sandbox.BOX))
    import limits

    return limits


# --- Landlock

BEHIND_LANDLOCK = """
import json, os, socket, sys
sys.path.insert(0, sys.argv[1])
import limits
version = limits.landlock_version()
assert limits.lock_files(json.loads(sys.argv[2]))
sys.path.remove(sys.argv[1])
got = []
def can(what, call, *arguments):
    try: call(*arguments)
    except PermissionError: return
    except OSError as error: what = f"{what}: {error}"
    got.append(what)
for name in ('/etc/passwd', '/proc/1/status', '/proc/self/mem', '/dev/null'): can(name, open, name)
for name in ('/proc', '/', '/tmp', '/dev'): can(name, os.listdir, name)
can('new', open, '/tmp/cachesim-attack', 'x')
can('folder', os.mkdir, '/tmp/cachesim-attack')
if version >= 4: can('tcp', socket.create_connection, ('127.0.0.1', 9))
if version >= 6: can('signal', os.kill, os.getppid(), 0)
if version >= 6: can('abstract', socket.socket(socket.AF_UNIX).connect, '\\0' + sys.argv[3])
import colorsys  # what may be read can still be
print(json.dumps(got))
"""


def test_landlock_alone():
    """No file, no address, no process outside: even where no call is refused."""
    import socket

    if not holds("landlock"):
        pytest.skip("this kernel has no Landlock")
    with socket.socket(socket.AF_UNIX) as abstract:
        abstract.bind("")  # the kernel chooses an abstract name
        abstract.listen()
        name = abstract.getsockname()[1:].decode()
        paths = json.dumps([str(path) for path in readable()])
        command = [sys.executable, "-I", "-S", "-B", "-c", BEHIND_LANDLOCK, str(sandbox.BOX), paths]
        done = subprocess.run([*command, name], capture_output=True, text=True, cwd="/")

    assert [] == json.loads(done.stdout or '["nothing was printed"]'), done.stderr


@pytest.mark.parametrize(("version", "fields"), [(1, 1), (3, 1), (4, 2), (5, 2), (6, 3), (9, 3)])
def test_landlock_is_asked_for_all_that_it_can_refuse(limits, version, fields):
    """Files since version 1, TCP since 4, signals and abstract sockets since 6."""
    assert 8 * fields == len(limits.handled(version))


# --- seccomp

ALLOW, REFUSED, NO_SUCH, KILLED = 0x7FFF0000, 0x00050001, 0x00050026, 0x80000000


def verdict(limits, machine, number, *arguments, arch=None):
    """Answer a system call as the filter does: a small machine for its instructions."""
    given = {0: number, 4: arch or limits.ARCHITECTURE[machine]}
    given |= {16 + 8 * n: argument for n, argument in enumerate(arguments)}
    loaded, at, program = 0, 0, limits.program_of(machine)
    tests = {
        limits.IF_EQUAL: lambda k: loaded == k,
        limits.IF_SET: lambda k: loaded & k,
        limits.IF_AT_LEAST: lambda k: loaded >= k,
    }
    while True:
        code, yes, no, k = program[at]
        at += 1
        if code == limits.RETURN:
            return k
        if code == limits.LOAD:
            loaded = given.get(k, 0)
        else:
            at += yes if tests[code](k) else no


THREAD = 0x3D0F00  # the flags with which glibc starts one
CASES = [  # name of the call, arguments, answer
    ("read", (0,), ALLOW),
    ("socket", (2, 1, 0), REFUSED),
    ("kill", (1, 9), REFUSED),
    ("clone", (THREAD,), ALLOW),
    ("clone", (17,), REFUSED),
    ("clone", (THREAD | 0x10000000,), REFUSED),
    ("clone", (0x10000000,), REFUSED),
    ("clone3", (), NO_SUCH),
    ("fcntl", (3, 4, 0o4000), ALLOW),
    ("fcntl", (3, 8, 1), REFUSED),
    ("ioctl", (0, 0x5412), REFUSED),
    ("prctl", (1, 0), REFUSED),
    ("openat", (0, 0, 0o2000000), ALLOW),
    ("openat", (0, 0, 1), REFUSED),
    ("openat", (0, 0, 2), REFUSED),
    ("openat", (0, 0, 0o100), REFUSED),
    ("openat", (0, 0, 0o1000), REFUSED),
    ("newest", (), NO_SUCH),
]
NUMBERS = {
    "x86_64": {"read": 0, "socket": 41, "kill": 62, "clone": 56, "clone3": 435, "fcntl": 72},
    "aarch64": {"read": 63, "socket": 198, "kill": 129, "clone": 220, "clone3": 435, "fcntl": 25},
}
NUMBERS["x86_64"] |= {"ioctl": 16, "prctl": 157, "openat": 257, "newest": 453}
NUMBERS["aarch64"] |= {"ioctl": 29, "prctl": 167, "openat": 56, "newest": 453}


@pytest.mark.parametrize("machine", NUMBERS)
@pytest.mark.parametrize(("name", "arguments", "answer"), CASES)
def test_the_filter(limits, machine, name, arguments, answer):
    """What it answers to a call with these arguments."""
    assert answer == verdict(limits, machine, NUMBERS[machine][name], *arguments)


def test_the_filter_ends_calls_of_another_kind_of_machine(limits):
    """Whose numbers mean other calls: 32-bit code on x86_64."""
    assert KILLED == verdict(limits, "x86_64", 3, arch=0x40000003)
    assert NO_SUCH == verdict(limits, "x86_64", 0x40000000 + 41)


# docs.docker.com/engine/security/seccomp: "Significant syscalls blocked by default profile", 64-bit ones
CONTAINERS = """
acct add_key bpf clock_adjtime clock_settime create_module delete_module finit_module get_kernel_syms get_mempolicy
init_module ioperm iopl kcmp kexec_file_load kexec_load keyctl lookup_dcookie mbind mount move_pages nfsservctl
open_by_handle_at perf_event_open personality pivot_root process_vm_readv process_vm_writev ptrace query_module quotactl
reboot request_key set_mempolicy setns settimeofday swapon swapoff sysfs _sysctl umount2 unshare uselib userfaultfd
ustat
"""


def test_what_containers_refuse_is_refused(limits):
    """And what joined the kernel since: rings, the newer mount calls, memory of secrets."""
    newer = "io_uring_setup open_tree move_mount fsopen mount_setattr memfd_secret process_madvise"
    known = {line.split()[0] for line in limits.calls.TABLE.strip().splitlines()}

    assert set() == set(f"{CONTAINERS} {newer}".split()) - known
