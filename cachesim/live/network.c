/* The network between the servers of a fleet. A server asks for a TCP socket and gets a unix socket: what one side
 * writes, the other side can read at once. On a busy machine TCP delivers bytes later, and the same run would then
 * give other answers. The name of a unix socket has the address in it, 127.x.y.N and a port. The last byte of an
 * address is the number of a server.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "simulated_time.h"

#define FORM "cachesim %15[0-9.]:%u" /* after a zero byte: no file */
#define FIRST_PORT 32768             /* of a socket that asks for any port */

int socket(int domain, int type, int protocol) {
    int is_ours = in_turns && domain == AF_INET && type & SOCK_STREAM;
    return (int)syscall(SYS_socket, is_ours ? AF_UNIX : domain, type, is_ours ? 0 : protocol);
}

static int is_tcp(const struct sockaddr *address) { return in_turns && address->sa_family == AF_INET; }

/* The unix name of an address; gives its size. */
static socklen_t name_of(const struct sockaddr *address, unsigned port, struct sockaddr_un *name) {
    const struct sockaddr_in *tcp = (const struct sockaddr_in *)address;
    char text[INET_ADDRSTRLEN];
    inet_ntop(AF_INET, &tcp->sin_addr, text, sizeof text);
    *name = (struct sockaddr_un){.sun_family = AF_UNIX};
    int size = snprintf(name->sun_path + 1, sizeof name->sun_path - 1, "cachesim %s:%u", text, port);
    return (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + (size_t)size);
}

static unsigned port_of(const struct sockaddr *address) {
    return ntohs(((const struct sockaddr_in *)address)->sin_port);
}

int bind(int fd, const struct sockaddr *address, socklen_t size) {
    struct sockaddr_un name;
    if (!is_tcp(address)) return (int)syscall(SYS_bind, fd, address, size);
    unsigned port = port_of(address), any = FIRST_PORT;
    do {
        size = name_of(address, port ? port : any, &name);
        if (!syscall(SYS_bind, fd, &name, size)) return 0;
    } while (!port && errno == EADDRINUSE && ++any < 65536);
    return -1;
}

int connect(int fd, const struct sockaddr *address, socklen_t size) {
    struct sockaddr_un name;
    if (!is_tcp(address)) return (int)syscall(SYS_connect, fd, address, size);
    size = name_of(address, port_of(address), &name);
    if (!syscall(SYS_connect, fd, &name, size)) return 0;
    /* A TCP socket that does not block hears of a refusal later. Redis starts its failure detection by that. */
    if (errno == ECONNREFUSED && fcntl(fd, F_GETFL) & O_NONBLOCK) errno = EINPROGRESS;
    return -1;
}

/* Hand an address over to the server: in the form of TCP, if it is one of this network. */
static void give(const struct sockaddr_un *name, socklen_t named, struct sockaddr *address, socklen_t *size) {
    struct sockaddr_in tcp = {.sin_family = AF_INET};
    const void *given = name;
    char text[INET_ADDRSTRLEN];
    unsigned port;
    if (named > offsetof(struct sockaddr_un, sun_path) && !name->sun_path[0] &&
        sscanf(name->sun_path + 1, FORM, text, &port) == 2 && inet_pton(AF_INET, text, &tcp.sin_addr) == 1) {
        tcp.sin_port = htons((uint16_t)port);
        given = &tcp;
        named = sizeof tcp;
    }
    memcpy(address, given, named < *size ? named : *size);
    *size = named;
}

/* A name of a unix socket need not end in a zero byte, so there is room for one. */
typedef union {
    struct sockaddr_un name;
    char room[sizeof(struct sockaddr_un) + 1];
} named_t;

static int ask(long call, int fd, struct sockaddr *address, socklen_t *size) {
    named_t found = {0};
    socklen_t named = sizeof found.name;
    if (!in_turns) return (int)syscall(call, fd, address, size);
    if (syscall(call, fd, &found, &named)) return -1;
    give(&found.name, named, address, size);
    return 0;
}

int getsockname(int fd, struct sockaddr *address, socklen_t *size) { return ask(SYS_getsockname, fd, address, size); }

int getpeername(int fd, struct sockaddr *address, socklen_t *size) { return ask(SYS_getpeername, fd, address, size); }

int accept4(int fd, struct sockaddr *address, socklen_t *size, int flags) {
    named_t found = {0};
    socklen_t named = sizeof found.name;
    if (!in_turns || !address) return (int)syscall(SYS_accept4, fd, address, size, flags);
    int taken = (int)syscall(SYS_accept4, fd, &found, &named, flags);
    if (taken >= 0) give(&found.name, named, address, size);
    return taken;
}

int accept(int fd, struct sockaddr *address, socklen_t *size) { return accept4(fd, address, size, 0); }

/* What only TCP has, such as the time between two packets that keep a connection alive, counts as set. */
int setsockopt(int fd, int level, int option, const void *value, socklen_t size) {
    if (in_turns && level == IPPROTO_TCP) return 0;
    return (int)syscall(SYS_setsockopt, fd, level, option, value, size);
}

/* The refusal that `connect` did not tell. */
int getsockopt(int fd, int level, int option, void *value, socklen_t *size) {
    int failed = (int)syscall(SYS_getsockopt, fd, level, option, value, size);
    if (in_turns && !failed && level == SOL_SOCKET && option == SO_ERROR && !*(int *)value) {
        struct sockaddr_storage peer;
        socklen_t most = sizeof peer;
        if (getpeername(fd, (struct sockaddr *)&peer, &most) && errno == ENOTCONN) *(int *)value = ECONNREFUSED;
    }
    return failed;
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
