/* The threads behind a server's main thread (memcached's maintainer, crawler and page mover, Redis's
 * helpers for slow work) at simulated time: they sleep by the simulation's clock, and the server says
 * that it has reached a time only when each of them is at rest again. So what they do falls between
 * the same two commands in every run.
 *
 * A thread rests while it sleeps, waits for a condition, or waits for events. It is busy from the
 * moment when its sleep is over or its condition is signalled, not only from when it runs.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "simulated_time.h"

#define PATIENCE 1 /* seconds of wall time */

struct rest {
    int64_t end;           /* of a sleep; NEVER of other rests */
    pthread_cond_t *condition; /* waited for, or NULL */
    int told;              /* when that was signalled, counted; the thread goes on when its turn comes */
    int over;
    struct rest *next;
};

static pthread_mutex_t gate = PTHREAD_MUTEX_INITIALIZER; /* guards all below */
static pthread_cond_t ended = PTHREAD_COND_INITIALIZER;  /* a sleep is over */
static pthread_cond_t calm = PTHREAD_COND_INITIALIZER;   /* nobody is busy */
static struct rest *rests;
static int busy; /* threads */
static int tellings;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static int (*wait_for)(pthread_cond_t *, pthread_mutex_t *);
static int (*tell_one)(pthread_cond_t *);
static int (*tell_all)(pthread_cond_t *);

__attribute__((constructor)) static void find(void) {
    wait_for = REAL(pthread_cond_wait);
    tell_one = REAL(pthread_cond_signal);
    tell_all = REAL(pthread_cond_broadcast);
}

static void finish(struct rest *rest) {
    rest->over = 1;
    busy++;
}

/* The thread that was signalled first and waits since then. */
static struct rest *next_told(void) {
    struct rest *next = NULL;
    for (struct rest *rest = rests; rest; rest = rest->next)
        if (!rest->over && rest->told && (!next || rest->told < next->told)) next = rest;
    return next;
}

/* One thread works at a time: what this one has signalled begins now. */
static void rest_begins(void) {
    if (--busy > 0) return;
    struct rest *next = next_told();
    if (!next) {
        tell_all(&calm);
        return;
    }
    finish(next);
    tell_all(next->condition);
}

static void begin(struct rest *rest) {
    rest->next = rests;
    rests = rest;
    if (rest->end < page[NEXT_END]) page[NEXT_END] = rest->end;
    rest_begins();
}

static void forget(struct rest *rest) {
    if (!rest->over) finish(rest); /* it woke unasked */
    struct rest **link = &rests;
    while (*link != rest) link = &(*link)->next;
    *link = rest->next;
}

/* --- what the main thread asks for */

static struct rest *first_to_end(void) {
    struct rest *first = NULL;
    for (struct rest *rest = rests; rest; rest = rest->next)
        if (!rest->over && rest->end < (first ? first->end : NEVER)) first = rest;
    return first;
}

/* Return whether every thread rests; if not, it may wait for a lock that a sleeping one holds. */
static int wait_until_calm(void) {
    struct timespec limit;
    if (busy == 0) return 1;
    syscall(SYS_clock_gettime, CLOCK_REALTIME, &limit);
    limit.tv_sec += PATIENCE;
    while (busy > 0)
        if (pthread_cond_timedwait(&calm, &gate, &limit)) return 0;
    return 1;
}

void settle_threads(int64_t at) {
    struct rest *first;
    pthread_mutex_lock(&gate);
    int is_calm = wait_until_calm();
    while ((first = first_to_end()) && first->end <= at && is_calm) { /* one works at a time */
        finish(first);
        tell_all(&ended);
        is_calm = wait_until_calm();
    }
    page[NEXT_END] = first ? first->end : NEVER;
    pthread_mutex_unlock(&gate);
}

/* --- what the other threads do */

void rest_of_thread(int begins) {
    pthread_mutex_lock(&gate);
    if (begins)
        rest_begins();
    else
        busy++;
    pthread_mutex_unlock(&gate);
}

struct start {
    void *(*routine)(void *);
    void *argument;
};

static void *run(void *given) {
    struct start start = *(struct start *)given;
    free(given);
    void *result = start.routine(start.argument);
    rest_of_thread(1); /* for good */
    return result;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *how, void *(*routine)(void *), void *argument) {
    struct start *start = page ? malloc(sizeof *start) : NULL;
    if (!start) return REAL(pthread_create)(thread, how, routine, argument);
    *start = (struct start){routine, argument};
    rest_of_thread(0);
    int error = REAL(pthread_create)(thread, how, run, start);
    if (error) {
        rest_of_thread(1);
        free(start);
    }
    return error;
}

/* The main thread, which does so only while it starts, sleeps in real time: nobody would wake it. */
int usleep(useconds_t microseconds) {
    struct timespec nap = {microseconds / 1000000, microseconds % 1000000 * 1000L};
    if (!page || in_main_thread()) return (int)syscall(SYS_nanosleep, &nap, NULL);
    if (microseconds == 0) return 0;
    pthread_mutex_lock(&gate);
    struct rest rest = {.end = now() + 1000LL * microseconds};
    begin(&rest);
    while (!rest.over) wait_for(&ended, &gate);
    forget(&rest);
    pthread_mutex_unlock(&gate);
    return 0;
}

int pthread_cond_wait(pthread_cond_t *condition, pthread_mutex_t *mutex) {
    if (!page || in_main_thread()) return wait_for(condition, mutex);
    struct rest rest = {.end = NEVER, .condition = condition};
    pthread_mutex_lock(&gate);
    begin(&rest);
    pthread_mutex_unlock(&gate);
    int error = wait_for(condition, mutex);
    pthread_mutex_lock(&gate);
    forget(&rest);
    pthread_mutex_unlock(&gate);
    return error;
}

/* Note, for the time when this thread rests, that one waiting thread, or all, shall go on; return whether
 * there is one. The main thread does not rest: those it tells go on at once. */
static int tell_later(pthread_cond_t *condition, int one) {
    int found = 0, at_once = in_main_thread();
    pthread_mutex_lock(&gate);
    for (struct rest *rest = rests; rest && !(one && found); rest = rest->next) {
        if (rest->over || rest->told || rest->condition != condition) continue;
        found = 1;
        rest->told = ++tellings;
        if (at_once) finish(rest);
    }
    pthread_mutex_unlock(&gate);
    return found && !at_once;
}

int pthread_cond_signal(pthread_cond_t *condition) {
    if (page && tell_later(condition, 1)) return 0;
    return tell_one(condition);
}

int pthread_cond_broadcast(pthread_cond_t *condition) {
    if (page && tell_later(condition, 0)) return 0;
    return tell_all(condition);
}
