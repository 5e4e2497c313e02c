/* SPDX-License-Identifier: Apache-2.0 */
/* The control stream: connecting, receiving and sending from the game's own tick, never waiting. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "agent/probe/internal.h"

static const uint64_t kPollNs = UINT64_C(250000000);   /* look for a dead agent so often */
static const uint64_t kHelloNs = UINT64_C(5000000000); /* how long an answer to the hello may take */
enum { IN_BYTES = QD_FRAME_MAX + QD_FRAME_HEAD, PER_SERVICE = 256 << 10 };

/* ---- dropping ---- */

void link_drop(qd_probe* p, const char* why) {
  int was_live = p->state == LINK_LIVE;
  pthread_mutex_lock(&p->lock);
  if (p->fd >= 0) close(p->fd);
  p->fd = -1;
  p->state = LINK_IDLE;
  __atomic_store_n(&p->live, 0, __ATOMIC_RELEASE);
  qd_writer_free(&p->out);
  p->out_sent = 0;
  p->choked = 0;
  pthread_mutex_unlock(&p->lock);
  p->in_size = 0;
  if (*why) set_error(p, "%s", why);
  p->next_try_ns = qd_now_ns() + p->config.reconnect_ns;
  if (!was_live) return;
  disarm_all(p, QD_DISARM_ORPHANED);
  if (!p->parked) stop_forget(p);
}

/* ---- sending ---- */

qd_writer* send_begin(qd_probe* p, qd_frame_type type) {
  pthread_mutex_lock(&p->lock);
  if (!__atomic_load_n(&p->live, __ATOMIC_RELAXED)) {
    pthread_mutex_unlock(&p->lock);
    return NULL;
  }
  qd_frame_start(&p->out, type);
  return &p->out;
}

void send_end(qd_probe* p) {
  if (qd_frame_finish(&p->out) != 0 && p->out.size > MAX_OUT_BYTES / 2) p->choked = 1;
  pthread_mutex_unlock(&p->lock);
}

void send_raw(qd_probe* p, const uint8_t* frame, uint32_t size) {
  pthread_mutex_lock(&p->lock);
  if (__atomic_load_n(&p->live, __ATOMIC_RELAXED)) {
    uint32_t before = p->out.size;
    qd_put_raw(&p->out, frame, size);
    if (p->out.failed) {
      p->out.size = before;
      p->choked = 1;
    }
    p->out.failed = 0;
  }
  pthread_mutex_unlock(&p->lock);
}

/* Moves what is left to the front, but not again and again while an agent is slow. */
static void tidy_out(qd_probe* p) {
  if (p->out_sent == 0 || p->out_sent < p->out.size / 2) return;
  memmove(p->out.data, p->out.data + p->out_sent, p->out.size - p->out_sent);
  p->out.size -= p->out_sent;
  p->out_sent = 0;
  if (p->out.size == 0 && p->out.capacity > KEEP_OUT_BYTES) qd_writer_free(&p->out);
}

void link_flush_locked(qd_probe* p) {
  while (p->fd >= 0 && p->out_sent < p->out.size) {
    ssize_t n = send(p->fd, p->out.data + p->out_sent, p->out.size - p->out_sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (n <= 0) break; /* full: at the next tick; broken: recv will say so */
    p->out_sent += (uint32_t)n;
  }
  tidy_out(p);
}

void link_flush(qd_probe* p) {
  pthread_mutex_lock(&p->lock);
  link_flush_locked(p);
  pthread_mutex_unlock(&p->lock);
}

/* ---- hello ---- */

static uint64_t utc_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_REALTIME, &t);
  return (uint64_t)t.tv_sec * UINT64_C(1000000000) + (uint64_t)t.tv_nsec;
}

static void fill_hello(const qd_probe* p, qd_hello* h) {
  memset(h, 0, sizeof *h);
  h->magic = QD_HELLO_MAGIC;
  h->protocol = QD_PROTOCOL;
  h->oldest_protocol = QD_PROTOCOL_OLDEST;
  h->id = qd_str_of(p->config.id);
  h->kind = (uint8_t)p->config.kind;
  h->name = qd_str_of(p->config.name);
  h->domain = qd_str_of(p->domain);
  h->tick_hz = p->config.tick_hz;
  h->build_version = qd_str_of(p->config.build_version);
  h->build_commit = qd_str_of(p->config.build_commit);
  h->build_id = qd_str_of(p->config.build_id);
  h->instance = p->instance;
  h->pid = (uint32_t)getpid();
  h->monotonic_ns = qd_now_ns();
  h->utc_ns = utc_now();
  h->lane_bytes = p->lane_bytes;
  h->language = qd_str_of("c");
  h->count = (uint16_t)p->config.label_count;
}

static int encode_hello(qd_probe* p, qd_writer* w) {
  qd_hello h;
  uint32_t i;
  fill_hello(p, &h);
  qd_frame_start(w, QD_F_HELLO);
  qd_put_hello(w, &h);
  for (i = 0; i < p->config.label_count; i++) {
    qd_pair_item item;
    item.key = qd_str_of(p->config.labels[i].key);
    item.value = qd_str_of(p->config.labels[i].value);
    qd_put_pair(w, &item);
  }
  return qd_frame_finish(w);
}

/* The descriptor rides on the first byte; what the socket does not take at once goes out with the next flush. */
static int send_hello(qd_probe* p) {
  char control[CMSG_SPACE(sizeof(int))];
  struct msghdr m;
  struct iovec v;
  struct cmsghdr* c;
  ssize_t n;
  if (encode_hello(p, &p->out) != 0) return -1;
  memset(&m, 0, sizeof m);
  memset(control, 0, sizeof control);
  v.iov_base = p->out.data;
  v.iov_len = p->out.size;
  m.msg_iov = &v;
  m.msg_iovlen = 1;
  m.msg_control = control;
  m.msg_controllen = sizeof control;
  c = CMSG_FIRSTHDR(&m);
  c->cmsg_level = SOL_SOCKET;
  c->cmsg_type = SCM_RIGHTS;
  c->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(c), &p->memfd, sizeof(int));
  n = sendmsg(p->fd, &m, MSG_DONTWAIT | MSG_NOSIGNAL);
  if (n <= 0) return -1;
  p->out_sent = (uint32_t)n;
  link_flush_locked(p);
  return 0;
}

static void try_connect(qd_probe* p, uint64_t now) {
  struct sockaddr_un a;
  int ok;
  p->next_try_ns = now + p->config.reconnect_ns;
  memset(&a, 0, sizeof a);
  a.sun_family = AF_UNIX;
  memcpy(a.sun_path, p->path, strlen(p->path));
  p->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (p->fd < 0) return;
  if (connect(p->fd, (const struct sockaddr*)&a, sizeof a) != 0) {
    close(p->fd);
    p->fd = -1;
    return;
  }
  pthread_mutex_lock(&p->lock);
  ok = send_hello(p) == 0;
  pthread_mutex_unlock(&p->lock);
  p->state = LINK_HELLO;
  p->hello_ns = now;
  p->next_poll_ns = 0;
  if (!ok) link_drop(p, "The agent did not take the hello.");
}

/* ---- receiving ---- */

static void welcomed(qd_probe* p, qd_cursor body) {
  qd_welcome m;
  if (p->state != LINK_HELLO || !qd_get_welcome(&body, &m)) {
    link_drop(p, "The agent sent a broken welcome.");
    return;
  }
  if (m.protocol < QD_PROTOCOL_OLDEST || m.protocol > QD_PROTOCOL) {
    link_drop(p, "The agent speaks another protocol; update the older of the two.");
    p->next_try_ns = qd_now_ns() + p->config.reconnect_refused_ns;
    return;
  }
  p->state = LINK_LIVE;
  p->error[0] = 0;
  p->connections++;
  p->park_refused = 0;
  __atomic_store_n(&p->attached, 1, __ATOMIC_RELEASE);
  __atomic_store_n(&p->live, 1, __ATOMIC_RELEASE);
  series_send_all(p);
  params_send_all(p);
  sites_send_all(p);
  actions_send_all(p);
  if (send_begin(p, QD_F_DECLARED)) send_end(p);
  if (p->parked) parked_send(p);
}

static void refused(qd_probe* p, qd_cursor body) {
  char why[REASON], reason[REASON - 40];
  qd_refused m;
  qd_get_refused(&body, &m);
  snprintf(why, sizeof why, "The agent refused this process: %s", qd_str_copy(reason, sizeof reason, m.reason));
  link_drop(p, why);
  p->next_try_ns = qd_now_ns() + p->config.reconnect_refused_ns;
}

static void dispatch(qd_probe* p, const qd_frame* f) {
  if (f->type == QD_F_WELCOME) {
    welcomed(p, f->body);
    return;
  }
  if (f->type == QD_F_REFUSED) {
    refused(p, f->body);
    return;
  }
  if (p->state != LINK_LIVE) {
    link_drop(p, "The agent sent something before its welcome.");
    return;
  }
  switch (f->type) {
    case QD_F_PUSH:
    case QD_F_ACTION_RUN:
      pending_add(p, f);
      break;
    case QD_F_QUERY:
      query_answer(p, f->body);
      break;
    case QD_F_ARM:
      arm_frame(p, f->body);
      break;
    case QD_F_DISARM:
      disarm_frame(p, f->body);
      break;
    default:
      break; /* of a newer agent */
  }
}

static void take_frames(qd_probe* p) {
  uint32_t at = 0;
  while (p->state != LINK_IDLE) {
    qd_frame f;
    int64_t n = qd_frame_next(p->in + at, p->in_size - at, &f);
    if (n == 0) break;
    if (n < 0) {
      link_drop(p, "The agent sent a frame larger than 1 MiB.");
      return;
    }
    at += (uint32_t)n;
    dispatch(p, &f);
  }
  if (p->state == LINK_IDLE || at == 0) return;
  memmove(p->in, p->in + at, p->in_size - at);
  p->in_size -= at;
}

static int in_room(qd_probe* p) {
  uint32_t capacity = p->in_capacity ? p->in_capacity : 16 << 10;
  uint8_t* in;
  if (p->in_size < p->in_capacity) return 1;
  if (p->in_capacity) capacity *= 2;
  if (capacity > IN_BYTES) capacity = IN_BYTES;
  in = capacity > p->in_capacity ? (uint8_t*)realloc(p->in, capacity) : NULL;
  if (!in) return 0;
  p->in = in;
  p->in_capacity = capacity;
  return 1;
}

/* No more than PER_SERVICE bytes a tick, however much the agent sends. */
static void receive(qd_probe* p) {
  size_t taken = 0;
  while (p->state != LINK_IDLE && taken < PER_SERVICE && in_room(p)) {
    ssize_t n = recv(p->fd, p->in + p->in_size, p->in_capacity - p->in_size, MSG_DONTWAIT);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return;
    if (n <= 0) {
      link_drop(p, "The agent closed the connection.");
      return;
    }
    p->in_size += (uint32_t)n;
    taken += (size_t)n;
    take_frames(p);
  }
  p->next_poll_ns = 0;
}

void link_service(qd_probe* p, uint64_t now) {
  uint32_t word;
  if (p->state == LINK_IDLE) {
    if (now >= p->next_try_ns) try_connect(p, now);
    if (p->state == LINK_IDLE) return;
  }
  word = __atomic_load_n(&p->lane->orders.control_word, __ATOMIC_RELAXED);
  if (word != p->control_seen || now >= p->next_poll_ns || p->state == LINK_HELLO) {
    p->control_seen = word;
    p->next_poll_ns = now + kPollNs;
    receive(p);
  }
  if (p->state == LINK_HELLO && now - p->hello_ns > kHelloNs) link_drop(p, "The agent did not answer the hello.");
  if (p->choked) link_drop(p, "The agent did not read what was sent to it.");
  if (p->state == LINK_LIVE && p->any_dirty) params_report(p, now);
  if (p->state != LINK_IDLE && p->out.size) link_flush(p);
}
