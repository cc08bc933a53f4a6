"""The system calls that a student's code may not make, with their numbers, as the kernel publishes them.

First other processes; then who one is; namespaces and mounts; the network, and objects that outlive the process;
changes of files; watching files; the kernel. A dash: that machine has none of the name.

References
----------
Linux: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h (aarch64), fcntl.h, prctl.h.
"""

NEWEST = 452  # call that this list knows of; inside, the kernel's newer ones do not exist

# name, x86_64, aarch64
TABLE = """
fork 57 -
vfork 58 -
execve 59 221
execveat 322 281
kill 62 129
tkill 200 130
tgkill 234 131
rt_sigqueueinfo 129 138
rt_tgsigqueueinfo 297 240
pidfd_open 434 434
pidfd_getfd 438 438
pidfd_send_signal 424 424
ptrace 101 117
process_vm_readv 310 270
process_vm_writev 311 271
process_madvise 440 440
process_mrelease 448 448
kcmp 312 272
get_robust_list 274 100
setpriority 141 140
ioprio_set 251 30
sched_setparam 142 118
sched_setscheduler 144 119
sched_setattr 314 274
sched_setaffinity 203 122
setrlimit 160 164
prlimit64 302 261
move_pages 279 239
migrate_pages 256 238
personality 135 92
perf_event_open 298 241
userfaultfd 323 282
setuid 105 146
setgid 106 144
setreuid 113 145
setregid 114 143
setresuid 117 147
setresgid 119 149
setfsuid 122 151
setfsgid 123 152
setgroups 116 159
capset 126 91
seccomp 317 277
unshare 272 97
setns 308 268
chroot 161 51
pivot_root 155 41
mount 165 40
umount2 166 39
mount_setattr 442 442
open_tree 428 428
move_mount 429 429
fsopen 430 430
fsconfig 431 431
fsmount 432 432
fspick 433 433
swapon 167 224
swapoff 168 225
quotactl 179 60
quotactl_fd 443 443
sysfs 139 -
ustat 136 -
uselib 134 -
socket 41 198
socketpair 53 199
connect 42 203
bind 49 200
shmget 29 194
shmat 30 196
shmctl 31 195
semget 64 190
semop 65 193
semctl 66 191
semtimedop 220 192
msgget 68 186
msgsnd 69 189
msgrcv 70 188
msgctl 71 187
mq_open 240 180
mq_unlink 241 181
memfd_create 319 279
memfd_secret 447 447
add_key 248 217
request_key 249 218
keyctl 250 219
creat 85 -
openat2 437 437
mkdir 83 -
mkdirat 258 34
mknod 133 -
mknodat 259 33
rename 82 -
renameat 264 38
renameat2 316 276
link 86 -
linkat 265 37
symlink 88 -
symlinkat 266 36
unlink 87 -
unlinkat 263 35
rmdir 84 -
truncate 76 45
chmod 90 -
fchmod 91 52
fchmodat 268 53
fchmodat2 452 452
chown 92 -
fchown 93 55
lchown 94 -
fchownat 260 54
utime 132 -
utimes 235 -
futimesat 261 -
utimensat 280 88
setxattr 188 5
lsetxattr 189 6
fsetxattr 190 7
removexattr 197 14
lremovexattr 198 15
fremovexattr 199 16
flock 73 32
sync 162 81
syncfs 306 267
inotify_init 253 -
inotify_init1 294 26
fanotify_init 300 262
fanotify_mark 301 263
name_to_handle_at 303 264
open_by_handle_at 304 265
lookup_dcookie 212 18
io_setup 206 0
io_uring_setup 425 425
io_uring_enter 426 426
io_uring_register 427 427
bpf 321 280
init_module 175 105
finit_module 313 273
delete_module 176 106
create_module 174 -
get_kernel_syms 177 -
query_module 178 -
nfsservctl 180 42
kexec_load 246 104
kexec_file_load 320 294
reboot 169 142
syslog 103 116
acct 163 89
vhangup 153 58
iopl 172 -
ioperm 173 -
modify_ldt 154 -
_sysctl 156 -
sethostname 170 161
setdomainname 171 162
settimeofday 164 170
adjtimex 159 171
clock_settime 227 112
clock_adjtime 305 266
mbind 237 235
set_mempolicy 238 237
get_mempolicy 239 236
set_mempolicy_home_node 450 450
"""

# Calls that are allowed with some values of one argument: name, x86_64, aarch64, which argument, which values.
# fcntl could send signals to others (F_SETOWN), ioctl type into a terminal, prctl let a process outlive its grader.
ONLY = """
fcntl 72 25 1 F_DUPFD=0 F_GETFD=1 F_SETFD=2 F_GETFL=3 F_SETFL=4 F_DUPFD_CLOEXEC=1030
ioctl 16 29 1 TCGETS=0x5401 TIOCGWINSZ=0x5413 FIONREAD=0x541b FIONCLEX=0x5450 FIOCLEX=0x5451
prctl 157 167 0 GET_PDEATHSIG=2 GET_DUMPABLE=3 SET_NAME=15 GET_NAME=16 CAPBSET_READ=23 GET_NO_NEW_PRIVS=39
"""

# Calls that are allowed without some bits of one argument: O_WRONLY, O_RDWR, O_CREAT and O_TRUNC.
WITHOUT = """
open 2 - 1 0o1103
openat 257 56 2 0o1103
"""
CLONE = {"x86_64": 56, "aarch64": 220}
CLONE3 = 435
MACHINES = ("x86_64", "aarch64")


def rows(table, machine):
    """Return number and rest of each row of a table, as one machine has them."""
    column = 1 + MACHINES.index(machine)
    cells = [line.split() for line in table.strip().splitlines()]
    return [(int(row[column]), row[3:]) for row in cells if row[column] != "-"]


def refused(machine):
    """Return the numbers of the calls that are always refused."""
    return [number for number, _ in rows(TABLE, machine)]


def only(machine):
    """Return number, argument and allowed values of the calls above."""
    return [
        (number, int(which), [int(value.partition("=")[2], 0) for value in values])
        for number, (which, *values) in rows(ONLY, machine)
    ]


def without(machine):
    """Return number, argument and refused bits of the calls above."""
    return [(number, int(which), int(bits, 0)) for number, (which, bits) in rows(WITHOUT, machine)]
