/* The network between the servers of a fleet. Each server has an address of its own, 127.x.y.N, and all
 * of its connections start there. So the last byte of an address is the number of a server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "simulated_time.h"

/* Without TCP_NODELAY the kernel holds small packets back until the last one is acknowledged, for up to
 * 40 ms of real time. That is seconds of simulated time. Redis does not set it for its cluster bus. */
int socket(int domain, int type, int protocol) {
    int fd = (int)syscall(SYS_socket, domain, type, protocol), on = 1;
    if (in_turns && fd >= 0 && domain == AF_INET && (type & SOCK_STREAM))
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    return fd;
}

static int is_blocked(int fd) {
    struct sockaddr_in peer;
    socklen_t size = sizeof peer;
    if (getpeername(fd, (struct sockaddr *)&peer, &size) || peer.sin_family != AF_INET) return 0;
    unsigned number = ntohl(peer.sin_addr.s_addr) & 255;
    return number < 64 && page[BLOCKED] >> number & 1;
}

/* What a blocked peer sends waits in the kernel and is read when the network heals, as TCP would send it
 * again. The server's event loop (Redis: ae_epoll.c) keeps the descriptor in the event. */
int without_blocked(struct epoll_event *events, int count) {
    int kept = 0;
    for (int i = 0; i < count; i++)
        if (!is_blocked(events[i].data.fd)) events[kept++] = events[i];
    return kept;
}
