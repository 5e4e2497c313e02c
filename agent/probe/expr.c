/* SPDX-License-Identifier: Apache-2.0 */
#include "agent/probe/expr.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

enum { OP_CONST = 1, OP_FIELD, OP_NOT, OP_AND, OP_OR, OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE };

typedef struct parser {
  qd_expr* e;
  const char* at;
  const char* known;
  int depth;
  char* reason;
  size_t reason_size;
} parser;

static int parse_or(parser* p);

static int refuse(parser* p, const char* format, ...) __attribute__((format(printf, 2, 3)));
static int refuse(parser* p, const char* format, ...) {
  va_list args;
  va_start(args, format);
  if (p->reason && p->reason_size && !p->reason[0]) vsnprintf(p->reason, p->reason_size, format, args);
  va_end(args);
  return -1;
}

static void spaces(parser* p) {
  while (*p->at == ' ' || *p->at == '\t') p->at++;
}

static int node(parser* p, int op, int left, int right) {
  qd_expr_node* n;
  if (p->e->count >= QD_EXPR_NODES) return refuse(p, "The condition is too long; at most %d terms.", QD_EXPR_NODES);
  n = &p->e->nodes[p->e->count];
  memset(n, 0, sizeof *n);
  n->op = (uint8_t)op;
  n->left = (uint8_t)left;
  n->right = (uint8_t)right;
  return (int)p->e->count++;
}

static int letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
static int digit(char c) {
  return c >= '0' && c <= '9';
}

static int column(const parser* p) {
  return (int)(p->at - p->e->text) + 1;
}

/* ---- operands ---- */

static int text_node(parser* p, int op, const char* start, size_t size) {
  int n = node(p, op, 0, 0);
  if (n < 0) return n;
  p->e->nodes[n].constant.type = QD_TYPE_STRING;
  p->e->nodes[n].constant.i64 = start - p->e->text;
  p->e->nodes[n].constant.size = (uint32_t)size;
  return n;
}

static int parse_string(parser* p) {
  char quote = *p->at;
  const char* start = ++p->at;
  while (*p->at && *p->at != quote) p->at++;
  if (!*p->at)
    return refuse(p, "The condition has a text that is not closed, at column %d.", (int)(start - p->e->text));
  return text_node(p, OP_CONST, start, (size_t)(p->at++ - start));
}

/* Decimal text to a number, whatever the game's locale says about the comma. Exact where the digits fit 2^53 and the
 * exponent 22, as every constant somebody types does. */
static double scale_by_ten(double v, int exponent) {
  for (; exponent > 0; exponent -= exponent < 22 ? exponent : 22) {
    double by = 1;
    int i, n = exponent < 22 ? exponent : 22;
    for (i = 0; i < n; i++) by *= 10;
    v *= by;
  }
  for (; exponent<0; exponent += exponent> - 22 ? -exponent : 22) {
    double by = 1;
    int i, n = exponent > -22 ? -exponent : 22;
    for (i = 0; i < n; i++) by *= 10;
    v /= by;
  }
  return v;
}

static int scan_exponent(parser* p) {
  int sign = 1, value = 0;
  if (*p->at != 'e' && *p->at != 'E') return 0;
  p->at++;
  if (*p->at == '-') sign = -1;
  if (*p->at == '-' || *p->at == '+') p->at++;
  if (!digit(*p->at)) return 1 << 20; /* out of range, so refused */
  for (; digit(*p->at); p->at++) value = value < 1000 ? value * 10 + (*p->at - '0') : value;
  return sign * value;
}

typedef struct number {
  double real;
  uint64_t whole;
  int is_whole, digits;
} number;

static number scan_number(parser* p) {
  number n = {0, 0, 1, 0};
  int shift = 0, exponent;
  const char* from;
  for (; digit(*p->at); p->at++, n.digits++) {
    unsigned d = (unsigned)(*p->at - '0');
    if (n.whole > ((uint64_t)INT64_MAX - d) / 10) n.is_whole = 0;
    n.whole = n.is_whole ? n.whole * 10 + d : n.whole;
    n.real = n.real * 10 + d;
  }
  if (*p->at == '.') {
    n.is_whole = 0;
    for (p->at++; digit(*p->at); p->at++, n.digits++, shift--) n.real = n.real * 10 + (*p->at - '0');
  }
  from = p->at;
  exponent = scan_exponent(p);
  if (p->at != from) n.is_whole = 0;
  n.real = exponent > 1000 ? INFINITY : scale_by_ten(n.real, exponent + shift);
  return n;
}

static int parse_number(parser* p) {
  int sign = *p->at == '-' ? -1 : 1, at = column(p), n = node(p, OP_CONST, 0, 0);
  number v;
  if (n < 0) return n;
  if (*p->at == '-' || *p->at == '+') p->at++;
  v = scan_number(p);
  if (v.digits == 0 || letter(*p->at) || digit(*p->at) || *p->at == '.')
    return refuse(p, "The condition has no proper number at column %d.", at);
  if (!isfinite(v.real)) return refuse(p, "The condition has a number out of range at column %d.", at);
  p->e->nodes[n].constant = v.is_whole ? qd_i64(sign * (int64_t)v.whole) : qd_f64(sign * v.real);
  return n;
}

static int is_known(const char* known, const char* name, size_t size) {
  while (known && *known) {
    const char* end = known;
    while (*known == ' ') known++;
    for (end = known; *end && *end != ',' && *end != ' ';) end++;
    if ((size_t)(end - known) == size && memcmp(known, name, size) == 0) return 1;
    while (*end && *end != ',') end++;
    known = *end ? end + 1 : end;
  }
  return 0;
}

static int constant_bool(parser* p, int value) {
  int n = node(p, OP_CONST, 0, 0);
  if (n >= 0) p->e->nodes[n].constant = qd_bool(value);
  return n;
}

static int parse_name(parser* p) {
  const char* start = p->at;
  size_t size;
  while (letter(*p->at) || digit(*p->at) || *p->at == '.') p->at++;
  size = (size_t)(p->at - start);
  if (size == 4 && memcmp(start, "true", 4) == 0) return constant_bool(p, 1);
  if (size == 5 && memcmp(start, "false", 5) == 0) return constant_bool(p, 0);
  if (p->known && *p->known && !is_known(p->known, start, size))
    return refuse(p, "The condition names \"%.*s\", but this site offers: %s.", (int)size, start, p->known);
  return text_node(p, OP_FIELD, start, size);
}

static int parse_operand(parser* p) {
  int n;
  spaces(p);
  if (*p->at == '(') {
    p->at++;
    n = parse_or(p);
    if (n < 0) return n;
    spaces(p);
    if (*p->at != ')') return refuse(p, "The condition lacks a closing parenthesis at column %d.", column(p));
    p->at++;
    return n;
  }
  if (*p->at == '"' || *p->at == '\'') return parse_string(p);
  if (digit(*p->at) || *p->at == '-' || *p->at == '+' || *p->at == '.') return parse_number(p);
  if (letter(*p->at)) return parse_name(p);
  if (!*p->at) return refuse(p, "The condition ends where a value is expected.");
  return refuse(p, "The condition has an unexpected '%c' at column %d.", *p->at, column(p));
}

/* ---- operators ---- */

static int comparison(parser* p) {
  char a = p->at[0], b = a ? p->at[1] : 0;
  if (a == '=' && b == '=') return OP_EQ;
  if (a == '!' && b == '=') return OP_NE;
  if (a == '<') return b == '=' ? OP_LE : OP_LT;
  if (a == '>') return b == '=' ? OP_GE : OP_GT;
  return 0;
}

static int parse_compare(parser* p) {
  int op, right, left = parse_operand(p);
  if (left < 0) return left;
  spaces(p);
  op = comparison(p);
  if (!op) return left;
  p->at += op == OP_LT || op == OP_GT ? 1 : 2;
  right = parse_operand(p);
  return right < 0 ? right : node(p, op, left, right);
}

static int parse_not(parser* p) {
  int n;
  spaces(p);
  if (*p->at != '!') return parse_compare(p);
  if (++p->depth > QD_EXPR_DEPTH) return refuse(p, "The condition is nested too deeply.");
  p->at++;
  n = parse_not(p);
  p->depth--;
  return n < 0 ? n : node(p, OP_NOT, n, 0);
}

static int parse_chain(parser* p, char sign, int op, int (*next)(parser*)) {
  int left = next(p);
  for (;;) {
    int right;
    if (left < 0) return left;
    spaces(p);
    if (p->at[0] != sign || p->at[1] != sign) return left;
    p->at += 2;
    right = next(p);
    left = right < 0 ? right : node(p, op, left, right);
  }
}

static int parse_and(parser* p) {
  return parse_chain(p, '&', OP_AND, parse_not);
}

static int parse_or(parser* p) {
  int n;
  if (++p->depth > QD_EXPR_DEPTH) return refuse(p, "The condition is nested too deeply.");
  n = parse_chain(p, '|', OP_OR, parse_and);
  p->depth--;
  return n;
}

int qd_expr_compile(qd_expr* e, const char* text, size_t size, const char* known, char* reason, size_t reason_size) {
  parser p;
  int root;
  memset(e, 0, sizeof *e);
  if (reason && reason_size) reason[0] = 0;
  memset(&p, 0, sizeof p);
  p.e = e;
  p.known = known;
  p.reason = reason;
  p.reason_size = reason_size;
  if (size > QD_EXPR_TEXT) return refuse(&p, "The condition is longer than %d bytes.", QD_EXPR_TEXT);
  if (size && memchr(text, 0, size)) return refuse(&p, "The condition contains a NUL byte.");
  if (size) memcpy(e->text, text, size);
  p.at = e->text;
  spaces(&p);
  if (!*p.at) return 0;
  root = parse_or(&p);
  if (root >= 0) spaces(&p);
  if (root >= 0 && *p.at) root = refuse(&p, "The condition has an unexpected '%c' at column %d.", *p.at, column(&p));
  e->root = root < 0 ? 0 : (uint8_t)root;
  if (root < 0) e->count = 0;
  return root < 0 ? -1 : 0;
}

/* ---- evaluation ---- */

static int is_text(const qd_value* v) {
  return v->type == QD_TYPE_STRING || v->type == QD_TYPE_ENUM;
}
static int is_int(const qd_value* v) {
  return v->type == QD_TYPE_BOOL || v->type == QD_TYPE_I64 || v->type == QD_TYPE_DURATION;
}
static int is_number(const qd_value* v) {
  return is_int(v) || v->type == QD_TYPE_F64;
}
static double real_of(const qd_value* v) {
  return is_int(v) ? (double)v->i64 : v->vec[0];
}

static qd_value value_of(const qd_expr* e, const qd_expr_node* n, const qd_field* fields, uint32_t count) {
  qd_value none, v = n->constant;
  uint32_t i;
  if (is_text(&v)) v.text = e->text + v.i64;
  if (n->op == OP_CONST) return v;
  for (i = 0; i < count; i++)
    if (fields[i].name && strlen(fields[i].name) == v.size && memcmp(fields[i].name, v.text, v.size) == 0)
      return fields[i].value;
  memset(&none, 0, sizeof none);
  return none;
}

/* -1, 0, 1; 2 when unordered (NaN). */
static int order(const qd_value* a, const qd_value* b) {
  if (is_text(a)) {
    uint32_t n = a->size < b->size ? a->size : b->size;
    int c = n ? memcmp(a->text, b->text, n) : 0;
    if (c == 0) c = a->size < b->size ? -1 : a->size > b->size;
    return c < 0 ? -1 : c > 0;
  }
  if (is_int(a) && is_int(b)) return a->i64 < b->i64 ? -1 : a->i64 > b->i64;
  if (isnan(real_of(a)) || isnan(real_of(b))) return 2;
  return real_of(a) < real_of(b) ? -1 : real_of(a) > real_of(b);
}

static int compare(int op, const qd_value* a, const qd_value* b) {
  int c;
  if (!(is_text(a) && is_text(b)) && !(is_number(a) && is_number(b))) return 0;
  c = order(a, b);
  switch (op) {
    case OP_EQ:
      return c == 0;
    case OP_NE:
      return c != 0;
    case OP_LT:
      return c == -1;
    case OP_LE:
      return c == -1 || c == 0;
    case OP_GT:
      return c == 1;
    default:
      return c == 1 || c == 0;
  }
}

static int holds(const qd_expr* e, uint8_t at, const qd_field* fields, uint32_t count);

/* What stands left and right of a comparison may itself be a truth value. */
static qd_value operand(const qd_expr* e, uint8_t at, const qd_field* fields, uint32_t count) {
  const qd_expr_node* n = &e->nodes[at];
  if (n->op == OP_CONST || n->op == OP_FIELD) return value_of(e, n, fields, count);
  return qd_bool(holds(e, at, fields, count));
}

static int holds(const qd_expr* e, uint8_t at, const qd_field* fields, uint32_t count) {
  const qd_expr_node* n = &e->nodes[at];
  qd_value a, b;
  switch (n->op) {
    case OP_AND:
      return holds(e, n->left, fields, count) && holds(e, n->right, fields, count);
    case OP_OR:
      return holds(e, n->left, fields, count) || holds(e, n->right, fields, count);
    case OP_NOT:
      return !holds(e, n->left, fields, count);
    case OP_CONST:
    case OP_FIELD:
      a = value_of(e, n, fields, count);
      return is_text(&a) ? a.size > 0 : is_number(&a) && real_of(&a) != 0;
    default:
      a = operand(e, n->left, fields, count);
      b = operand(e, n->right, fields, count);
      return compare(n->op, &a, &b);
  }
}

int qd_expr_holds(const qd_expr* e, const qd_field* fields, uint32_t count) {
  return e->count == 0 || holds(e, e->root, fields, count);
}
