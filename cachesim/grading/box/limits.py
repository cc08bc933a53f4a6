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
import resource
import struct

MIB = 1 << 20
LIBC = ctypes.CDLL(None, use_errno=True)
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2

# --- resource limits


def limit_resources(cpu, memory):
    """Bound CPU time (whole seconds), memory (bytes), and allow no file to grow and no process to start."""
    bounds = {
        resource.RLIMIT_CPU: (cpu, cpu + 1),
        resource.RLIMIT_AS: (memory, memory),
        resource.RLIMIT_FSIZE: (0, 0),
        resource.RLIMIT_NOFILE: (32, 32),
        resource.RLIMIT_CORE: (0, 0),
        resource.RLIMIT_NPROC: (16, 16),
        resource.RLIMIT_STACK: (8 * MIB, 64 * MIB),
    }
    for what, bound in bounds.items():
        resource.setrlimit(what, bound)


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


def landlock_version():
    """Return the version of Landlock that the kernel has, 0 if it has none."""
    return max(0, LIBC.syscall(CREATE, None, 0, 1))


def lock_files(readable):
    """Let this process open nothing but what is under the `readable` folders, and that for reading only."""
    version = landlock_version()
    rights = max(right for since, right in RIGHTS_BY_VERSION.items() if since <= version)
    handled = struct.pack("Q", rights)
    ruleset = LIBC.syscall(CREATE, handled, len(handled), 0)
    for folder in readable:
        parent = os.open(folder, os.O_PATH)
        rights = EXECUTE | READ_FILE | (READ_DIR if os.path.isdir(folder) else 0)
        rule = struct.pack("=Qi", rights, parent)
        _must(LIBC.syscall(ADD_RULE, ruleset, 1, rule, 0), "landlock_add_rule")
        os.close(parent)
    _must(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _must(LIBC.syscall(RESTRICT, ruleset, 0), "landlock_restrict_self")
    os.close(ruleset)


def _must(result, what):
    if result != 0:
        raise OSError(ctypes.get_errno(), what)


# --- seccomp: a filter that refuses system calls by number

# Processes, other processes, namespaces, mounts, the network, rings, the kernel, marks on files, and
# objects that outlive the process.
REFUSED = {
    "x86_64": """57 58 59 322 101 310 311 62 200 234 129 297 424 434 438 302 160 272 308 165 166 155 161 428 429 430
        431 432 433 442 41 53 42 49 425 426 427 321 298 248 249 250 90 91 268 452 92 93 94 260 132 235 280 261 188
        189 190 135 323 319 169 175 313 176 167 168 170 171 303 304 179 163 164 227 159 305 172 173 29 64 68 240
        141 143 144""",
    "aarch64": """221 281 117 270 271 129 130 131 138 240 424 434 438 261 164 97 268 40 39 41 51 428 429 430 431 432
        433 442 198 199 203 200 425 426 427 280 241 217 218 219 52 53 452 54 55 88 5 6 7 92 282 279 142 105 273 106
        224 225 161 162 264 265 60 89 170 112 171 266 194 190 186 180 140 119 118""",
}
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
    for number in map(int, REFUSED[machine].split()):
        program += [(IF_EQUAL, 0, 1, number), (RETURN, 0, 0, NO)]
    program.append((RETURN, 0, 0, ALLOW))
    _install(b"".join(struct.pack("HBBI", *line) for line in program), len(program))


def _install(code, length):
    kept = ctypes.create_string_buffer(code)
    program = struct.pack("HxxxxxxP", length, ctypes.addressof(kept))
    _must(LIBC.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), "no_new_privs")
    _must(LIBC.prctl(PR_SET_SECCOMP, FILTER, program), "seccomp")
