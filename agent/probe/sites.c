/* SPDX-License-Identifier: Apache-2.0 */
/* Sites and what is armed on them. Arms are read by any thread that hits and changed by the game thread, so they stand
 * under probe->lock; an unarmed site never comes here. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

enum { REPORTS_PER_SECOND = 20 };
static const uint64_t kSecond = UINT64_C(1000000000);

/* ---- declaring ---- */

static void site_send(qd_probe* p, const struct site* s) {
  qd_writer* w = send_begin(p, QD_F_SITE);
  qd_site_msg m;
  if (!w) return;
  m.name = qd_str_of(s->name);
  m.file = qd_str_of(s->file);
  m.line = (uint32_t)s->line;
  m.fields = qd_str_of(s->fields);
  qd_put_site(w, &m);
  send_end(p);
}

void sites_send_all(qd_probe* p) {
  int i;
  for (i = 0; i < p->site_count; i++) site_send(p, p->sites[i]);
}

static qd_site* nothing(qd_probe* p, const char* why) {
  static qd_site never; /* never armed, never written */
  if (!p) return &never;
  set_error(p, "A site was not declared: %s", why);
  return &p->no_site.handle;
}

qd_site* qd_site_declare(qd_probe* p, const char* name, const char* file, int line, const char* fields) {
  struct site* s;
  int i;
  if (!p || !on_game_thread(p)) return nothing(p, "only the game thread may declare one.");
  if (!name || !*name || strlen(name) > 255) return nothing(p, "it needs a name of 1 to 255 bytes.");
  for (i = 0; i < p->site_count; i++)
    if (strcmp(p->sites[i]->name, name) == 0) return &p->sites[i]->handle;
  s = p->site_count < MAX_SITES ? (struct site*)calloc(1, sizeof *s) : NULL;
  if (!s) return nothing(p, "a process may have at most 256.");
  s->name = text_copy(name);
  s->file = text_copy(file);
  s->fields = text_copy(fields);
  s->line = line;
  s->handle.index = (uint32_t)p->site_count;
  p->sites[p->site_count++] = s;
  site_send(p, s);
  return &s->handle;
}

/* ---- arming ---- */

static void disarm(qd_probe* p, struct arm* a) {
  __atomic_sub_fetch(&p->sites[a->site]->handle.armed, 1, __ATOMIC_RELAXED);
  free(a->text);
  a->text = NULL;
  a->used = 0;
}

/* Needs the lock. */
static void put_disarmed(qd_probe* p, const char* id, qd_disarm_reason reason) {
  qd_disarmed m;
  if (!__atomic_load_n(&p->live, __ATOMIC_RELAXED)) return;
  m.id = qd_str_of(id);
  m.reason = (uint8_t)reason;
  qd_frame_start(&p->out, QD_F_DISARMED);
  qd_put_disarmed(&p->out, &m);
  qd_frame_finish(&p->out);
}

static void disarm_matching(qd_probe* p, qd_str id, qd_disarm_reason reason, int tell) {
  int i;
  for (i = 0; i < MAX_ARMS; i++) {
    struct arm* a = &p->arms[i];
    if (!a->used || (id.size && !qd_str_is(id, a->id))) continue;
    disarm(p, a);
    if (tell) put_disarmed(p, a->id, reason);
  }
}

void disarm_all(qd_probe* p, qd_disarm_reason reason) {
  os_lock_take(&p->lock);
  disarm_matching(p, qd_str_of(""), reason, 1);
  os_lock_give(&p->lock);
}

void disarm_frame(qd_probe* p, qd_cursor body) {
  qd_disarm_msg m;
  if (!qd_get_disarm(&body, &m)) return;
  os_lock_take(&p->lock);
  disarm_matching(p, m.id, QD_DISARM_ASKED, 1);
  os_lock_give(&p->lock);
}

static const struct site* site_named(const qd_probe* p, qd_str name) {
  int i;
  for (i = 0; i < p->site_count; i++)
    if (qd_str_is(name, p->sites[i]->name)) return p->sites[i];
  return NULL;
}

static struct arm* free_arm(qd_probe* p) {
  int i;
  for (i = 0; i < MAX_ARMS; i++)
    if (!p->arms[i].used) return &p->arms[i];
  return NULL;
}

static void put_arm_result(qd_probe* p, const qd_arm_msg* m, const struct site* s, const char* reason) {
  qd_writer* w = send_begin(p, QD_F_ARM_RESULT);
  qd_arm_result r;
  if (!w) return;
  memset(&r, 0, sizeof r);
  r.id = m->id;
  r.revision = m->revision;
  r.status = reason ? QD_ARM_REJECTED : QD_ARM_VERIFIED;
  r.reason = qd_str_of(reason);
  r.site = m->site;
  r.file = qd_str_of(s ? s->file : "");
  r.line = s ? (uint32_t)s->line : 0;
  qd_put_arm_result(w, &r);
  send_end(p);
}

static void fill_arm(struct arm* a, const qd_arm_msg* m, const struct site* s, const qd_expr* condition, char* text) {
  memset(a, 0, sizeof *a);
  a->used = 1;
  a->site = (int)s->handle.index;
  qd_str_copy(a->id, sizeof a->id, m->id);
  a->revision = m->revision;
  a->after = m->after;
  a->max_hits = m->mode == QD_ARM_CAPTURE && !m->max_hits ? 1 : m->max_hits;
  a->mode = (qd_arm_mode)m->mode;
  a->text = text;
  a->condition = *condition;
}

/* Sentence why not, or NULL. */
static const char* arm(qd_probe* p, const qd_arm_msg* m, const struct site* s, char* why, size_t size) {
  qd_expr condition;
  struct arm* a;
  char* text;
  if (p->park_refused)
    return "This process stood at its maximum time and takes no breakpoints until the agent reconnects.";
  if (m->id.size < 1 || m->id.size > MAX_ID) return "A breakpoint's id has 1 to 64 bytes.";
  if (m->mode < QD_ARM_STOP || m->mode > QD_ARM_CAPTURE) return "The mode of the breakpoint is unknown to this probe.";
  if (!s) return "This process has no site of that name.";
  if (qd_expr_compile(&condition, m->condition.data, m->condition.size, s->fields, why, size) != 0) return why;
  text = (char*)malloc(m->text.size + 1u);
  os_lock_take(&p->lock);
  disarm_matching(p, m->id, QD_DISARM_ASKED, 0);
  a = text ? free_arm(p) : NULL;
  if (a) {
    fill_arm(a, m, s, &condition, qd_str_copy(text, m->text.size + 1u, m->text));
    __atomic_add_fetch(&p->sites[a->site]->handle.armed, 1, __ATOMIC_RELAXED);
  }
  os_lock_give(&p->lock);
  if (a) return NULL;
  free(text);
  return "This process has 64 breakpoints armed already; disarm one first.";
}

void arm_frame(qd_probe* p, qd_cursor body) {
  char why[REASON];
  qd_arm_msg m;
  const struct site* s;
  if (!qd_get_arm(&body, &m)) return;
  s = site_named(p, m.site);
  put_arm_result(p, &m, s, arm(p, &m, s, why, sizeof why));
}

/* ---- hitting; everything below needs the lock ---- */

/* "{victim} took {damage}" */
static void expand(const char* text, const qd_field* fields, uint32_t count, char* to, size_t size) {
  size_t used = 0;
  while (*text && used + 1 < size) {
    const char* close = *text == '{' ? strchr(text, '}') : NULL;
    uint32_t i = count;
    if (close)
      for (i = 0; i < count; i++)
        if (fields[i].name && strlen(fields[i].name) == (size_t)(close - text - 1) &&
            memcmp(fields[i].name, text + 1, (size_t)(close - text - 1)) == 0)
          break;
    if (i < count) {
      char shown[256];
      value_print(&fields[i].value, shown, sizeof shown);
      used += (size_t)snprintf(to + used, size - used, "%s", shown);
      if (used >= size) used = size - 1;
      text = close + 1;
    } else {
      to[used++] = *text++;
    }
  }
  to[used] = 0;
}

static void put_hit(qd_probe* p, struct arm* a, const char* ring, const qd_field* fields, uint32_t count) {
  qd_hit_msg m;
  uint32_t i;
  memset(&m, 0, sizeof m);
  m.id = qd_str_of(a->id);
  m.revision = a->revision;
  m.site = qd_str_of(p->sites[a->site]->name);
  m.ring = qd_str_of(ring);
  m.hit = a->held;
  m.tick = domain_tick(p);
  m.render_tick = p->config.kind == QD_KIND_EDITOR ? __atomic_load_n(&p->render_tick, __ATOMIC_RELAXED) : m.tick << 16;
  m.time_ns = qd_now_ns();
  m.epoch = __atomic_load_n(&p->lane->status.epoch, __ATOMIC_RELAXED);
  m.mode = (uint8_t)a->mode;
  m.stops = a->mode == QD_ARM_STOP;
  m.suppressed = a->suppressed;
  m.count = (uint16_t)count;
  qd_frame_start(&p->out, QD_F_HIT);
  qd_put_hit(&p->out, &m);
  for (i = 0; i < count; i++) {
    qd_field_item item;
    item.name = qd_str_of(fields[i].name);
    item.value = fields[i].value;
    qd_put_field(&p->out, &item);
  }
  qd_frame_finish(&p->out);
  a->suppressed = 0;
}

/* A breakpoint that stops reports once a tick, one that does not at most 20 times a second; the rest is counted. */
static int may_report(const qd_probe* p, struct arm* a) {
  uint64_t now, seq = __atomic_load_n(&p->tick_seq, __ATOMIC_RELAXED);
  if (a->mode == QD_ARM_STOP) {
    if (a->reported && a->stopped_seq == seq) return 0;
    a->stopped_seq = seq;
    return 1;
  }
  now = qd_now_ns();
  if (now - a->window_ns >= kSecond) {
    a->window_ns = now;
    a->in_window = 0;
  }
  return a->in_window++ < REPORTS_PER_SECOND;
}

static void log_hit(qd_probe* p, const struct arm* a, const qd_field* fields, uint32_t count) {
  char text[1024];
  expand(a->text, fields, count, text, sizeof text);
  qd_log(p, QD_INFO, p->sites[a->site]->name, text);
}

/* 1 when it stops. */
static int hit_arm(qd_probe* p, struct arm* a, const char* ring, const qd_field* fields, uint32_t count) {
  if (!qd_expr_holds(&a->condition, fields, count) || ++a->held <= a->after) return 0;
  if (!may_report(p, a)) {
    a->suppressed++;
    return a->mode == QD_ARM_STOP;
  }
  a->reported++;
  if (a->mode == QD_ARM_LOG)
    log_hit(p, a, fields, count);
  else
    put_hit(p, a, ring, fields, count);
  if (a->mode == QD_ARM_STOP) {
    if (!__atomic_load_n(&p->local_stop, __ATOMIC_RELAXED)) memcpy(p->stop_breakpoint, a->id, sizeof a->id);
    __atomic_store_n(&p->local_stop, 1, __ATOMIC_RELEASE);
  }
  if (a->max_hits && a->reported >= a->max_hits) {
    int stops = a->mode == QD_ARM_STOP;
    disarm(p, a);
    put_disarmed(p, a->id, QD_DISARM_SPENT);
    return stops;
  }
  return a->mode == QD_ARM_STOP;
}

int qd_site_hit(qd_probe* p, qd_site* site, const qd_field* fields, uint32_t count) {
  struct ring* r;
  int i, stops = 0;
  if (!p || !site || site->index >= MAX_SITES || !qd_site_enabled(site)) return 0;
  if (count > QD_MAX_FIELDS) {
    misuse(p);
    count = QD_MAX_FIELDS;
  }
  r = ring_of_thread(p);
  os_lock_take(&p->lock);
  for (i = 0; i < MAX_ARMS && __atomic_load_n(&p->live, __ATOMIC_RELAXED); i++) {
    struct arm* a = &p->arms[i];
    if (a->used && a->site == (int)site->index) stops |= hit_arm(p, a, r ? r->shared->name : "", fields, count);
  }
  link_flush_locked(p);
  os_lock_give(&p->lock);
  return stops;
}
