/* SPDX-License-Identifier: Apache-2.0 */
/* The control stream: connecting, receiving and sending from the game's own tick, never waiting. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

static const uint64_t kPollNs = UINT64_C(250000000);    /* look for a dead agent so often */
static const uint64_t kHelloNs = UINT64_C(5000000000);  /* how long an answer to the hello may take */
static const uint64_t kSilentNs = UINT64_C(5000000000); /* over TCP: it pings every second */
enum { IN_BYTES = QD_FRAME_MAX + QD_FRAME_HEAD, PER_SERVICE = 256 << 10 };

/* ---- dropping ---- */

void link_drop(qd_probe* p, const char* why) {
  int was_live = p->state == LINK_LIVE;
  os_lock_take(&p->lock);
  if (p->fd != OS_NO_SOCKET) os_close(p->fd);
  p->fd = OS_NO_SOCKET;
  p->state = LINK_IDLE;
  __atomic_store_n(&p->live, 0, __ATOMIC_RELEASE);
  qd_writer_free(&p->out);
  p->out_sent = 0;
  p->choked = 0;
  os_lock_give(&p->lock);
  p->in_size = 0;
  if (p->stream.on) stream_dropped(p);
  if (*why) set_error(p, "%s", why);
  p->next_try_ns = qd_now_ns() + p->config.reconnect_ns;
  if (!was_live) return;
  disarm_all(p, QD_DISARM_ORPHANED);
  if (!p->parked) stop_forget(p);
}

/* ---- sending ---- */

qd_writer* send_begin(qd_probe* p, qd_frame_type type) {
  os_lock_take(&p->lock);
  if (!__atomic_load_n(&p->live, __ATOMIC_RELAXED)) {
    os_lock_give(&p->lock);
    return NULL;
  }
  qd_frame_start(&p->out, type);
  return &p->out;
}

void send_end(qd_probe* p) {
  if (qd_frame_finish(&p->out) != 0 && p->out.size > MAX_OUT_BYTES / 2) p->choked = 1;
  os_lock_give(&p->lock);
}

void send_raw(qd_probe* p, const uint8_t* frame, uint32_t size) {
  os_lock_take(&p->lock);
  if (__atomic_load_n(&p->live, __ATOMIC_RELAXED)) {
    uint32_t before = p->out.size;
    qd_put_raw(&p->out, frame, size);
    if (p->out.failed) {
      p->out.size = before;
      p->choked = 1;
    }
    p->out.failed = 0;
  }
  os_lock_give(&p->lock);
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
  while (p->fd != OS_NO_SOCKET && p->state != LINK_CONNECTING && p->out_sent < p->out.size) {
    int64_t n = os_send(p->fd, p->out.data + p->out_sent, p->out.size - p->out_sent);
    if (n <= 0) break; /* full: at the next tick; broken: receiving will say so */
    p->out_sent += (uint32_t)n;
  }
  tidy_out(p);
}

void link_flush(qd_probe* p) {
  os_lock_take(&p->lock);
  link_flush_locked(p);
  os_lock_give(&p->lock);
}

/* ---- connecting ---- */

static void say_hello(qd_probe* p, uint64_t now) {
  int ok;
  os_lock_take(&p->lock);
  ok = send_hello(p) == 0;
  os_lock_give(&p->lock);
  p->state = LINK_HELLO;
  p->hello_ns = now;
  p->next_poll_ns = 0;
  if (!ok) link_drop(p, "The agent did not take the hello.");
}

static void try_connect(qd_probe* p, uint64_t now) {
  p->next_try_ns = now + p->config.reconnect_ns;
  p->fd = p->stream.on ? os_connect_tcp(&p->stream.address) : os_connect_local(p->path);
  if (p->fd == OS_NO_SOCKET) return;
  if (!p->stream.on) {
    say_hello(p, now);
    return;
  }
  p->state = LINK_CONNECTING;
  p->hello_ns = now;
}

/* The agent speaks first over TCP: what it challenges with is answered in the hello. */
static void try_connected(qd_probe* p, uint64_t now) {
  int done = os_connected(p->fd);
  if (done < 0 || (!done && now - p->hello_ns > kHelloNs)) {
    link_drop(p, "No agent answers at that address.");
  } else if (done) {
    p->state = LINK_HELLO;
    p->stream.heard_ns = now;
  }
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
  if (p->stream.token && !p->stream.proven) {
    link_drop(p, "What answers at the agent's address did not prove that it knows the token.");
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
  if (p->stream.on && f->type == QD_F_CHALLENGE) {
    if (stream_frame(p, f)) say_hello(p, qd_now_ns());
    return;
  }
  if (p->stream.on && stream_frame(p, f)) return;
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
    int64_t n = os_receive(p->fd, p->in + p->in_size, p->in_capacity - p->in_size);
    if (n == 0) return;
    if (n < 0) {
      link_drop(p, "The agent closed the connection.");
      return;
    }
    p->stream.heard_ns = qd_now_ns();
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
  if (p->state == LINK_CONNECTING) {
    try_connected(p, now);
    if (p->state != LINK_HELLO) return;
  }
  word = __atomic_load_n(&p->lane->orders.control_word, __ATOMIC_RELAXED);
  if (word != p->control_seen || now >= p->next_poll_ns || p->state == LINK_HELLO || p->stream.on) {
    p->control_seen = word;
    p->next_poll_ns = now + kPollNs;
    receive(p);
  }
  if (p->state == LINK_HELLO && now > p->hello_ns && now - p->hello_ns > kHelloNs)
    link_drop(p, "The agent did not answer the hello.");
  if (p->state == LINK_LIVE && p->stream.on && now > p->stream.heard_ns && now - p->stream.heard_ns > kSilentNs)
    link_drop(p, "The agent was silent for too long.");
  if (p->choked) link_drop(p, "The agent did not read what was sent to it.");
  if (p->state == LINK_LIVE && p->any_dirty) params_report(p, now);
  if (p->state != LINK_IDLE && p->out.size) link_flush(p);
}
