"""What a sandboxed process gives up before a student's code runs: rights, memory, time, files, processes, the network.

Three walls, each of which holds without the others: resource limits, Landlock (no file but Python's own can be
opened, none can be written), and a seccomp filter (no new process, no socket, no written file, no look into another
process).

References
----------
Linux: capabilities(7), credentials(7), landlock(7), prctl(2), seccomp(2), setrlimit(2).
"""

import ctypes
import os
import platform
import struct
import sys

import calls

MIB = 1 << 20
NOBODY = 65534
SIGKILL = 9

# --- resource limits

MOST_THREADS = 4096  # the kernel counts those of all processes of this user, the grader's own too


def limit_resources(cpu, memory):
    """Bound CPU time (whole seconds), memory (bytes), and allow no file to grow and no process to start.

    Return whether the limits hold: Windows has none, and macOS does not bound memory.
    """
    try:
        import resource
    except ImportError:
        return False
    bounds = {
        "RLIMIT_CPU": (cpu, cpu + 1),  # a signal that can be ignored, and one that cannot
        "RLIMIT_AS": (memory, memory),
        "RLIMIT_FSIZE": (0, 0),
        "RLIMIT_NOFILE": (32, 32),
        "RLIMIT_CORE": (0, 0),
        "RLIMIT_NPROC": (MOST_THREADS, MOST_THREADS),
        "RLIMIT_STACK": (8 * MIB, 64 * MIB),
        "RLIMIT_MEMLOCK": (0, 0),
        "RLIMIT_MSGQUEUE": (0, 0),
        "RLIMIT_RTPRIO": (0, 0),
        "RLIMIT_SIGPENDING": (64, 64),
    }
    for name, bound in bounds.items():
        try:
            resource.setrlimit(getattr(resource, name), bound)
        except (AttributeError, ValueError, OSError):
            if sys.platform.startswith("linux"):
                raise  # there each of them can be set, and must be
    return True


# --- rights: numbers of linux/prctl.h, linux/securebits.h and linux/capability.h

SET_PDEATHSIG, SET_DUMPABLE, SET_SECCOMP, CAPBSET_DROP, SET_SECUREBITS = 1, 4, 22, 24, 28
SET_NO_NEW_PRIVS = 38
NO_SETUID_FIXUP = 1 << 2  # who becomes nobody keeps what root may do, until it is given up below
KEPT = 1 << 7 | 1 << 8  # CAP_SETUID, CAP_SETPCAP: what is needed to the end
CAPABILITIES = struct.pack("=Ii", 0x20080522, 0)  # version 3, of this process


def libc():
    """Return the C library."""
    return ctypes.CDLL(None, use_errno=True)


def drop_root(is_closed):
    """Become nobody, without any of root's rights, if this is root; return whether it is root no longer.

    Where files are closed by other walls (`is_closed`), those that are left are still looked up as their owner root
    (fsuid 0); elsewhere only if nobody cannot read Python itself, which may lie in root's home.
    """
    if os.geteuid() != 0:
        return True
    try:
        _must(libc().prctl(SET_SECUREBITS, NO_SETUID_FIXUP, 0, 0, 0), "securebits")
        os.setgroups([])
        os.setresgid(NOBODY, NOBODY, NOBODY)
        os.setresuid(NOBODY, NOBODY, NOBODY)
        drop_capabilities(KEPT)
        if is_closed or not os.access(os.__file__, os.R_OK):
            libc().setfsuid(0)
        drop_capabilities(0)
    except OSError:
        return False
    return True


def drop_capabilities(kept):
    """Give up every capability but the `kept` ones, a bit each, and every way to get one back."""
    capability = 0
    while libc().prctl(CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    sets = struct.pack(
        "=6I", kept, kept, 0, 0, 0, 0
    )  # effective, permitted, inheritable; the higher ones
    _must(libc().capset(CAPABILITIES, sets), "capset")


def bind_to_grader():
    """Have the kernel end this process when the grader ends; gain no rights by a program; let nobody look in.

    A change of user undoes the first, so this comes after it. A grader that has gone before is noticed at the first
    message, which does not come. Return that it is so.
    """
    for option, value in ((SET_PDEATHSIG, SIGKILL), (SET_NO_NEW_PRIVS, 1), (SET_DUMPABLE, 0)):
        _must(libc().prctl(option, value, 0, 0, 0), f"prctl {option}")
    return True


def _must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


# --- Landlock: numbers of linux/landlock.h; its system calls have the same number everywhere

CREATE, ADD_RULE, RESTRICT = 444, 445, 446
EXECUTE, READ_FILE, READ_DIR = 1 << 0, 1 << 2, 1 << 3
RIGHTS_BY_VERSION = {1: (1 << 13) - 1, 2: (1 << 14) - 1, 3: (1 << 15) - 1, 5: (1 << 16) - 1}
TCP_BIND_CONNECT, ABSTRACT_SOCKETS_SIGNALS = 3, 3  # known since versions 4 and 6


def landlock_version():
    """Return the version of Landlock that the kernel has, 0 if it has none."""
    return max(0, libc().syscall(CREATE, None, 0, 1))


def handled(version):
    """Return the bits of everything that a version of Landlock can refuse: files, the network, other processes."""
    fields = [max(right for since, right in RIGHTS_BY_VERSION.items() if since <= version)]
    fields += [TCP_BIND_CONNECT] if version >= 4 else []
    fields += [ABSTRACT_SOCKETS_SIGNALS] if version >= 6 else []
    return struct.pack(f"{len(fields)}Q", *fields)


def lock_files(readable):
    """Let this process open nothing but what is under the `readable` folders, and that for reading only."""
    version = landlock_version()
    if not version:
        return False
    asked = handled(version)
    ruleset = libc().syscall(CREATE, asked, len(asked), 0)
    for folder in readable:
        parent = os.open(folder, os.O_PATH)
        rights = EXECUTE | READ_FILE | (READ_DIR if os.path.isdir(folder) else 0)
        rule = struct.pack("=Qi", rights, parent)
        _must(libc().syscall(ADD_RULE, ruleset, 1, rule, 0), "landlock_add_rule")
        os.close(parent)
    _must(libc().prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _must(libc().syscall(RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)
    return True


# --- seccomp: a filter that refuses system calls by number, some by an argument

ARCHITECTURE = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
CLONE_THREAD, CLONE_NEW = 0x10000, 0x7E020080  # a thread; namespaces of any kind
ALLOW, KILL, NO, NO_SUCH = 0x7FFF0000, 0x80000000, 0x00050001, 0x00050026  # errno EPERM, ENOSYS
LOAD, IF_EQUAL, IF_SET, IF_AT_LEAST, RETURN = 0x20, 0x15, 0x45, 0x35, 0x06  # of the BPF machine
NUMBER, ARCH, ARGUMENTS = 0, 4, 16  # where in what the filter is given


def filter_calls():
    """Refuse the calls of calls.py from here on; return whether the filter stands on this machine."""
    machine = platform.machine()
    if machine not in ARCHITECTURE or struct.calcsize("P") != 8:
        return False
    program = program_of(machine)
    kept = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in program))
    given = struct.pack("HxxxxxxP", len(program), ctypes.addressof(kept))
    _must(libc().prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    return libc().prctl(SET_SECCOMP, 2, given) == 0


def program_of(machine):
    """Return the filter: a list of instructions; each jump skips the next line, or the lines of a call."""
    program = [
        (LOAD, 0, 0, ARCH),
        (IF_EQUAL, 1, 0, ARCHITECTURE[machine]),
        (RETURN, 0, 0, KILL),
        (LOAD, 0, 0, NUMBER),
        # Without clone3 the C library starts threads by clone, whose flags can be read.
        *when(calls.CLONE3, (RETURN, 0, 0, NO_SUCH)),
        (IF_AT_LEAST, 0, 1, calls.NEWEST + 1),
        (RETURN, 0, 0, NO_SUCH),
        *when(calls.CLONE[machine], *thread()),
    ]
    for number in calls.refused(machine):
        program += when(number, (RETURN, 0, 0, NO))
    for number, which, values in calls.only(machine):
        allowed = [line for value in values for line in ((IF_EQUAL, 0, 1, value), GO)]
        program += when(number, argument(which), *allowed, (RETURN, 0, 0, NO))
    for number, which, bits in calls.without(machine):
        program += when(number, argument(which), (IF_SET, 0, 1, bits), (RETURN, 0, 0, NO), GO)
    return [*program, GO]


GO = (RETURN, 0, 0, ALLOW)


def when(number, *lines):
    """Return lines for one call; any other skips them."""
    return [(IF_EQUAL, 0, len(lines), number), *lines]


def argument(which):
    """Load the lower half of an argument: no flag that is looked at lies above."""
    return (LOAD, 0, 0, ARGUMENTS + 8 * which)


def thread():
    """Allow what starts a thread, in no namespace of its own."""
    new_or_not = [(IF_SET, 1, 0, CLONE_NEW), (IF_SET, 1, 0, CLONE_THREAD)]
    return [argument(0), *new_or_not, (RETURN, 0, 0, NO), GO]
