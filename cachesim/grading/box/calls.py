"""The system calls that a student's code may not make, with their numbers, as the kernel publishes them.

Processes, other processes, namespaces, mounts, the network, rings, the kernel, marks on files, and objects that outlive
the process. A dash: that machine has none of the name.

References
----------
Linux: arch/x86/entry/syscalls/syscall_64.tbl, include/uapi/asm-generic/unistd.h (aarch64).
"""

# name, x86_64, aarch64
TABLE = """
shmget 29 194
socket 41 198
connect 42 203
bind 49 200
socketpair 53 199
fork 57 -
vfork 58 -
execve 59 221
kill 62 129
semget 64 190
msgget 68 186
chmod 90 -
fchmod 91 52
chown 92 -
fchown 93 55
lchown 94 -
ptrace 101 117
rt_sigqueueinfo 129 138
utime 132 -
personality 135 92
setpriority 141 140
sched_setparam 142 118
sched_setscheduler 144 119
pivot_root 155 41
adjtimex 159 171
setrlimit 160 164
chroot 161 51
acct 163 89
settimeofday 164 170
mount 165 40
umount2 166 39
swapon 167 224
swapoff 168 225
reboot 169 142
sethostname 170 161
setdomainname 171 162
iopl 172 -
ioperm 173 -
init_module 175 105
delete_module 176 106
quotactl 179 60
setxattr 188 5
lsetxattr 189 6
fsetxattr 190 7
tkill 200 130
clock_settime 227 112
tgkill 234 131
utimes 235 -
mq_open 240 180
add_key 248 217
request_key 249 218
keyctl 250 219
fchownat 260 54
futimesat 261 -
fchmodat 268 53
unshare 272 97
utimensat 280 88
rt_tgsigqueueinfo 297 240
perf_event_open 298 241
prlimit64 302 261
name_to_handle_at 303 264
open_by_handle_at 304 265
clock_adjtime 305 266
setns 308 268
process_vm_readv 310 270
process_vm_writev 311 271
finit_module 313 273
memfd_create 319 279
bpf 321 280
execveat 322 281
userfaultfd 323 282
pidfd_send_signal 424 424
io_uring_setup 425 425
io_uring_enter 426 426
io_uring_register 427 427
open_tree 428 428
move_mount 429 429
fsopen 430 430
fsconfig 431 431
fsmount 432 432
fspick 433 433
pidfd_open 434 434
pidfd_getfd 438 438
mount_setattr 442 442
fchmodat2 452 452
"""
MACHINES = ("x86_64", "aarch64")


def refused(machine):
    """Return the numbers of the refused calls on a machine."""
    column = 1 + MACHINES.index(machine)
    cells = [line.split()[column] for line in TABLE.strip().splitlines()]
    return [int(cell) for cell in cells if cell != "-"]
