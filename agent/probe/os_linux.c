/* SPDX-License-Identifier: Apache-2.0 */
#ifndef _WIN32
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/os.h"

void os_lock_init(os_lock* lock) {
  pthread_mutex_init(&lock->mutex, NULL);
}
void os_lock_free(os_lock* lock) {
  pthread_mutex_destroy(&lock->mutex);
}
void os_lock_take(os_lock* lock) {
  pthread_mutex_lock(&lock->mutex);
}
void os_lock_give(os_lock* lock) {
  pthread_mutex_unlock(&lock->mutex);
}

static uint64_t clock_ns(clockid_t clock) {
  struct timespec t;
  clock_gettime(clock, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

uint64_t os_monotonic_ns(void) {
  return clock_ns(CLOCK_MONOTONIC);
}
uint64_t os_utc_ns(void) {
  return clock_ns(CLOCK_REALTIME);
}
uint32_t os_pid(void) {
  return (uint32_t)getpid();
}

int os_thread_id(void) {
  static __thread int id;
  if (!id) id = (int)syscall(SYS_gettid);
  return id;
}

int os_random(void* to, size_t size) {
  return getrandom(to, size, 0) == (ssize_t)size ? 0 : -1;
}

/* ---- the lane ---- */

void* os_lane_create(size_t bytes, int* memfd) {
  void* base;
  if (!memfd) {
    base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
    return base == MAP_FAILED ? NULL : base;
  }
  *memfd = memfd_create("quarterdeck-lane", MFD_CLOEXEC | MFD_ALLOW_SEALING);
  if (*memfd < 0 || ftruncate(*memfd, (off_t)bytes) != 0) return NULL;
  if (fcntl(*memfd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0) return NULL;
  base = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, *memfd, 0);
  return base == MAP_FAILED ? NULL : base;
}

void os_lane_free(void* base, size_t bytes, int memfd) {
  if (base) munmap(base, bytes);
  if (memfd >= 0) close(memfd);
}

/* ---- sockets ---- */

int os_has_local(void) {
  return 1;
}

size_t os_local_path_most(void) {
  return sizeof(((struct sockaddr_un*)0)->sun_path) - 1;
}

os_socket os_connect_local(const char* path) {
  struct sockaddr_un a;
  int fd;
  memset(&a, 0, sizeof a);
  a.sun_family = AF_UNIX;
  if (strlen(path) > os_local_path_most()) return OS_NO_SOCKET;
  memcpy(a.sun_path, path, strlen(path));
  fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return OS_NO_SOCKET;
  if (connect(fd, (const struct sockaddr*)&a, sizeof a) == 0) return fd;
  close(fd);
  return OS_NO_SOCKET;
}

int os_resolve(const char* host, const char* port, os_address* out) {
  struct addrinfo hints, *found = NULL;
  memset(&hints, 0, sizeof hints);
  hints.ai_socktype = SOCK_STREAM;
  if (getaddrinfo(host, port, &hints, &found) != 0 || !found) return -1;
  out->size = found->ai_addrlen <= sizeof out->bytes ? (int)found->ai_addrlen : 0;
  memcpy(out->bytes, found->ai_addr, (size_t)out->size);
  freeaddrinfo(found);
  return out->size > 0 ? 0 : -1;
}

os_socket os_connect_tcp(const os_address* to) {
  struct sockaddr_storage a;
  int on = 1, fd;
  memset(&a, 0, sizeof a);
  memcpy(&a, to->bytes, (size_t)to->size);
  fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd < 0) return OS_NO_SOCKET;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(fd, (const struct sockaddr*)&a, (socklen_t)to->size) == 0 || errno == EINPROGRESS) return fd;
  close(fd);
  return OS_NO_SOCKET;
}

int os_connected(os_socket s) {
  struct pollfd p = {(int)s, POLLOUT, 0};
  int error = 0;
  socklen_t size = sizeof error;
  if (poll(&p, 1, 0) <= 0) return 0;
  if (getsockopt((int)s, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) return -1;
  return p.revents & POLLOUT ? 1 : -1;
}

void os_close(os_socket s) {
  close((int)s);
}

static int64_t or_later(ssize_t n) {
  if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) return 0;
  return n < 0 ? -1 : (int64_t)n;
}

int64_t os_send(os_socket s, const void* data, size_t size) {
  return or_later(send((int)s, data, size, MSG_DONTWAIT | MSG_NOSIGNAL));
}

/* The descriptor rides on the first byte. */
int64_t os_send_with(os_socket s, const void* data, size_t size, int descriptor) {
  char control[CMSG_SPACE(sizeof(int))];
  struct msghdr m;
  struct iovec v;
  struct cmsghdr* c;
  memset(&m, 0, sizeof m);
  memset(control, 0, sizeof control);
  v.iov_base = (void*)(uintptr_t)data;
  v.iov_len = size;
  m.msg_iov = &v;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &descriptor, sizeof(int));
  return or_later(sendmsg((int)s, &m, MSG_DONTWAIT | MSG_NOSIGNAL));
}

int64_t os_receive(os_socket s, void* to, size_t size) {
  ssize_t n = recv((int)s, to, size, MSG_DONTWAIT);
  return n == 0 ? -1 : or_later(n);
}

/* ---- waiting ---- */

void os_wait_word(uint32_t* word, uint32_t seen, uint64_t ns) {
  struct timespec t;
  t.tv_sec = (time_t)(ns / 1000000000u);
  t.tv_nsec = (long)(ns % 1000000000u);
  syscall(SYS_futex, word, FUTEX_WAIT, seen, &t, NULL, 0);
}

void os_wait_socket(os_socket s, uint64_t ns) {
  struct pollfd p = {(int)s, POLLIN, 0};
  poll(&p, s == OS_NO_SOCKET ? 0 : 1, (int)(ns / 1000000u));
}
#else
typedef int os_linux_is_empty; /* ISO C wants a declaration */
#endif
