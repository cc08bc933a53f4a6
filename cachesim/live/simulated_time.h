/* What the two halves of the preloaded library share. */
#include <stdint.h>

#define NEVER INT64_MAX

/* Cells of the page that the simulation and the server share, all in nanoseconds since 1970. */
enum {
    NOW,     /* the time: written by the simulation */
    REACHED, /* the newest time for which every timer has run: written by the server */
};

#pragma GCC visibility push(hidden) /* not to be confused with a server's own names */

extern volatile int64_t *page; /* NULL: not driven by a simulation, real time passes */

int64_t now(void);
int in_main_thread(void);

/* Wake the threads whose sleep is over at a time, and wait until every thread is at rest. */
void settle_threads(int64_t at);

/* A thread begins to wait for events, or ends to. */
void rest_of_thread(int begins);

#pragma GCC visibility pop
