/* SPDX-License-Identifier: Apache-2.0 */
/* Parameters: declaring, checking a value, storing it, reporting what the game changed. Pushes stand in pushes.c. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/internal.h"

/* ---- checking ---- */

static int refuse(char* reason, size_t size, const struct param* m, const qd_value* v, const char* rule) {
  char shown[REASON / 2];
  value_print(v, shown, sizeof shown);
  snprintf(reason, size, "%s is %s, but %s.", m->desc.name, shown, rule);
  return 0;
}

static double number_of(const qd_value* v) {
  return v->type == QD_TYPE_F64 ? v->vec[0] : (double)v->i64;
}

static int below(const qd_value* a, const qd_value* b) {
  if (a->type == QD_TYPE_F64 || b->type == QD_TYPE_F64) return number_of(a) < number_of(b);
  return a->i64 < b->i64;
}

static int in_range(const struct param* m, const qd_value* v, const qd_value* shown, char* reason, size_t size) {
  const qd_value *min = &m->desc.min, *max = &m->desc.max;
  char rule[REASON / 2], bound[64];
  if (min->type != QD_TYPE_NONE && below(v, min)) {
    value_print(min, bound, sizeof bound);
    snprintf(rule, sizeof rule, "the least allowed is %s", bound);
    return refuse(reason, size, m, shown, rule);
  }
  if (max->type != QD_TYPE_NONE && below(max, v)) {
    value_print(max, bound, sizeof bound);
    snprintf(rule, sizeof rule, "the most allowed is %s", bound);
    return refuse(reason, size, m, shown, rule);
  }
  return 1;
}

static int accept_int(const struct param* m, const qd_value* v, char* reason, size_t size) {
  if (m->desc.bind && m->desc.bind_size == 4 && (v->i64 < INT32_MIN || v->i64 > INT32_MAX))
    return refuse(reason, size, m, v, "the game keeps it in 32 bits");
  return in_range(m, v, v, reason, size);
}

static int accept_reals(const struct param* m, const qd_value* v, uint32_t n, char* reason, size_t size) {
  uint32_t i;
  for (i = 0; i < n; i++) {
    qd_value one = qd_f64(v->vec[i]);
    if (!isfinite(v->vec[i])) return refuse(reason, size, m, v, "it must be a finite number");
    if (!in_range(m, &one, v, reason, size)) return 0;
  }
  return 1;
}

static int accept_choice(const struct param* m, qd_value* v, char* reason, size_t size) {
  uint32_t i;
  for (i = 0; i < m->desc.choice_count; i++) {
    if (strlen(m->desc.choices[i]) != v->size || (v->size && memcmp(m->desc.choices[i], v->text, v->size) != 0))
      continue;
    v->i64 = i;
    v->text = m->desc.choices[i];
    return 1;
  }
  return refuse(reason, size, m, v, "that is not one of its choices");
}

static int accept_text(const struct param* m, const qd_value* v, char* reason, size_t size) {
  size_t most = m->desc.bind && m->desc.bind_size <= QD_MAX_STRING ? m->desc.bind_size - 1 : QD_MAX_STRING;
  if (v->size && memchr(v->text, 0, v->size)) return refuse(reason, size, m, v, "a text may not contain a NUL byte");
  if (v->size <= most) return 1;
  snprintf(reason, size, "%s has %u bytes, but at most %u are allowed.", m->desc.name, v->size, (unsigned)most);
  return 0;
}

static int accept_checked(const struct param* m, qd_value* v, char* reason, size_t size) {
  switch (m->desc.type) {
    case QD_TYPE_BOOL:
      return 1;
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
      return accept_int(m, v, reason, size);
    case QD_TYPE_F64:
      return accept_reals(m, v, 1, reason, size);
    case QD_TYPE_ENUM:
      return accept_choice(m, v, reason, size);
    case QD_TYPE_STRING:
      return accept_text(m, v, reason, size);
    case QD_TYPE_VEC:
      if (v->size != m->desc.initial.size) return refuse(reason, size, m, v, "it has another number of components");
      return accept_reals(m, v, v->size, reason, size);
    default:
      return 0;
  }
}

int param_accepts(const struct param* m, const qd_value* v, qd_value* out, char* reason, size_t size) {
  *out = *v;
  if (m->desc.type == QD_TYPE_F64 && v->type == QD_TYPE_I64) *out = qd_f64((double)v->i64);
  if (m->desc.type == QD_TYPE_ENUM && v->type == QD_TYPE_STRING) out->type = QD_TYPE_ENUM;
  if (out->type != m->desc.type) return refuse(reason, size, m, v, "its type is another");
  return accept_checked(m, out, reason, size);
}

/* ---- storing ---- */

static void write_bound(const qd_param_desc* d, const qd_value* v) {
  int32_t small = (int32_t)v->i64;
  float real = (float)v->vec[0];
  uint8_t truth = v->i64 != 0;
  switch (d->type) {
    case QD_TYPE_BOOL:
      memcpy(d->bind, &truth, 1);
      break;
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
      memcpy(d->bind, d->bind_size == 4 ? (void*)&small : (void*)&v->i64, d->bind_size);
      break;
    case QD_TYPE_ENUM:
      memcpy(d->bind, &small, sizeof small);
      break;
    case QD_TYPE_F64:
      memcpy(d->bind, d->bind_size == 4 ? (void*)&real : (void*)&v->vec[0], d->bind_size);
      break;
    case QD_TYPE_STRING:
      memcpy(d->bind, v->text, v->size);
      ((char*)d->bind)[v->size] = 0;
      break;
    case QD_TYPE_VEC:
      memcpy(d->bind, v->vec, v->size * sizeof(double));
      break;
    case QD_TYPE_NONE:
      break;
  }
}

void param_store(struct param* m, const qd_value* v) {
  m->value = *v;
  if (m->desc.type == QD_TYPE_STRING) {
    if (v->size) memmove(m->text, v->text, v->size);
    m->text[v->size] = 0;
    m->value.text = m->text;
  }
  if (m->desc.bind) write_bound(&m->desc, &m->value);
}

/* ---- declaring ---- */

static int bind_fits(const qd_param_desc* d) {
  size_t n = d->bind_size;
  if (!d->bind) return 1;
  switch (d->type) {
    case QD_TYPE_BOOL:
      return n == 1;
    case QD_TYPE_I64:
    case QD_TYPE_DURATION:
    case QD_TYPE_F64:
      return n == 4 || n == 8;
    case QD_TYPE_ENUM:
      return n == 4;
    case QD_TYPE_STRING:
      return n > 0;
    case QD_TYPE_VEC:
      return n == d->initial.size * sizeof(double);
    default:
      return 0;
  }
}

static const char* param_wrong(const qd_probe* p, const qd_param_desc* d) {
  int i;
  if (!d || !d->name || !*d->name || strlen(d->name) > 255) return "A parameter needs a name of 1 to 255 bytes.";
  if (d->type < QD_TYPE_BOOL || d->type > QD_TYPE_VEC) return "A parameter needs a type.";
  if (d->type == QD_TYPE_ENUM && (!d->choices || d->choice_count < 1)) return "An enum parameter needs choices.";
  if (d->type == QD_TYPE_VEC && (d->initial.size < 1 || d->initial.size > 4)) return "A vector has 1 to 4 components.";
  if (!bind_fits(d)) return "The variable bound to the parameter has not the size of its type.";
  if (p->param_count >= MAX_PARAMS) return "A process may have at most 512 parameters.";
  for (i = 0; i < p->param_count; i++)
    if (strcmp(p->params[i].desc.name, d->name) == 0) return "A parameter of this name was declared before.";
  return NULL;
}

static void param_copy(struct param* m, const qd_param_desc* d) {
  char** choices = d->type == QD_TYPE_ENUM ? (char**)calloc(d->choice_count, sizeof *choices) : NULL;
  uint32_t i;
  memset(m, 0, sizeof *m);
  m->desc = *d;
  m->desc.name = text_copy(d->name);
  m->desc.unit = text_copy(d->unit);
  m->desc.group = text_copy(d->group);
  m->desc.description = text_copy(d->description);
  m->desc.choice_count = choices ? d->choice_count : 0;
  for (i = 0; i < m->desc.choice_count; i++) choices[i] = text_copy(d->choices[i]);
  m->desc.choices = (const char* const*)choices;
  if (d->type == QD_TYPE_STRING) {
    m->desc.initial.text = text_copy_most(d->initial.text ? d->initial.text : "", QD_MAX_STRING + 1);
    m->text = (char*)calloc(1, QD_MAX_STRING + 1);
  }
}

static void param_send(qd_probe* p, const struct param* m) {
  const qd_param_desc* d = &m->desc;
  qd_writer* w = send_begin(p, QD_F_PARAM);
  qd_param_msg msg;
  uint32_t i;
  if (!w) return;
  msg.name = qd_str_of(d->name);
  msg.type = (uint8_t)d->type;
  msg.unit = qd_str_of(d->unit);
  msg.group = qd_str_of(d->group);
  msg.description = qd_str_of(d->description);
  msg.risk = (uint8_t)d->risk;
  msg.effect = (uint8_t)d->effect;
  msg.min = d->min;
  msg.max = d->max;
  msg.step = d->step;
  msg.initial = d->initial;
  msg.value = m->value;
  msg.version = m->version;
  msg.count = (uint16_t)d->choice_count;
  qd_put_param(w, &msg);
  for (i = 0; i < d->choice_count; i++) qd_put_str(w, qd_str_of(d->choices[i]));
  send_end(p);
}

void params_send_all(qd_probe* p) {
  int i;
  for (i = 0; i < p->param_count; i++) {
    param_send(p, &p->params[i]);
    p->params[i].dirty = 0;
  }
  p->any_dirty = 0;
}

qd_param qd_param_declare(qd_probe* p, const qd_param_desc* d) {
  char reason[REASON];
  const char* wrong;
  struct param* m;
  qd_value initial;
  if (!p || !on_game_thread(p)) return -1;
  wrong = param_wrong(p, d);
  if (!wrong && !p->params) p->params = (struct param*)calloc(MAX_PARAMS, sizeof *p->params);
  if (!wrong && !p->params) wrong = "There is no memory for parameters.";
  if (wrong) {
    set_error(p, "Parameter \"%s\" was not declared: %s", d && d->name ? d->name : "", wrong);
    return -1;
  }
  m = &p->params[p->param_count++];
  param_copy(m, d);
  if (!param_accepts(m, &m->desc.initial, &initial, reason, sizeof reason)) {
    set_error(p, "Parameter \"%s\" was not declared, its default is refused: %s", d->name, reason);
    param_free(m);
    p->param_count--;
    return -1;
  }
  if (d->type != QD_TYPE_STRING) m->desc.initial = initial;
  m->version = 1;
  param_store(m, &initial);
  param_send(p, m);
  return p->param_count - 1;
}

/* ---- the game's own changes ---- */

static struct param* known(const qd_probe* p, qd_param param) {
  return p && param >= 0 && param < p->param_count ? &p->params[param] : NULL;
}

int qd_param_set(qd_probe* p, qd_param param, qd_value value) {
  char reason[REASON];
  struct param* m = known(p, param);
  qd_value v;
  if (!m || !on_game_thread(p)) return -1;
  if (!param_accepts(m, &value, &v, reason, sizeof reason)) {
    set_error(p, "%s", reason);
    return -1;
  }
  param_store(m, &v);
  m->version++;
  m->dirty = p->any_dirty = 1;
  return 0;
}

int qd_param_get(const qd_probe* p, qd_param param, qd_value* out, uint64_t* version) {
  const struct param* m = known(p, param);
  if (!m) return -1;
  if (out) *out = m->value;
  if (version) *version = m->version;
  return 0;
}

/* At most ten times a second, so that a value set every tick is no flood. */
void params_report(qd_probe* p, uint64_t now) {
  int i;
  if (now < p->next_report_ns) return;
  p->next_report_ns = now + UINT64_C(100000000);
  p->any_dirty = 0;
  for (i = 0; i < p->param_count; i++) {
    qd_param_value_msg msg;
    qd_writer* w;
    if (!p->params[i].dirty) continue;
    p->params[i].dirty = 0;
    w = send_begin(p, QD_F_PARAM_VALUE);
    if (!w) return;
    msg.name = qd_str_of(p->params[i].desc.name);
    msg.value = p->params[i].value;
    msg.version = p->params[i].version;
    msg.tick = p->tick;
    msg.time_ns = now;
    msg.cause = QD_CHANGED_BY_GAME;
    msg.push_id = qd_str_of("");
    qd_put_param_value(w, &msg);
    send_end(p);
  }
}
