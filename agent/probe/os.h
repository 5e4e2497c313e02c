/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe asks of its operating system, and nothing else does; os_linux.c and os_windows.c give it. Not for
 * games and not for agents.
 *
 * No call here waits, but for os_resolve (qd_open alone calls it) and the two os_wait, which a parked thread sleeps in.
 * Errors: negative returns; the caller makes the sentence. */
#ifndef QUARTERDECK_AGENT_PROBE_OS_H_
#define QUARTERDECK_AGENT_PROBE_OS_H_

#include <stddef.h>
#include <stdint.h>

#ifdef _WIN32
typedef struct os_lock {
  void* srw; /* an SRWLOCK; zero is unlocked */
} os_lock;
#else
#include <pthread.h>
typedef struct os_lock {
  pthread_mutex_t mutex;
} os_lock;
#endif

void os_lock_init(os_lock* lock);
void os_lock_free(os_lock* lock);
void os_lock_take(os_lock* lock);
void os_lock_give(os_lock* lock);

uint64_t os_monotonic_ns(void);
uint64_t os_utc_ns(void);
uint32_t os_pid(void);
int os_thread_id(void);
int os_random(void* to, size_t size); /* 0, or negative when there is none */

/* Prefaulted zeros. With memfd != NULL in a sealed memfd that can be passed on (NULL where there is none). */
void* os_lane_create(size_t bytes, int* memfd);
void os_lane_free(void* base, size_t bytes, int memfd);

typedef intptr_t os_socket;
#define OS_NO_SOCKET ((os_socket)-1)

typedef struct os_address {
  uint8_t bytes[128]; /* a sockaddr of 16 or 28 bytes */
  int size;
} os_address;

int os_has_local(void);          /* Unix sockets that pass descriptors */
size_t os_local_path_most(void); /* bytes, without the NUL */
os_socket os_connect_local(const char* path);
int os_resolve(const char* host, const char* port, os_address* out);
os_socket os_connect_tcp(const os_address* to); /* under way: see os_connected */
int os_connected(os_socket s);                  /* 1, 0 not yet, negative: it failed */
void os_close(os_socket s);
/* Bytes, 0 when it would wait, negative when the connection is broken (or, receiving, closed). */
int64_t os_send(os_socket s, const void* data, size_t size);
int64_t os_send_with(os_socket s, const void* data, size_t size, int descriptor);
int64_t os_receive(os_socket s, void* to, size_t size);

/* Until the word is no longer `seen`, somebody woke it, or the time is over. */
void os_wait_word(uint32_t* word, uint32_t seen, uint64_t ns);
/* Until there is something to receive, or the time is over. */
void os_wait_socket(os_socket s, uint64_t ns);

#endif /* QUARTERDECK_AGENT_PROBE_OS_H_ */
