/* A library to preload into an unmodified server: it makes the simulation's clock the server's only clock.
 *
 * The simulation shares one page of memory with the server (simulated_time.h). To move the time, it
 * stores the new time there, writes to an eventfd in the server's epoll set, and waits until the server
 * reports that it has reached this time. It may set several times at once: the server then goes from one to
 * the next by itself. Between two timers it may store a time without waking the server, because the server
 * reads the clock again for every command.
 *
 * The servers of a fleet work in turns: a server waits for the eventfd alone, then handles the events
 * that are there, then reports that its turn is over. One server works at a time, so everything that
 * they send to each other has one order, which is the same in every run.
 *
 * From the environment: CACHESIM_PAGE, CACHESIM_WAKE, CACHESIM_DONE (inherited file descriptors), CACHESIM_SEED
 * (the seed of all random draws of the server), CACHESIM_PARENT (the simulation's process),
 * CACHESIM_TURNS (1: the server is one of a fleet). It needs Linux and glibc.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "simulated_time.h"

#define SECOND 1000000000LL /* nanoseconds */
#define WAKE_MARK 0x63616368657369ULL /* epoll returns it for the eventfd */

volatile int64_t *page;
int in_turns;
static int wake = -1, done = -1;
static int64_t ahead; /* how many times follow the one that it was woken for */
static uint64_t seed;

static long number_from(const char *name) {
    const char *text = getenv(name);
    return text ? strtol(text, NULL, 10) : -1;
}

/* Runs before main: attach to the simulation, and end with it, even after kill -9. */
__attribute__((constructor)) static void attach(void) {
    int fd = (int)number_from("CACHESIM_PAGE");
    if (fd < 0) return;
    void *shared = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (shared == MAP_FAILED) _exit(70);
    page = shared;
    wake = (int)number_from("CACHESIM_WAKE");
    seed = (uint64_t)number_from("CACHESIM_SEED");
    in_turns = number_from("CACHESIM_TURNS") == 1;
    done = (int)number_from("CACHESIM_DONE");
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (syscall(SYS_getppid) != number_from("CACHESIM_PARENT")) _exit(70); /* it died in between */
}

int64_t now(void) { return __atomic_load_n(&page[NOW], __ATOMIC_ACQUIRE); }

int in_main_thread(void) {
    static __thread int known; /* the answer: it is needed for every command */
    if (!known) known = syscall(SYS_gettid) == syscall(SYS_getpid) ? 1 : 2;
    return known == 1;
}

/* --- the clock, under all of its names; CPU time stays CPU time */

int clock_gettime(clockid_t id, struct timespec *ts) {
    if (!page || id == CLOCK_PROCESS_CPUTIME_ID || id == CLOCK_THREAD_CPUTIME_ID || id < 0)
        return (int)syscall(SYS_clock_gettime, id, ts);
    int64_t at = now();
    ts->tv_sec = at / SECOND;
    ts->tv_nsec = at % SECOND;
    return 0;
}

int gettimeofday(struct timeval *restrict tv, void *restrict zone) {
    struct timespec ts;
    (void)zone;
    clock_gettime(CLOCK_REALTIME, &ts);
    tv->tv_sec = ts.tv_sec;
    tv->tv_usec = ts.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *out) {
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    if (out) *out = ts.tv_sec;
    return ts.tv_sec;
}

/* --- the event loop */

static int wait_for_events(int epoll, struct epoll_event *events, int most, int timeout) {
    return (int)syscall(SYS_epoll_pwait, epoll, events, most, timeout, NULL, 8);
}

/* Take the eventfd's event out of the list: the server must not see it. */
static int without_wake(struct epoll_event *events, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++) {
        if (events[i].data.u64 == WAKE_MARK) {
            uint64_t ignored;
            if (read(wake, &ignored, sizeof ignored) < 0) continue;
            ahead = page[AHEAD];
        } else {
            events[kept++] = events[i];
        }
    }
    return kept;
}

/* For a thread with its own event loop, which has no timers. A sleep that ended before a command came is
 * over before the command runs. */
static int wait_in_thread(int epoll, struct epoll_event *events, int most, int timeout) {
    rest_of_thread(1);
    int count = wait_for_events(epoll, events, most, timeout);
    settle_threads(now());
    rest_of_thread(0);
    return count;
}

/* The main thread is back: report, once, the time that it has reached. */
static void report_reached(int64_t at) {
    if (page[REACHED] == at) return;
    settle_threads(at);
    __atomic_store_n(&page[REACHED], at, __ATOMIC_RELEASE);
}

/* On the way through several times: take the next one, or wake the simulation, which sleeps until the last. */
static int goes_on(int64_t *seen) {
    static int is_under_way;
    uint64_t one = 1;
    if (ahead) {
        *seen = page[NOW] = page[STOPS + --ahead];
        return is_under_way = 1;
    }
    if (is_under_way && write(done, &one, sizeof one) < 0) _exit(70);
    return is_under_way = 0;
}

/* The end of a turn, and the wait for the next one. Then every event that is there, without a wait. */
static int wait_for_turn(int epoll, struct epoll_event *events, int most, int64_t *seen) {
    static int64_t turn;
    struct pollfd line = {.fd = wake, .events = POLLIN};
    uint64_t ignored, one = 1;
    settle_threads(*seen);
    __atomic_store_n(&page[REACHED], *seen, __ATOMIC_RELEASE);
    __atomic_store_n(&page[DONE], turn, __ATOMIC_RELEASE);
    if (turn && write(done, &one, sizeof one) < 0) _exit(70); /* the simulation sleeps until then */
    while (poll(&line, 1, -1) < 1 || read(wake, &ignored, sizeof ignored) < 0) continue;
    turn = __atomic_load_n(&page[TICKET], __ATOMIC_ACQUIRE);
    *seen = now();
    int count = wait_for_events(epoll, events, most, 0);
    if (count > 0 && page[BLOCKED]) count = without_blocked(events, count);
    if (count > 0) page[EVENTS] += count;
    return count;
}

int epoll_wait(int epoll, struct epoll_event *events, int most, int timeout) {
    static int watched = -1;
    static int64_t seen; /* the time at the last return: its timers have run since */
    if (!page) return wait_for_events(epoll, events, most, timeout);
    if (!in_main_thread()) return wait_in_thread(epoll, events, most, timeout);
    if (in_turns) return wait_for_turn(epoll, events, most, &seen);
    if (watched != epoll) {
        struct epoll_event event = {.events = EPOLLIN, .data.u64 = WAKE_MARK};
        syscall(SYS_epoll_ctl, epoll, EPOLL_CTL_ADD, wake, &event);
        watched = epoll;
    }
    report_reached(seen);
    if (goes_on(&seen)) return 0;
    /* Only the simulation lets time pass, so a wait for a timer is a wait for the simulation. */
    int count = wait_for_events(epoll, events, most, timeout > 0 ? -1 : timeout);
    if (count > 0) count = without_wake(events, count);
    seen = now(); /* read last: a time stored after it has its own wake, which waits in the eventfd */
    return count;
}

/* --- randomness: every draw of the server follows from the seed */

void srandom(unsigned given) {
    static void (*real)(unsigned);
    if (!real) real = (void (*)(unsigned))dlsym(RTLD_NEXT, "srandom");
    real(page ? (unsigned)seed : given);
}

void srand(unsigned given) {
    static void (*real)(unsigned);
    if (!real) real = (void (*)(unsigned))dlsym(RTLD_NEXT, "srand");
    real(page ? (unsigned)seed : given);
}

pid_t getpid(void) { /* servers mix it into their seeds; those of a fleet start at the same time */
    if (!page) return (pid_t)syscall(SYS_getpid);
    return in_turns ? 4242 + (pid_t)(seed % 1000000) : 4242;
}

/* Weyl sequence and mixer as in Steele, Lea, Flood: Fast splittable pseudorandom number generators (2014). */
static uint64_t next_random(uint64_t *state) {
    uint64_t z = *state += 0x9E3779B97F4A7C15ULL;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
    return z ^ (z >> 31);
}

static ssize_t read_random(void *state, char *buffer, size_t size) {
    for (size_t i = 0; i < size; i++) buffer[i] = (char)next_random(state);
    return (ssize_t)size;
}

static int end_random(void *state) {
    free(state);
    return 0;
}

FILE *fopen(const char *path, const char *mode) {
    static FILE *(*real)(const char *, const char *);
    if (!real) real = (FILE *(*)(const char *, const char *))dlsym(RTLD_NEXT, "fopen");
    if (!page || strcmp(path, "/dev/urandom")) return real(path, mode);
    uint64_t *state = malloc(sizeof *state);
    if (!state) return NULL;
    *state = seed;
    cookie_io_functions_t functions = {.read = read_random, .close = end_random};
    return fopencookie(state, mode, functions);
}

FILE *fopen64(const char *path, const char *mode) { return fopen(path, mode); }

int getentropy(void *buffer, size_t size) { /* Valkey's source of secrets */
    uint64_t state = seed;
    if (page) return read_random(&state, buffer, size) < 0;
    return (int)syscall(SYS_getrandom, buffer, size, 0) == (int)size ? 0 : -1;
}

/* In a fleet a draw follows from the seed, the time, and how many draws there were at this time. So one
 * draw more or less does not change what the server draws a second later. */
long random(void) {
    static long (*real)(void);
    static int64_t at;
    static uint64_t drawn;
    if (!real) real = (long (*)(void))dlsym(RTLD_NEXT, "random");
    if (!in_turns) return real();
    drawn = at == now() ? drawn + 1 : 0;
    at = now();
    uint64_t state = seed;
    state = next_random(&state) ^ (uint64_t)at;
    state = next_random(&state) + drawn;
    return (long)(next_random(&state) >> 33);
}

/* The simulation lets no time pass while a child works. */
pid_t fork(void) {
    static pid_t (*real)(void);
    if (!real) real = (pid_t (*)(void))dlsym(RTLD_NEXT, "fork");
    pid_t child = real();
    if (page && child > 0) page[FORKS]++;
    return child;
}
