/* SPDX-License-Identifier: Apache-2.0 */
/* Pushes: one change set, applied at a tick boundary, all of it or none of it, at most once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

enum { MOST_CHANGES = 256 };

struct change {
  qd_push_item item;
  struct param* param;
  qd_value value; /* as it will be stored */
  char reason[REASON];
};

/* ---- results by id ---- */

const struct result* result_find(const struct results* rs, qd_str id) {
  uint32_t i;
  for (i = 0; i < MAX_RESULTS; i++)
    if (rs->slots[i].frame && qd_str_is(id, rs->slots[i].id)) return &rs->slots[i];
  return NULL;
}

void result_keep(struct results* rs, qd_str id, const uint8_t* frame, uint32_t size) {
  struct result* r = &rs->slots[rs->next];
  uint8_t* copy = (uint8_t*)malloc(size);
  if (!copy) return;
  memcpy(copy, frame, size);
  free(r->frame);
  r->frame = copy;
  r->size = size;
  qd_str_copy(r->id, sizeof r->id, id);
  rs->next = (rs->next + 1) % MAX_RESULTS;
}

static void unknown_result(qd_probe* p, const qd_query_msg* q) {
  qd_writer* w = send_begin(p, q->kind == QD_QUERY_PUSH ? QD_F_PUSH_RESULT : QD_F_ACTION_RESULT);
  qd_action_result action;
  qd_push_result push;
  if (!w) return;
  memset(&push, 0, sizeof push);
  memset(&action, 0, sizeof action);
  push.id = action.id = q->id;
  push.status = action.status = QD_UNKNOWN;
  push.tick = action.tick = p->tick;
  if (q->kind == QD_QUERY_PUSH)
    qd_put_push_result(w, &push);
  else
    qd_put_action_result(w, &action);
  send_end(p);
}

static int is_pending(const qd_probe* p, const qd_query_msg* q) {
  uint16_t type = q->kind == QD_QUERY_PUSH ? QD_F_PUSH : QD_F_ACTION_RUN;
  uint32_t i;
  for (i = 0; i < p->pending_count; i++) {
    qd_cursor c = qd_cursor_of(p->pending[i].body, p->pending[i].size);
    if (p->pending[i].type == type && qd_str_equal(qd_get_str(&c), q->id)) return 1;
  }
  return 0;
}

void query_answer(qd_probe* p, qd_cursor body) {
  const struct result* r;
  qd_query_msg q;
  if (!qd_get_query(&body, &q) || is_pending(p, &q)) return; /* pending: its result comes by itself */
  r = result_find(q.kind == QD_QUERY_PUSH ? &p->pushes : &p->runs, q.id);
  if (r)
    send_raw(p, r->frame, r->size);
  else
    unknown_result(p, &q);
}

/* ---- waiting for the boundary ---- */

void pending_add(qd_probe* p, const qd_frame* f) {
  uint32_t size = (uint32_t)(f->body.end - f->body.at);
  struct pending* q = &p->pending[p->pending_count];
  uint8_t* copy = p->pending_count < MAX_PENDING ? (uint8_t*)malloc(size ? size : 1) : NULL;
  if (!copy) {
    const char* reason = "The process has too many changes waiting for its next tick; send it again.";
    if (f->type == QD_F_PUSH)
      push_refuse(p, f->body, reason);
    else
      action_refuse(p, f->body, reason);
    return;
  }
  if (size) memcpy(copy, f->body.at, size);
  q->type = f->type;
  q->size = size;
  q->body = copy;
  p->pending_count++;
}

void pending_run(qd_probe* p, uint64_t now) {
  uint32_t i, n = p->pending_count;
  if (n == 0) return;
  for (i = 0; i < n; i++) {
    qd_cursor c = qd_cursor_of(p->pending[i].body, p->pending[i].size);
    if (p->pending[i].type == QD_F_PUSH)
      push_apply(p, c, now);
    else
      action_run(p, c, now);
    free(p->pending[i].body);
  }
  p->pending_count = 0;
  link_flush(p);
}

/* ---- one push ---- */

static struct param* find(qd_probe* p, qd_str name) {
  int i;
  for (i = 0; i < p->param_count; i++)
    if (qd_str_is(name, p->params[i].desc.name)) return &p->params[i];
  return NULL;
}

static int refuse(struct change* c, const char* text) {
  snprintf(c->reason, sizeof c->reason, "%s", text);
  return 0;
}

static int is_twice(const struct change* all, const struct change* c) {
  const struct change* o;
  for (o = all; o < c; o++)
    if (o->param == c->param) return 1;
  return 0;
}

static int check(qd_probe* p, const struct change* all, struct change* c) {
  char name[128];
  c->param = find(p, c->item.name);
  if (!c->param) {
    snprintf(c->reason, sizeof c->reason, "This process has no parameter \"%s\".",
             qd_str_copy(name, sizeof name, c->item.name));
    return 0;
  }
  if (is_twice(all, c)) return refuse(c, "The push names this parameter twice.");
  if (c->item.has_expected && c->item.expected != c->param->version) {
    snprintf(c->reason, sizeof c->reason, "Version %llu was expected, but it is at %llu; somebody else changed it.",
             (unsigned long long)c->item.expected, (unsigned long long)c->param->version);
    return 0;
  }
  if (!param_accepts(c->param, &c->item.value, &c->value, c->reason, sizeof c->reason)) return 0;
  if (!c->param->desc.check) return 1;
  if (c->param->desc.check(c->param->desc.user, &c->value, c->reason, sizeof c->reason) == 0) return 1;
  return c->reason[0] ? 0 : refuse(c, "The game refuses this value.");
}

static void put_item(qd_writer* w, const struct change* c, int applied) {
  qd_result_item r;
  memset(&r, 0, sizeof r);
  r.name = c->item.name;
  r.status = applied ? QD_APPLIED : QD_REJECTED;
  if (c->param) {
    r.before = c->param->value;
    r.after = applied ? c->value : c->param->value;
    r.version = c->param->version + (applied ? 1 : 0);
  }
  r.reason = qd_str_of(c->reason);
  if (!applied && !c->reason[0]) r.reason = qd_str_of("Not applied, because another change of this push was refused.");
  qd_put_result_item(w, &r);
}

static void tell_value(qd_probe* p, const struct change* c, qd_str push_id, uint64_t now) {
  qd_param_value_msg m;
  qd_writer* w = send_begin(p, QD_F_PARAM_VALUE);
  if (!w) return;
  m.name = c->item.name;
  m.value = c->param->value;
  m.version = c->param->version;
  m.tick = p->tick;
  m.time_ns = now;
  m.cause = QD_CHANGED_BY_PUSH;
  m.push_id = push_id;
  qd_put_param_value(w, &m);
  send_end(p);
}

static void store(qd_probe* p, struct change* c, qd_str push_id, uint64_t now) {
  struct param* m = c->param;
  param_store(m, &c->value);
  m->version++;
  m->dirty = 0;
  tell_value(p, c, push_id, now);
  if (m->desc.apply) m->desc.apply(m->desc.user, &m->value);
}

/* The answer is written before anything changes, since it says what was before. */
static void finish(qd_probe* p, const qd_push_msg* m, struct change* all, uint32_t n, const char* reason,
                   uint64_t now) {
  qd_push_result r;
  qd_writer w;
  uint32_t i;
  memset(&w, 0, sizeof w);
  w.max_bytes = QD_FRAME_MAX;
  r.id = m->id;
  r.status = reason ? QD_REJECTED : QD_APPLIED;
  r.tick = p->tick;
  r.time_ns = now;
  r.reason = qd_str_of(reason);
  r.count = (uint16_t)n;
  qd_frame_start(&w, QD_F_PUSH_RESULT);
  qd_put_push_result(&w, &r);
  for (i = 0; i < n; i++) put_item(&w, &all[i], !reason);
  if (qd_frame_finish(&w) == 0) {
    result_keep(&p->pushes, m->id, w.data, w.size);
    for (i = 0; i < n && !reason; i++) store(p, &all[i], m->id, now);
    send_raw(p, w.data, w.size);
  } else if (n) {
    finish(p, m, all, 0, "The outcome of this push would not fit into one message; push less at once.", now);
  }
  qd_writer_free(&w);
}

static const char* check_all(qd_probe* p, qd_cursor* c, struct change* all, uint32_t n) {
  const char* reason = NULL;
  uint32_t i;
  for (i = 0; i < n; i++)
    if (!qd_get_push_item(c, &all[i].item)) return "The push is broken.";
  for (i = 0; i < n; i++)
    if (!check(p, all, &all[i])) reason = "Nothing was applied, because a change was refused.";
  return reason;
}

void push_apply(qd_probe* p, qd_cursor body, uint64_t now) {
  const struct result* known;
  const char* reason;
  struct change* all;
  qd_push_msg m;
  if (!qd_get_push(&body, &m) || m.id.size < 1 || m.id.size > MAX_ID) return; /* nobody could tell whose answer it is */
  known = result_find(&p->pushes, m.id);
  if (known) {
    send_raw(p, known->frame, known->size);
    return;
  }
  all = m.count <= MOST_CHANGES ? (struct change*)calloc(m.count + 1u, sizeof *all) : NULL;
  if (!all) {
    finish(p, &m, NULL, 0, "A push may change at most 256 parameters.", now);
    return;
  }
  reason = check_all(p, &body, all, m.count);
  finish(p, &m, all, body.failed ? 0 : m.count, reason, now);
  free(all);
}

void push_refuse(qd_probe* p, qd_cursor body, const char* reason) {
  qd_push_result r;
  qd_push_msg m;
  qd_writer* w;
  if (!qd_get_push(&body, &m)) return;
  w = send_begin(p, QD_F_PUSH_RESULT);
  if (!w) return;
  memset(&r, 0, sizeof r);
  r.id = m.id;
  r.status = QD_REJECTED;
  r.tick = p->tick;
  r.time_ns = qd_now_ns();
  r.reason = qd_str_of(reason);
  qd_put_push_result(w, &r);
  send_end(p);
}
