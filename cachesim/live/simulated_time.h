/* Shared by the two files of the preloaded library. */
#include <stdint.h>

#define NEVER INT64_MAX

/* Cells of the page that the simulation and the server share, all in nanoseconds since 1970. */
enum {
    NOW,     /* the time: written by the simulation */
    REACHED, /* the newest time for which every timer has run: written by the server */
};

#pragma GCC visibility push(hidden) /* so that they do not clash with the server's own names */

extern volatile int64_t *page; /* NULL: there is no simulation, real time passes */

int64_t now(void);
int in_main_thread(void);

/* Wake the threads whose sleep is over at a time, and wait until every thread is at rest. */
void settle_threads(int64_t at);

/* A thread begins to wait for events, or stops. */
void rest_of_thread(int begins);

#pragma GCC visibility pop
