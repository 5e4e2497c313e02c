/* SPDX-License-Identifier: Apache-2.0 */
/* Windows has no memfd that could be passed to an agent: the lane is private memory, and its content goes over TCP. */
#ifdef _WIN32
#define WIN32_LEAN_AND_MEAN
#include <winsock2.h>
#include <ws2tcpip.h>
/* after winsock2.h */
#include <bcrypt.h>
#include <string.h>
#include <windows.h>

#include "agent/probe/os.h"

static SRWLOCK* srw(os_lock* lock) {
  return (SRWLOCK*)&lock->srw;
}
void os_lock_init(os_lock* lock) {
  InitializeSRWLock(srw(lock));
}
void os_lock_free(os_lock* lock) {
  (void)lock;
}
void os_lock_take(os_lock* lock) {
  AcquireSRWLockExclusive(srw(lock));
}
void os_lock_give(os_lock* lock) {
  ReleaseSRWLockExclusive(srw(lock));
}

uint64_t os_monotonic_ns(void) {
  static LARGE_INTEGER frequency; /* constant since boot: written twice, it is the same */
  LARGE_INTEGER now;
  uint64_t per_second, ticks;
  if (!frequency.QuadPart) QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  per_second = (uint64_t)frequency.QuadPart;
  ticks = (uint64_t)now.QuadPart;
  return ticks / per_second * UINT64_C(1000000000) + ticks % per_second * UINT64_C(1000000000) / per_second;
}

uint64_t os_utc_ns(void) {
  FILETIME t;
  uint64_t hundreds;
  GetSystemTimePreciseAsFileTime(&t);
  hundreds = (uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime;
  return (hundreds - UINT64_C(116444736000000000)) * 100;
}

uint32_t os_pid(void) {
  return (uint32_t)GetCurrentProcessId();
}
int os_thread_id(void) {
  return (int)GetCurrentThreadId();
}
int os_random(void* to, size_t size) {
  return BCryptGenRandom(NULL, (PUCHAR)to, (ULONG)size, BCRYPT_USE_SYSTEM_PREFERRED_RNG) == 0 ? 0 : -1;
}

/* ---- the lane ---- */

void* os_lane_create(size_t bytes, int* memfd) {
  uint8_t* base = memfd ? NULL : (uint8_t*)VirtualAlloc(NULL, bytes, MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
  size_t at;
  for (at = 0; base && at < bytes; at += 4096) ((volatile uint8_t*)base)[at] = 0;
  return base;
}

void os_lane_free(void* base, size_t bytes, int memfd) {
  (void)bytes;
  (void)memfd;
  if (base) VirtualFree(base, 0, MEM_RELEASE);
}

/* ---- sockets ---- */

int os_has_local(void) {
  return 0;
}
size_t os_local_path_most(void) {
  return 0;
}
os_socket os_connect_local(const char* path) {
  (void)path;
  return OS_NO_SOCKET;
}

int os_resolve(const char* host, const char* port, os_address* out) {
  struct addrinfo hints, *found = NULL;
  WSADATA data;
  if (WSAStartup(MAKEWORD(2, 2), &data) != 0) return -1; /* counted by Windows; ends with the process */
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
  u_long on = 1;
  BOOL yes = TRUE;
  SOCKET s;
  memset(&a, 0, sizeof a);
  memcpy(&a, to->bytes, (size_t)to->size);
  s = socket(a.ss_family, SOCK_STREAM, 0);
  if (s == INVALID_SOCKET) return OS_NO_SOCKET;
  setsockopt(s, IPPROTO_TCP, TCP_NODELAY, (const char*)&yes, sizeof yes);
  if (ioctlsocket(s, (long)FIONBIO, &on) == 0) {
    if (connect(s, (const struct sockaddr*)&a, to->size) == 0 || WSAGetLastError() == WSAEWOULDBLOCK)
      return (os_socket)s;
  }
  closesocket(s);
  return OS_NO_SOCKET;
}

int os_connected(os_socket s) {
  struct timeval none = {0, 0};
  fd_set done, failed;
  FD_ZERO(&done);
  FD_ZERO(&failed);
  FD_SET((SOCKET)s, &done);
  FD_SET((SOCKET)s, &failed);
  if (select(0, NULL, &done, &failed, &none) < 0 || FD_ISSET((SOCKET)s, &failed)) return -1;
  return FD_ISSET((SOCKET)s, &done) ? 1 : 0;
}

void os_close(os_socket s) {
  closesocket((SOCKET)s);
}

static int64_t or_later(int n) {
  if (n == SOCKET_ERROR) return WSAGetLastError() == WSAEWOULDBLOCK ? 0 : -1;
  return n;
}

int64_t os_send(os_socket s, const void* data, size_t size) {
  return or_later(send((SOCKET)s, (const char*)data, size > INT32_MAX ? INT32_MAX : (int)size, 0));
}

int64_t os_send_with(os_socket s, const void* data, size_t size, int descriptor) {
  (void)descriptor;
  return os_send(s, data, size);
}

int64_t os_receive(os_socket s, void* to, size_t size) {
  int n = recv((SOCKET)s, (char*)to, size > INT32_MAX ? INT32_MAX : (int)size, 0);
  return n == 0 ? -1 : or_later(n);
}

/* ---- waiting ---- */

void os_wait_word(uint32_t* word, uint32_t seen, uint64_t ns) {
  (void)word; /* nobody outside can write it here */
  (void)seen;
  Sleep((DWORD)(ns / 1000000u));
}

void os_wait_socket(os_socket s, uint64_t ns) {
  struct timeval t;
  fd_set readable;
  t.tv_sec = 0;
  t.tv_usec = (long)(ns / 1000u % 1000000u);
  if (s == OS_NO_SOCKET) {
    Sleep((DWORD)(ns / 1000000u));
    return;
  }
  FD_ZERO(&readable);
  FD_SET((SOCKET)s, &readable);
  select(0, &readable, NULL, NULL, &t);
}
#else
typedef int os_windows_is_empty; /* ISO C wants a declaration */
#endif
