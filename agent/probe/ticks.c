/* SPDX-License-Identifier: Apache-2.0 */
/* Tick and frame boundaries, and the stop at one. A parked thread sleeps on a futex in the mapping, but trusts it with
 * nothing: it wakes by itself to look at the socket, at the lease and at its own clock. */
#include <string.h>

#include "agent/probe/internal.h"

static const uint64_t kSliceNs = UINT64_C(20000000); /* the longest sleep between two looks while parked */

static uint64_t load(const uint64_t* from) {
  return __atomic_load_n(from, __ATOMIC_ACQUIRE);
}

static void store(uint64_t* to, uint64_t value) {
  __atomic_store_n(to, value, __ATOMIC_RELEASE);
}

/* ---- begin ---- */

static void advance(qd_probe* p, uint64_t tick, uint64_t now) {
  uint32_t seq = p->tick_seq;
  __atomic_store_n(&p->tick_seq, seq + 1, __ATOMIC_RELAXED);
  __atomic_thread_fence(__ATOMIC_RELEASE);
  __atomic_store_n(&p->tick, tick, __ATOMIC_RELAXED);
  __atomic_store_n(&p->tick_ns, now, __ATOMIC_RELAXED);
  __atomic_store_n(&p->tick_seq, seq + 2, __ATOMIC_RELEASE);
  store(&p->lane->status.tick, tick);
  store(&p->lane->status.tick_ns, now);
}

uint64_t qd_tick_begin(qd_probe* p, uint64_t tick) {
  uint64_t now = qd_now_ns();
  if (!p || !on_game_thread(p)) return now;
  link_service(p, now);
  advance(p, tick, now);
  if (ring_push(&p->rings[0], QD_REC_TICK | tick << 16, now)) p->rings[0].front.stamped = p->tick_seq;
  pending_run(p, now);
  return now;
}

/* Never beyond the stop, and never back. */
static uint64_t clamp_to_stop(qd_probe* p, uint64_t render_tick) {
  uint64_t stop = load(&p->lane->orders.stop_tick), last = p->render_tick;
  if (!qd_connected(p) || p->park_refused || stop >= UINT64_MAX >> 16 || stop << 16 >= render_tick) return render_tick;
  if (p->has_rendered && stop << 16 < last) return last < render_tick ? last : render_tick;
  return p->has_rendered || stop ? stop << 16 : render_tick;
}

uint64_t qd_frame_begin(qd_probe* p, uint64_t frame_no, uint64_t render_tick, uint64_t predicted_tick) {
  uint64_t now = qd_now_ns(), records[4];
  if (!p || !on_game_thread(p)) return render_tick;
  link_service(p, now);
  render_tick = clamp_to_stop(p, render_tick);
  advance(p, frame_no, now);
  __atomic_store_n(&p->render_tick, render_tick, __ATOMIC_RELAXED);
  store(&p->lane->status.render_tick, render_tick);
  p->predicted_tick = predicted_tick;
  p->has_rendered = 1;
  records[0] = QD_REC_FRAME | frame_no << 16;
  records[1] = now;
  records[2] = QD_REC_FRAME_TICKS | predicted_tick << 16;
  records[3] = render_tick;
  if (ring_push_pair(&p->rings[0], records)) p->rings[0].front.stamped = p->tick_seq;
  pending_run(p, now);
  return render_tick;
}

/* ---- stopping ---- */

static int order_due(const qd_probe* p) {
  uint64_t stop = load(&p->lane->orders.stop_tick);
  if (stop == QD_STOP_NONE || p->park_refused || !qd_connected(p)) return 0;
  return domain_tick(p) >= stop;
}

int qd_stop_pending(const qd_probe* p) {
  return p && (__atomic_load_n(&p->local_stop, __ATOMIC_RELAXED) || order_due(p));
}

void stop_forget(qd_probe* p) {
  store(&p->lane->orders.stop_tick, QD_STOP_NONE);
  __atomic_store_n(&p->local_stop, 0, __ATOMIC_RELEASE);
}

void parked_send(qd_probe* p) {
  qd_writer* w = send_begin(p, QD_F_PARKED);
  if (!w) return;
  qd_put_parked(w, &p->parked_as);
  send_end(p);
  link_flush(p);
}

static void say_parked(qd_probe* p, uint64_t now, int by_order) {
  qd_lane_status* s = &p->lane->status;
  qd_parked* m = &p->parked_as;
  memset(m, 0, sizeof *m);
  m->tick = domain_tick(p);
  m->render_tick = p->config.kind == QD_KIND_EDITOR ? p->render_tick : p->tick << 16;
  m->time_ns = now;
  m->epoch = s->epoch;
  m->stop_id = by_order ? load(&p->lane->orders.stop_id) : 0;
  m->cause = __atomic_load_n(&p->local_stop, __ATOMIC_ACQUIRE) ? QD_STOP_SITE : QD_STOP_ORDER;
  os_lock_take(&p->lock); /* another thread may hit just now */
  memcpy(p->parked_breakpoint, p->stop_breakpoint, sizeof p->parked_breakpoint);
  os_lock_give(&p->lock);
  m->id = qd_str_of(m->cause == QD_STOP_SITE ? p->parked_breakpoint : "");
  store(&s->parked_tick, m->tick);
  store(&s->parked_ns, now);
  __atomic_store_n(&s->state, QD_STATE_PARKED, __ATOMIC_RELEASE);
  ring_push(&p->rings[0], QD_REC_PARK | (uint64_t)m->epoch << 16, now);
  parked_send(p);
}

static void say_resumed(qd_probe* p, qd_resume_reason reason, uint64_t stood) {
  qd_lane_status* s = &p->lane->status;
  uint64_t now = qd_now_ns();
  qd_resumed m;
  qd_writer* w;
  m.tick = domain_tick(p);
  m.time_ns = now;
  m.epoch = p->parked_as.epoch + 1;
  m.reason = (uint8_t)reason;
  m.parked_ns = stood;
  __atomic_store_n(&s->epoch, m.epoch, __ATOMIC_RELEASE);
  __atomic_store_n(&s->state, QD_STATE_RUNNING, __ATOMIC_RELEASE);
  ring_push(&p->rings[0], QD_REC_RESUME | ((uint64_t)m.epoch << 8 | reason) << 16, now);
  w = send_begin(p, QD_F_RESUMED);
  if (!w) return;
  qd_put_resumed(w, &m);
  send_end(p);
  link_flush(p);
}

static void sleep_parked(qd_probe* p, uint32_t seen) {
  if (p->stream.on) {
    os_wait_socket(p->fd, kSliceNs);
  } else {
    os_wait_word(&p->lane->orders.park_word, seen, kSliceNs);
  }
}

/* Why it ends, or 0 while it goes on. */
static int look_parked(qd_probe* p, uint64_t now) {
  qd_lane_orders* o = &p->lane->orders;
  uint32_t fresh;
  link_service(p, now);
  if (p->stream.on) stream_ship(p); /* others work on */
  if (__atomic_load_n(&o->resume_seq, __ATOMIC_ACQUIRE) != p->park_resume) return QD_RESUME_ASKED;
  fresh = __atomic_load_n(&o->lease, __ATOMIC_ACQUIRE);
  if (fresh != p->park_lease) p->park_renewed_ns = now;
  p->park_lease = fresh;
  if (now - p->park_start_ns >= p->config.park_max_ns) return QD_RESUME_MAXIMUM;
  return now > p->park_renewed_ns && now - p->park_renewed_ns >= p->config.park_orphan_ns ? QD_RESUME_ORPHANED : 0;
}

static qd_resume_reason wait_parked(qd_probe* p) {
  for (;;) {
    uint32_t word = __atomic_load_n(&p->lane->orders.park_word, __ATOMIC_ACQUIRE);
    int reason = look_parked(p, qd_now_ns());
    if (reason) return (qd_resume_reason)reason;
    sleep_parked(p, word);
  }
}

static void give_up(qd_probe* p, qd_resume_reason reason) {
  disarm_all(p, reason == QD_RESUME_MAXIMUM ? QD_DISARM_MAXIMUM : QD_DISARM_ORPHANED);
  stop_forget(p);
  if (reason == QD_RESUME_MAXIMUM) p->park_refused = 1;
}

/* `resume` was read before the stop was looked at, so that no resume is missed. */
static void begin_park(qd_probe* p, uint32_t resume, int by_order) {
  p->park_start_ns = p->park_renewed_ns = qd_now_ns();
  p->park_resume = resume;
  p->park_lease = __atomic_load_n(&p->lane->orders.lease, __ATOMIC_ACQUIRE);
  p->parked = 1;
  if (p->config.on_park) p->config.on_park(p->config.on_park_user, 1, 0);
  say_parked(p, p->park_start_ns, by_order);
}

static uint64_t end_park(qd_probe* p, qd_resume_reason reason) {
  uint64_t stood;
  p->parked = 0;
  __atomic_store_n(&p->local_stop, 0, __ATOMIC_RELEASE);
  if (reason != QD_RESUME_ASKED) give_up(p, reason);
  stood = qd_now_ns() - p->park_start_ns;
  p->parked_total_ns += stood;
  say_resumed(p, reason, stood);
  if (p->config.on_park) p->config.on_park(p->config.on_park_user, 0, stood);
  return stood;
}

static uint64_t park(qd_probe* p, uint32_t resume, int by_order) {
  begin_park(p, resume, by_order);
  return p->config.park_by_polling ? 0 : end_park(p, wait_parked(p));
}

int qd_park_poll(qd_probe* p) {
  int reason;
  if (!p || !on_game_thread(p) || !p->parked || !p->config.park_by_polling) return 0;
  reason = look_parked(p, qd_now_ns());
  if (!reason) return 1;
  end_park(p, (qd_resume_reason)reason);
  return 0;
}

static uint64_t boundary(qd_probe* p) {
  uint32_t resume = __atomic_load_n(&p->lane->orders.resume_seq, __ATOMIC_ACQUIRE);
  int by_order = order_due(p), by_site = __atomic_load_n(&p->local_stop, __ATOMIC_ACQUIRE);
  return by_order || by_site ? park(p, resume, by_order) : 0;
}

uint64_t qd_tick_end(qd_probe* p) {
  if (!p || !on_game_thread(p) || p->parked) return 0;
  ring_push(&p->rings[0], QD_REC_TICK_END | p->tick << 16, 0);
  if (p->stream.on) {
    stream_ship(p);
    link_service(p, qd_now_ns()); /* an order that came during this tick holds at its end */
  }
  return boundary(p);
}

uint64_t qd_frame_end(qd_probe* p) {
  return qd_tick_end(p);
}
