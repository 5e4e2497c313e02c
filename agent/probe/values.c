/* SPDX-License-Identifier: Apache-2.0 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/probe/internal.h"

static qd_value typed(qd_type type) {
  qd_value v;
  memset(&v, 0, sizeof v);
  v.type = type;
  return v;
}

qd_value qd_bool(int value) {
  qd_value v = typed(QD_TYPE_BOOL);
  v.i64 = value != 0;
  return v;
}

qd_value qd_i64(int64_t value) {
  qd_value v = typed(QD_TYPE_I64);
  v.i64 = value;
  return v;
}

qd_value qd_f64(double value) {
  qd_value v = typed(QD_TYPE_F64);
  v.vec[0] = value;
  return v;
}

qd_value qd_text(const char* value) {
  qd_value v = typed(QD_TYPE_STRING);
  v.text = value ? value : "";
  v.size = (uint32_t)strlen(v.text);
  return v;
}

qd_value qd_choice(const char* value) {
  qd_value v = qd_text(value);
  v.type = QD_TYPE_ENUM;
  return v;
}

qd_value qd_duration_ns(int64_t ns) {
  qd_value v = typed(QD_TYPE_DURATION);
  v.i64 = ns;
  return v;
}

qd_value qd_vec(const double* components, uint32_t count) {
  qd_value v = typed(QD_TYPE_VEC);
  v.size = count < 4 ? count : 4;
  memcpy(v.vec, components, v.size * sizeof *components);
  return v;
}

static void print_vec(const qd_value* v, char* to, size_t size) {
  size_t used = 0;
  uint32_t i;
  for (i = 0; i < v->size && i < 4 && used < size; i++)
    used += (size_t)snprintf(to + used, size - used, i ? " %g" : "%g", v->vec[i]);
}

void value_print(const qd_value* v, char* to, size_t size) {
  to[0] = 0;
  switch (v->type) {
    case QD_TYPE_NONE:
      snprintf(to, size, "nothing");
      break;
    case QD_TYPE_BOOL:
      snprintf(to, size, "%s", v->i64 ? "true" : "false");
      break;
    case QD_TYPE_I64:
      snprintf(to, size, "%" PRId64, v->i64);
      break;
    case QD_TYPE_DURATION:
      snprintf(to, size, "%" PRId64 " ns", v->i64);
      break;
    case QD_TYPE_F64:
      snprintf(to, size, "%.17g", v->vec[0]);
      break;
    case QD_TYPE_ENUM:
    case QD_TYPE_STRING:
      snprintf(to, size, "%.*s", v->size < 200 ? (int)v->size : 200, v->text ? v->text : "");
      break;
    case QD_TYPE_VEC:
      print_vec(v, to, size);
      break;
  }
}
