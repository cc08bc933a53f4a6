/* Shared by the files of the preloaded library. */
#include <stdint.h>
#include <sys/epoll.h>

#define NEVER INT64_MAX

/* Cells of the page that the simulation and the server share. Times are in nanoseconds since 1970. */
enum {
    NOW,     /* the time: written by the simulation */
    REACHED, /* the newest time for which every timer has run: written by the server */
    TICKET,  /* the number of the turn that the server may take: written by the simulation */
    DONE,    /* the last turn that is over: written by the server */
    EVENTS,  /* how many events of sockets the server has handled: written by the server */
    FORKS,   /* how many child processes it has started: written by the server */
    BLOCKED, /* a bit per peer that it cannot reach: written by the simulation */
    AHEAD,   /* how many times follow NOW, before the server is asked again: written by the simulation */
    STOPS,   /* these times, the last one first */
};

#pragma GCC visibility push(hidden) /* so that they do not clash with the server's own names */

extern volatile int64_t *page; /* NULL: there is no simulation, real time passes */
extern int in_turns;           /* one of a fleet: the server works only when it is its turn */

int64_t now(void);
int in_main_thread(void);

/* Wake the threads whose sleep is over at a time, and wait until every thread is at rest. */
void settle_threads(int64_t at);

/* A thread begins to wait for events, or stops. */
void rest_of_thread(int begins);

/* Take the events that come from blocked peers out of the list. */
int without_blocked(struct epoll_event *events, int count);

#pragma GCC visibility pop
