/* SPDX-License-Identifier: Apache-2.0 */
/* Conditions of breakpoints: `damage > 50 && (victim == 3 || weapon == "rail")`. Comparison == != < <= > >=, && || !,
 * parentheses, numbers, "strings", true, false, and names of context fields. Compiled once when armed (at most 64
 * nodes, 16 levels, 1,024 bytes); evaluated without allocation. A missing field or two things that cannot be compared
 * give false. Thread: a compiled expression is read-only. */
#ifndef QUARTERDECK_AGENT_PROBE_EXPR_H_
#define QUARTERDECK_AGENT_PROBE_EXPR_H_

#include "agent/probe/qd.h"

#ifdef __cplusplus
extern "C" {
#endif

enum { QD_EXPR_NODES = 64, QD_EXPR_DEPTH = 16, QD_EXPR_TEXT = 1024 };

typedef struct qd_expr_node {
  uint8_t op;
  uint8_t left, right; /* nodes */
  qd_value constant;   /* text: an offset into the expression's own copy, in i64 */
} qd_expr_node;

typedef struct qd_expr {
  char text[QD_EXPR_TEXT + 1];
  qd_expr_node nodes[QD_EXPR_NODES];
  uint32_t count;
  uint8_t root;
} qd_expr;

/* `known`: comma-separated field names, or NULL / "" when anything goes. 0, or -1 with one sentence in `reason`.
 * An empty text is always true. */
int qd_expr_compile(qd_expr* e, const char* text, size_t size, const char* known, char* reason, size_t reason_size);
int qd_expr_holds(const qd_expr* e, const qd_field* fields, uint32_t count);

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_EXPR_H_ */
