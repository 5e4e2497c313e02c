/* SPDX-License-Identifier: Apache-2.0 */
/* What the probe's own files share; not for games and not for agents.
 *
 * Threads: fields marked [game] belong to the game thread, those marked [lock] to whoever holds probe->lock, atomics
 * are marked [atomic]. `lock` is never held while a callback of the game runs; what is sent under it is sent without
 * waiting. */
#ifndef QUARTERDECK_AGENT_PROBE_INTERNAL_H_
#define QUARTERDECK_AGENT_PROBE_INTERNAL_H_

#include "agent/probe/auth.h"
#include "agent/probe/expr.h"
#include "agent/probe/frames.h"
#include "agent/probe/os.h"
#include "agent/probe/qd.h"
#include "agent/probe/wire.h"

enum {
  MAX_PARAMS = 512,
  MAX_ACTIONS = 128,
  MAX_SITES = 256,
  MAX_ARMS = 64,
  MAX_DIMS = 8,
  MAX_LABELS = 32,
  MAX_PENDING = 64,
  MAX_RESULTS = 64,
  MAX_ID = 64,
  MAX_OUT_BYTES = 32 << 20, /* everything declared at its longest; kept only while a new agent takes it */
  KEEP_OUT_BYTES = 1 << 20,
  REASON = 256
};

/* ---- rings ---- */

struct ring {
  struct qd_ring_front_ front; /* first: qd_current_ring_ points here */
  qd_ring_header* shared;
  uint8_t* blobs;
  uint64_t blob_bytes, blob_head;
  uint64_t dropped, gap; /* in total; since the last GAP record */
  uint64_t dropped_blobs;
  uint64_t log_window_ns, suppressed_logs;
  uint32_t log_lines, log_suppressed;
  int owner; /* thread id, 0 when free [atomic] */
  /* the blob that is being written */
  uint8_t* open_blob;
  uint64_t open_at;
  uint32_t open_most, open_entities;
};

struct ring* ring_of_thread(qd_probe* p); /* NULL when none is left */
int thread_id(void);
int rings_create(qd_probe* p, const qd_config* c);
/* All return 0 when the ring is full (counted). */
int ring_push(struct ring* r, uint64_t word, uint64_t value);
int ring_push_pair(struct ring* r, const uint64_t records[4]);
/* Room for a blob's payload, or NULL (dropped and counted). Publish may give back what was not used. */
uint8_t* blob_open(qd_probe* p, struct ring* r, uint32_t most);
int blob_publish(struct ring* r, qd_blob_type type, uint64_t time_ns, uint32_t used);

/* ---- things declared ---- */

struct series {
  char *name, *unit, *description;
  char* dims[2 * MAX_DIMS];
  uint32_t hash, dim_count;
  int is_f64, scale, has_budget, alive;
  double budget;
};

struct param {
  qd_param_desc desc; /* its texts are ours */
  qd_value value;     /* text: in `text`, or a choice */
  char* text;         /* QD_TYPE_STRING */
  uint64_t version;
  int dirty; /* changed by the game, not reported yet */
};

struct action {
  qd_action_desc desc;
};

struct arm {
  int used, site;
  char id[MAX_ID + 1];
  uint64_t revision, after, max_hits, held, reported, stopped_seq, window_ns;
  uint32_t in_window, suppressed;
  qd_arm_mode mode;
  char* text;
  qd_expr condition;
};

struct site {
  qd_site handle; /* first */
  char *name, *file, *fields;
  int line;
};

struct pending {
  uint16_t type;
  uint32_t size;
  uint8_t* body;
};

struct result {
  char id[MAX_ID + 1];
  uint8_t* frame;
  uint32_t size;
};

struct results {
  struct result slots[MAX_RESULTS];
  uint32_t next;
};

enum link_state { LINK_IDLE, LINK_CONNECTING, LINK_HELLO, LINK_LIVE };

/* Over TCP: the lane is private, and its content is sent. All of it [game]. */
struct stream {
  int on;
  os_address address;
  char* token; /* NULL: none */
  uint8_t nonce[QD_NONCE], agent_nonce[QD_NONCE];
  int challenged, proven;
  uint64_t shipped[QD_MAX_RINGS]; /* records sent to this agent; `tail` in the ring is what it has safe */
  uint64_t ring_said[QD_MAX_RINGS];
  uint64_t heard_ns; /* when the agent last said anything */
};

struct qd_probe {
  qd_config config; /* texts are ours */
  char domain[MAX_ID + 1];
  char* path;
  uint64_t instance;
  int game_thread;
  char error[REASON];
  uint64_t misuses; /* [atomic] */
  uint64_t connections, parked_total_ns;

  /* lane */
  int memfd;
  uint8_t* base;
  size_t lane_bytes;
  qd_lane_header* lane;
  struct ring rings[QD_MAX_RINGS];
  os_lock ring_lock;      /* claiming and releasing rings */
  uint64_t ringless;      /* records of threads that got no ring [atomic] */
  int attached;           /* an agent was there once: rings are written from then on [atomic] */
  uint32_t tick_seq;      /* odd while tick and tick_ns change [atomic] */
  uint64_t tick, tick_ns; /* [atomic] frame number in an editor */
  uint64_t render_tick;   /* [atomic] 48.16, last rendered */
  uint64_t predicted_tick;
  int has_rendered;

  /* link [game], but output [lock] */
  os_lock lock;
  enum link_state state;
  int live; /* [atomic] state == LINK_LIVE */
  os_socket fd;
  struct stream stream;
  qd_writer out;
  uint32_t out_sent;
  int choked; /* the agent does not read: give it up and say everything again later */
  uint8_t* in;
  uint32_t in_size, in_capacity;
  uint64_t next_try_ns, next_poll_ns, hello_ns, next_report_ns;
  uint32_t control_seen;

  /* stops [game], but */
  int local_stop;                   /* [atomic] a site hit asks for the next boundary */
  char stop_breakpoint[MAX_ID + 1]; /* [lock] */
  char parked_breakpoint[MAX_ID + 1];
  int park_refused;
  int parked;
  qd_parked parked_as;
  uint64_t park_start_ns, park_renewed_ns;
  uint32_t park_resume, park_lease;

  /* declared [game] */
  struct series* series;
  int series_count;
  struct param* params;
  int param_count, any_dirty;
  struct action* actions;
  int action_count;
  struct site* sites[MAX_SITES]; /* entries are set once */
  int site_count;
  struct site no_site;
  struct arm arms[MAX_ARMS]; /* [lock] */
  struct pending pending[MAX_PENDING];
  uint32_t pending_count;
  struct results pushes, runs;
};

/* ---- probe.c ---- */
int on_game_thread(qd_probe* p); /* counts a misuse when not */
void misuse(qd_probe* p);
void set_error(qd_probe* p, const char* format, ...) QD_PRINTF_(2, 3);
enum { TEXT_MOST = 1024 };
char* text_copy(const char* text); /* NULL gives NULL; cut at TEXT_MOST bytes */
char* text_copy_most(const char* text, size_t most);
uint64_t domain_tick(const qd_probe* p);

/* ---- link.c ---- */
void link_service(qd_probe* p, uint64_t now); /* connect, receive, send: what can be done without waiting */
void link_drop(qd_probe* p, const char* why);
/* Between them the frame is written into p->out; send_begin returns NULL (and holds nothing) when nobody listens. */
qd_writer* send_begin(qd_probe* p, qd_frame_type type);
void send_end(qd_probe* p);
void send_raw(qd_probe* p, const uint8_t* frame, uint32_t size);
void link_flush(qd_probe* p);        /* takes the lock */
void link_flush_locked(qd_probe* p); /* needs it */

/* ---- hello.c ---- */
int send_hello(qd_probe* p); /* needs the lock */

/* ---- stream.c: the lane over TCP ---- */
int stream_is(const char* path); /* "tcp:HOST:PORT" */
/* A sentence when it cannot be. */
const char* stream_configure(qd_probe* p, const char* path, const char* token);
void stream_dropped(qd_probe* p);          /* what was not safe is sent again to the next agent */
int stream_put(qd_probe* p, qd_writer* w); /* the STREAM frame, before the hello */
/* 1 when the frame was one of the stream's. */
int stream_frame(qd_probe* p, const qd_frame* f);
void stream_ship(qd_probe* p); /* what the rings hold, as far as the socket keeps up */

/* ---- declare.c, params.c, actions.c, sites.c: say it again to a new agent ---- */
void series_send_all(qd_probe* p);
void params_send_all(qd_probe* p);
void actions_send_all(qd_probe* p);
void sites_send_all(qd_probe* p);
void declared_free(qd_probe* p);
void param_free(struct param* m);

/* ---- pushes and actions ---- */
void pending_add(qd_probe* p, const qd_frame* f);
void pending_run(qd_probe* p, uint64_t now); /* at the tick boundary */
void push_apply(qd_probe* p, qd_cursor body, uint64_t now);
void push_refuse(qd_probe* p, qd_cursor body, const char* reason);
void action_run(qd_probe* p, qd_cursor body, uint64_t now);
void action_refuse(qd_probe* p, qd_cursor body, const char* reason);
void query_answer(qd_probe* p, qd_cursor body);
void params_report(qd_probe* p, uint64_t now); /* values the game changed */
const struct result* result_find(const struct results* rs, qd_str id);
void result_keep(struct results* rs, qd_str id, const uint8_t* frame, uint32_t size);
/* 1 when it may be taken; else a sentence. On success *out is normalised (enum index and text set). */
int param_accepts(const struct param* m, const qd_value* v, qd_value* out, char* reason, size_t size);
void param_store(struct param* m, const qd_value* v); /* variable and value; no callback */
void value_print(const qd_value* v, char* to, size_t size);

/* ---- sites and stops ---- */
void arm_frame(qd_probe* p, qd_cursor body);
void disarm_frame(qd_probe* p, qd_cursor body);
void disarm_all(qd_probe* p, qd_disarm_reason reason);
void stop_forget(qd_probe* p); /* the agent is gone: its orders no longer hold */
void parked_send(qd_probe* p);

#endif /* QUARTERDECK_AGENT_PROBE_INTERNAL_H_ */
