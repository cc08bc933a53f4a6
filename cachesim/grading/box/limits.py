"""What a sandboxed process gives up before a student's code runs: memory, time, files, processes, the network.

Three walls, each of which holds without the others: resource limits, Landlock (no file but Python's own can be
opened, none can be written), and a seccomp filter (no new process, no socket, no look into another process).

References
----------
Linux: landlock(7), seccomp(2), setrlimit(2).
"""

import ctypes
import os
import platform
import struct
import sys

from calls import refused

MIB = 1 << 20
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2

# --- resource limits


def limit_resources(cpu, memory):
    """Bound CPU time (whole seconds), memory (bytes), and allow no file to grow and no process to start.

    Return whether the limits hold: Windows has none, and macOS does not bound memory.
    """
    try:
        import resource
    except ImportError:
        return False
    bounds = {
        "RLIMIT_CPU": (cpu, cpu + 1),
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (32, 32),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NPROC": (16, 16),
        "RLIMIT_STACK": (8 * MIB, 64 * MIB),
    }
    for name, bound in bounds.items():
        try:
            resource.setrlimit(getattr(resource, name), bound)
        except (AttributeError, ValueError, OSError):
            if sys.platform.startswith("linux"):
                raise  # there each of them can be set, and must be
    return True


def drop_root():
    """Become nobody, if this is root and nobody could still read what Python needs."""
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(65534, 65534, 65534)
        os.setresuid(65534, 65534, 65534)


# --- Landlock: numbers of linux/landlock.h; its system calls have the same number everywhere

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}


def libc():
    """Return the C library."""
    return ctypes.CDLL(None, use_errno=True)


def landlock_version():
    """Return the version of Landlock that the kernel has, 0 if it has none."""
    return max(0, libc().syscall(CREATE, None, 0, 1))


def lock_files(readable):
    """Let this process open nothing but what is under the `readable` folders, and that for reading only."""
    version = landlock_version()
    rights = max(right for since, right in RIGHTS_BY_VERSION.items() if since <= version)
    handled = struct.pack("Q", rights)
    ruleset = libc().syscall(CREATE, handled, len(handled), 0)
    for folder in readable:
        parent = os.open(folder, os.O_PATH)
        rights = EXECUTE | READ_FILE | (READ_DIR if os.path.isdir(folder) else 0)
        rule = struct.pack("=Qi", rights, parent)
        _must(libc().syscall(ADD_RULE, ruleset, 1, rule, 0), "landlock_add_rule")
        os.close(parent)
    _must(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _must(libc().syscall(RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


# --- seccomp: a filter that refuses system calls by number

CLONE = {"x86_64": 56, "aarch64": 220}
ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE3, CLONE_THREAD, X32 = 435, 0x10000, 0x40000000
ALLOW, KILL, NO, NO_SUCH = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026  # errno EPERM, ENOSYS
LOAD, IF_EQUAL, IF_SET, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # of the BPF machine
NUMBER, ARCH, FIRST_ARGUMENT = 0, 4, 16  # where in what the filter is given


def filter_calls():
    """Refuse the system calls above from here on; a thread may be started, a process not."""
    machine = platform.machine()
    program = [
        (LOAD, 0, 0, ARCH),
        (IF_EQUAL, 1, 0, ARCHITECTURE[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        (IF_AT_LEAST, 0, 1, X32),
        (RETURN, 0, 0, NO),
        (
            IF_EQUAL,
            0,
            1,
            CLONE3,
        ),  # without it the C library starts threads by clone, whose flags can be read
        (RETURN, 0, 0, NO_SUCH),
        (IF_EQUAL, 0, 4, CLONE[machine]),
        (LOAD, 0, 0, FIRST_ARGUMENT),
        (IF_SET, 0, 1, CLONE_THREAD),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, NO),
    ]
    for number in refused(machine):
        program += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, NO)]
    program.append((RETURN, 0, 0, ALLOW))
    _install(b"".join(struct.pack("HBBI", *line) for line in program), len(program))


def _install(code, length):
    kept = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", length, ctypes.addressof(kept))
    _must(libc().prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _must(libc().prctl(PR_SET_SECCOMP, FILTER, program), "seccomp")
