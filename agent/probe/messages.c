/* SPDX-License-Identifier: Apache-2.0 */
/* The messages of frames.h, member by member in the order of their declaration. */
#include "agent/probe/frames.h"

#include <string.h>

void qd_put_pair(qd_writer* w, const qd_pair_item* m) {
  qd_put_str(w, m->key);
  qd_put_str(w, m->value);
}

int qd_get_pair(qd_cursor* c, qd_pair_item* m) {
  memset(m, 0, sizeof *m);
  m->key = qd_get_str(c);
  m->value = qd_get_str(c);
  return !c->failed;
}

void qd_put_field(qd_writer* w, const qd_field_item* m) {
  qd_put_str(w, m->name);
  qd_put_value(w, &m->value);
}

int qd_get_field(qd_cursor* c, qd_field_item* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->value = qd_get_value(c);
  return !c->failed;
}

void qd_put_arg(qd_writer* w, const qd_arg_item* m) {
  qd_put_str(w, m->name);
  qd_put_u8(w, m->type);
  qd_put_u8(w, m->required);
  qd_put_str(w, m->description);
}

int qd_get_arg(qd_cursor* c, qd_arg_item* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->type = qd_get_u8(c);
  m->required = qd_get_u8(c);
  m->description = qd_get_str(c);
  return !c->failed;
}

void qd_put_push_item(qd_writer* w, const qd_push_item* m) {
  qd_put_str(w, m->name);
  qd_put_u8(w, m->has_expected);
  qd_put_u64(w, m->expected);
  qd_put_value(w, &m->value);
}

int qd_get_push_item(qd_cursor* c, qd_push_item* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->has_expected = qd_get_u8(c);
  m->expected = qd_get_u64(c);
  m->value = qd_get_value(c);
  return !c->failed;
}

void qd_put_result_item(qd_writer* w, const qd_result_item* m) {
  qd_put_str(w, m->name);
  qd_put_u8(w, m->status);
  qd_put_value(w, &m->before);
  qd_put_value(w, &m->after);
  qd_put_u64(w, m->version);
  qd_put_str(w, m->reason);
}

int qd_get_result_item(qd_cursor* c, qd_result_item* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->status = qd_get_u8(c);
  m->before = qd_get_value(c);
  m->after = qd_get_value(c);
  m->version = qd_get_u64(c);
  m->reason = qd_get_str(c);
  return !c->failed;
}

void qd_put_hello(qd_writer* w, const qd_hello* m) {
  qd_put_u32(w, m->magic);
  qd_put_u16(w, m->protocol);
  qd_put_u16(w, m->oldest_protocol);
  qd_put_str(w, m->id);
  qd_put_u8(w, m->kind);
  qd_put_str(w, m->name);
  qd_put_str(w, m->domain);
  qd_put_f64(w, m->tick_hz);
  qd_put_str(w, m->build_version);
  qd_put_str(w, m->build_commit);
  qd_put_str(w, m->build_id);
  qd_put_u64(w, m->instance);
  qd_put_u32(w, m->pid);
  qd_put_u64(w, m->monotonic_ns);
  qd_put_u64(w, m->utc_ns);
  qd_put_u64(w, m->lane_bytes);
  qd_put_str(w, m->language);
  qd_put_u16(w, m->count);
}

int qd_get_hello(qd_cursor* c, qd_hello* m) {
  memset(m, 0, sizeof *m);
  m->magic = qd_get_u32(c);
  m->protocol = qd_get_u16(c);
  m->oldest_protocol = qd_get_u16(c);
  m->id = qd_get_str(c);
  m->kind = qd_get_u8(c);
  m->name = qd_get_str(c);
  m->domain = qd_get_str(c);
  m->tick_hz = qd_get_f64(c);
  m->build_version = qd_get_str(c);
  m->build_commit = qd_get_str(c);
  m->build_id = qd_get_str(c);
  m->instance = qd_get_u64(c);
  m->pid = qd_get_u32(c);
  m->monotonic_ns = qd_get_u64(c);
  m->utc_ns = qd_get_u64(c);
  m->lane_bytes = qd_get_u64(c);
  m->language = qd_get_str(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_series(qd_writer* w, const qd_series_msg* m) {
  qd_put_u32(w, m->handle);
  qd_put_str(w, m->name);
  qd_put_str(w, m->unit);
  qd_put_u8(w, m->is_f64);
  qd_put_u8(w, (uint8_t)m->scale);
  qd_put_str(w, m->description);
  qd_put_u8(w, m->has_budget);
  qd_put_f64(w, m->budget);
  qd_put_u16(w, m->count);
}

int qd_get_series(qd_cursor* c, qd_series_msg* m) {
  memset(m, 0, sizeof *m);
  m->handle = qd_get_u32(c);
  m->name = qd_get_str(c);
  m->unit = qd_get_str(c);
  m->is_f64 = qd_get_u8(c);
  m->scale = (int8_t)qd_get_u8(c);
  m->description = qd_get_str(c);
  m->has_budget = qd_get_u8(c);
  m->budget = qd_get_f64(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_series_end(qd_writer* w, const qd_series_end_msg* m) {
  qd_put_u32(w, m->handle);
  qd_put_u64(w, m->tick);
}

int qd_get_series_end(qd_cursor* c, qd_series_end_msg* m) {
  memset(m, 0, sizeof *m);
  m->handle = qd_get_u32(c);
  m->tick = qd_get_u64(c);
  return !c->failed;
}

void qd_put_param(qd_writer* w, const qd_param_msg* m) {
  qd_put_str(w, m->name);
  qd_put_u8(w, m->type);
  qd_put_str(w, m->unit);
  qd_put_str(w, m->group);
  qd_put_str(w, m->description);
  qd_put_u8(w, m->risk);
  qd_put_u8(w, m->effect);
  qd_put_value(w, &m->min);
  qd_put_value(w, &m->max);
  qd_put_value(w, &m->step);
  qd_put_value(w, &m->initial);
  qd_put_value(w, &m->value);
  qd_put_u64(w, m->version);
  qd_put_u16(w, m->count);
}

int qd_get_param(qd_cursor* c, qd_param_msg* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->type = qd_get_u8(c);
  m->unit = qd_get_str(c);
  m->group = qd_get_str(c);
  m->description = qd_get_str(c);
  m->risk = qd_get_u8(c);
  m->effect = qd_get_u8(c);
  m->min = qd_get_value(c);
  m->max = qd_get_value(c);
  m->step = qd_get_value(c);
  m->initial = qd_get_value(c);
  m->value = qd_get_value(c);
  m->version = qd_get_u64(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_param_value(qd_writer* w, const qd_param_value_msg* m) {
  qd_put_str(w, m->name);
  qd_put_value(w, &m->value);
  qd_put_u64(w, m->version);
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->time_ns);
  qd_put_u8(w, m->cause);
  qd_put_str(w, m->push_id);
}

int qd_get_param_value(qd_cursor* c, qd_param_value_msg* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->value = qd_get_value(c);
  m->version = qd_get_u64(c);
  m->tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->cause = qd_get_u8(c);
  m->push_id = qd_get_str(c);
  return !c->failed;
}

void qd_put_site(qd_writer* w, const qd_site_msg* m) {
  qd_put_str(w, m->name);
  qd_put_str(w, m->file);
  qd_put_u32(w, m->line);
  qd_put_str(w, m->fields);
}

int qd_get_site(qd_cursor* c, qd_site_msg* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->file = qd_get_str(c);
  m->line = qd_get_u32(c);
  m->fields = qd_get_str(c);
  return !c->failed;
}

void qd_put_action(qd_writer* w, const qd_action_msg* m) {
  qd_put_str(w, m->name);
  qd_put_str(w, m->description);
  qd_put_u8(w, m->risk);
  qd_put_u16(w, m->count);
}

int qd_get_action(qd_cursor* c, qd_action_msg* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->description = qd_get_str(c);
  m->risk = qd_get_u8(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_arm_result(qd_writer* w, const qd_arm_result* m) {
  qd_put_str(w, m->id);
  qd_put_u64(w, m->revision);
  qd_put_u8(w, m->status);
  qd_put_str(w, m->reason);
  qd_put_str(w, m->site);
  qd_put_str(w, m->file);
  qd_put_u32(w, m->line);
}

int qd_get_arm_result(qd_cursor* c, qd_arm_result* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->revision = qd_get_u64(c);
  m->status = qd_get_u8(c);
  m->reason = qd_get_str(c);
  m->site = qd_get_str(c);
  m->file = qd_get_str(c);
  m->line = qd_get_u32(c);
  return !c->failed;
}

void qd_put_disarmed(qd_writer* w, const qd_disarmed* m) {
  qd_put_str(w, m->id);
  qd_put_u8(w, m->reason);
}

int qd_get_disarmed(qd_cursor* c, qd_disarmed* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->reason = qd_get_u8(c);
  return !c->failed;
}

void qd_put_hit(qd_writer* w, const qd_hit_msg* m) {
  qd_put_str(w, m->id);
  qd_put_u64(w, m->revision);
  qd_put_str(w, m->site);
  qd_put_str(w, m->ring);
  qd_put_u64(w, m->hit);
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->render_tick);
  qd_put_u64(w, m->time_ns);
  qd_put_u32(w, m->epoch);
  qd_put_u8(w, m->mode);
  qd_put_u8(w, m->stops);
  qd_put_u32(w, m->suppressed);
  qd_put_u16(w, m->count);
}

int qd_get_hit(qd_cursor* c, qd_hit_msg* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->revision = qd_get_u64(c);
  m->site = qd_get_str(c);
  m->ring = qd_get_str(c);
  m->hit = qd_get_u64(c);
  m->tick = qd_get_u64(c);
  m->render_tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->epoch = qd_get_u32(c);
  m->mode = qd_get_u8(c);
  m->stops = qd_get_u8(c);
  m->suppressed = qd_get_u32(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_parked(qd_writer* w, const qd_parked* m) {
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->render_tick);
  qd_put_u64(w, m->time_ns);
  qd_put_u32(w, m->epoch);
  qd_put_u64(w, m->stop_id);
  qd_put_u8(w, m->cause);
  qd_put_str(w, m->id);
}

int qd_get_parked(qd_cursor* c, qd_parked* m) {
  memset(m, 0, sizeof *m);
  m->tick = qd_get_u64(c);
  m->render_tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->epoch = qd_get_u32(c);
  m->stop_id = qd_get_u64(c);
  m->cause = qd_get_u8(c);
  m->id = qd_get_str(c);
  return !c->failed;
}

void qd_put_resumed(qd_writer* w, const qd_resumed* m) {
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->time_ns);
  qd_put_u32(w, m->epoch);
  qd_put_u8(w, m->reason);
  qd_put_u64(w, m->parked_ns);
}

int qd_get_resumed(qd_cursor* c, qd_resumed* m) {
  memset(m, 0, sizeof *m);
  m->tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->epoch = qd_get_u32(c);
  m->reason = qd_get_u8(c);
  m->parked_ns = qd_get_u64(c);
  return !c->failed;
}

void qd_put_push_result(qd_writer* w, const qd_push_result* m) {
  qd_put_str(w, m->id);
  qd_put_u8(w, m->status);
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->time_ns);
  qd_put_str(w, m->reason);
  qd_put_u16(w, m->count);
}

int qd_get_push_result(qd_cursor* c, qd_push_result* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->status = qd_get_u8(c);
  m->tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->reason = qd_get_str(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_action_result(qd_writer* w, const qd_action_result* m) {
  qd_put_str(w, m->id);
  qd_put_str(w, m->name);
  qd_put_u8(w, m->status);
  qd_put_u64(w, m->tick);
  qd_put_u64(w, m->time_ns);
  qd_put_str(w, m->text);
}

int qd_get_action_result(qd_cursor* c, qd_action_result* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->name = qd_get_str(c);
  m->status = qd_get_u8(c);
  m->tick = qd_get_u64(c);
  m->time_ns = qd_get_u64(c);
  m->text = qd_get_str(c);
  return !c->failed;
}

void qd_put_welcome(qd_writer* w, const qd_welcome* m) {
  qd_put_u16(w, m->protocol);
  qd_put_str(w, m->agent);
}

int qd_get_welcome(qd_cursor* c, qd_welcome* m) {
  memset(m, 0, sizeof *m);
  m->protocol = qd_get_u16(c);
  m->agent = qd_get_str(c);
  return !c->failed;
}

void qd_put_refused(qd_writer* w, const qd_refused* m) {
  qd_put_u8(w, m->code);
  qd_put_str(w, m->reason);
}

int qd_get_refused(qd_cursor* c, qd_refused* m) {
  memset(m, 0, sizeof *m);
  m->code = qd_get_u8(c);
  m->reason = qd_get_str(c);
  return !c->failed;
}

void qd_put_push(qd_writer* w, const qd_push_msg* m) {
  qd_put_str(w, m->id);
  qd_put_str(w, m->who);
  qd_put_str(w, m->comment);
  qd_put_u16(w, m->count);
}

int qd_get_push(qd_cursor* c, qd_push_msg* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->who = qd_get_str(c);
  m->comment = qd_get_str(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_query(qd_writer* w, const qd_query_msg* m) {
  qd_put_u8(w, m->kind);
  qd_put_str(w, m->id);
}

int qd_get_query(qd_cursor* c, qd_query_msg* m) {
  memset(m, 0, sizeof *m);
  m->kind = qd_get_u8(c);
  m->id = qd_get_str(c);
  return !c->failed;
}

void qd_put_arm(qd_writer* w, const qd_arm_msg* m) {
  qd_put_str(w, m->id);
  qd_put_u64(w, m->revision);
  qd_put_str(w, m->site);
  qd_put_str(w, m->condition);
  qd_put_u64(w, m->after);
  qd_put_u64(w, m->max_hits);
  qd_put_u8(w, m->mode);
  qd_put_str(w, m->text);
}

int qd_get_arm(qd_cursor* c, qd_arm_msg* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->revision = qd_get_u64(c);
  m->site = qd_get_str(c);
  m->condition = qd_get_str(c);
  m->after = qd_get_u64(c);
  m->max_hits = qd_get_u64(c);
  m->mode = qd_get_u8(c);
  m->text = qd_get_str(c);
  return !c->failed;
}

void qd_put_disarm(qd_writer* w, const qd_disarm_msg* m) {
  qd_put_str(w, m->id);
}

int qd_get_disarm(qd_cursor* c, qd_disarm_msg* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  return !c->failed;
}

void qd_put_action_run(qd_writer* w, const qd_action_run* m) {
  qd_put_str(w, m->id);
  qd_put_str(w, m->name);
  qd_put_str(w, m->who);
  qd_put_u16(w, m->count);
}

int qd_get_action_run(qd_cursor* c, qd_action_run* m) {
  memset(m, 0, sizeof *m);
  m->id = qd_get_str(c);
  m->name = qd_get_str(c);
  m->who = qd_get_str(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_event_blob(qd_writer* w, const qd_event_blob* m) {
  qd_put_str(w, m->name);
  qd_put_u16(w, m->count);
}

int qd_get_event_blob(qd_cursor* c, qd_event_blob* m) {
  memset(m, 0, sizeof *m);
  m->name = qd_get_str(c);
  m->count = qd_get_u16(c);
  return !c->failed;
}

void qd_put_log_blob(qd_writer* w, const qd_log_blob* m) {
  qd_put_u8(w, m->level);
  qd_put_u32(w, m->suppressed);
  qd_put_str(w, m->category);
  qd_put_str(w, m->text);
}

int qd_get_log_blob(qd_cursor* c, qd_log_blob* m) {
  memset(m, 0, sizeof *m);
  m->level = qd_get_u8(c);
  m->suppressed = qd_get_u32(c);
  m->category = qd_get_str(c);
  m->text = qd_get_str(c);
  return !c->failed;
}

void qd_put_segment_blob(qd_writer* w, const qd_segment_blob* m) {
  qd_put_str(w, m->domain);
  qd_put_str(w, m->reason);
}

int qd_get_segment_blob(qd_cursor* c, qd_segment_blob* m) {
  memset(m, 0, sizeof *m);
  m->domain = qd_get_str(c);
  m->reason = qd_get_str(c);
  return !c->failed;
}
