/* SPDX-License-Identifier: Apache-2.0 */
/* Quarterdeck's probe: what a game process links to be watched, steered and stopped.
 *
 * It starts no thread and never blocks the game: with no agent it costs next to nothing, and it connects by itself from
 * qd_tick_begin when one appears. Times are CLOCK_MONOTONIC nanoseconds, positions micrometres, ticks the server's.
 * Strings are NUL-terminated UTF-8, copied, and cut at 1,024 bytes where nothing else is said. Every function accepts
 * NULL for the probe and then does nothing.
 *
 * Threads: the thread that calls qd_open is the game thread. Only it may call the functions marked [game]; those marked
 * [any] may be called by every thread, each writing into a ring of its own (see qd_thread_ring). A wrong call is
 * counted (qd_stats.misuses), never fatal. Errors: functions return 0 / a handle, or a negative value; qd_last_error
 * says why. Compiles as C99 and as C++17 without exceptions or RTTI. */
#ifndef QUARTERDECK_AGENT_PROBE_QD_H_
#define QUARTERDECK_AGENT_PROBE_QD_H_

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__GNUC__)
#define QD_PRINTF_(at, first) __attribute__((format(printf, at, first)))
#else
#define QD_PRINTF_(at, first)
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef struct qd_probe qd_probe;

enum { QD_MAX_SERIES = 4096, QD_MAX_RINGS = 16, QD_MAX_STRING = 4096, QD_MAX_FIELDS = 32 };

/* ---- values ---- */

typedef enum qd_type {
  QD_TYPE_NONE = 0,
  QD_TYPE_BOOL = 1,
  QD_TYPE_I64 = 2,
  QD_TYPE_F64 = 3,
  QD_TYPE_ENUM = 4,     /* a text out of the parameter's choices */
  QD_TYPE_STRING = 5,   /* at most QD_MAX_STRING bytes */
  QD_TYPE_DURATION = 6, /* i64 nanoseconds */
  QD_TYPE_VEC = 7       /* 1 to 4 doubles */
} qd_type;

/* A tagged value. A text is borrowed: it need only live for the call, and inside a callback only until it returns. */
typedef struct qd_value {
  qd_type type;
  uint32_t size;    /* bytes of text, or components of vec */
  int64_t i64;      /* bool (0/1), i64, duration; for an enum inside the game: index of the choice */
  double vec[4];    /* f64 in vec[0] */
  const char* text; /* string, enum; not necessarily NUL-terminated when it comes from the wire */
} qd_value;

typedef struct qd_field {
  const char* name;
  qd_value value;
} qd_field;

typedef struct qd_pair {
  const char* key;
  const char* value;
} qd_pair;

qd_value qd_bool(int value);
qd_value qd_i64(int64_t value);
qd_value qd_f64(double value);
qd_value qd_text(const char* value);   /* string */
qd_value qd_choice(const char* value); /* enum */
qd_value qd_duration_ns(int64_t ns);
qd_value qd_vec(const double* components, uint32_t count);

static inline qd_field qd_kv(const char* name, qd_value value) {
  qd_field f;
  f.name = name;
  f.value = value;
  return f;
}

/* ---- open and close ---- */

typedef enum qd_kind { QD_KIND_SERVER = 1, QD_KIND_EDITOR = 2 } qd_kind;

/* Zero-initialise it, then fill in what is needed; zero means the default. */
typedef struct qd_config {
  const char* id; /* stable logical name, [A-Za-z0-9._-]{1,64} */
  qd_kind kind;
  const char* name;   /* for people; default: id */
  const char* domain; /* editors: id of the server process whose ticks they map onto; servers: ignored (their own id) */
  double tick_hz;     /* nominal ticks (frames) per second */
  const qd_pair* labels;
  uint32_t label_count;
  const char* build_version;
  const char* build_commit;
  const char* build_id;
  /* Default: $QUARTERDECK_SOCKET, else /run/quarterdeck/probe.sock. "tcp:HOST:PORT" for an agent that listens so
   * (--probe-listen): elsewhere, or on Windows, where there is nothing else. A name is looked up once, in qd_open. */
  const char* socket_path;
  uint32_t rings;                /* 1..QD_MAX_RINGS, default 8 (the game thread's and 7 for workers) */
  uint32_t ring_bytes;           /* samples of the game thread; default 1 MiB (65,536 records) */
  uint32_t blob_bytes;           /* entity frames, events, log lines of the game thread; default 2 MiB */
  uint32_t worker_ring_bytes;    /* default 256 KiB */
  uint32_t worker_blob_bytes;    /* default 256 KiB */
  uint32_t log_lines_per_second; /* per thread; default 200; more are suppressed and counted */
  uint64_t park_orphan_ns;       /* resume by itself when nobody renewed for so long; default 2 s */
  uint64_t park_max_ns;          /* never parked longer than this, whatever the agent says; default 10 min */
  uint64_t reconnect_ns;         /* default 1 s */
  uint64_t reconnect_refused_ns; /* after a refusal; default 5 s */
  /* Optional: called on the game thread just before it parks (parked = 1) and just after (0, with the time it stood),
   * so that the game can stretch its timeouts and clamp dt. */
  void (*on_park)(void* user, int parked, uint64_t parked_ns);
  void* on_park_user;
  /* For a game thread that must not stand, since it draws the editor around the game: qd_tick_end then returns at once,
   * and the world has to stand for as long as qd_park_poll says so. */
  int park_by_polling;
  const char* token; /* over TCP: what the agent's --probe-token-file holds; default $QUARTERDECK_TOKEN, else none */
} qd_config;

/* NULL when the configuration is bad or memory is missing; `error` (may be NULL) then holds one sentence. */
qd_probe* qd_open(const qd_config* config, char* error, size_t error_size);
/* Sends what it can without waiting, closes, frees. Every worker must have called qd_thread_release, and no thread may
 * use the probe any more. NULL is fine. */
void qd_close(qd_probe* probe);

int qd_connected(const qd_probe* probe);          /* 1 after the agent's welcome [any] */
uint64_t qd_instance(const qd_probe* probe);      /* random, of this start */
const char* qd_last_error(const qd_probe* probe); /* "" or one sentence; valid until the next [game] call */
uint64_t qd_now_ns(void);                         /* CLOCK_MONOTONIC */

typedef struct qd_stats {
  uint64_t records, dropped_records; /* all rings */
  uint64_t dropped_blobs, suppressed_logs;
  uint64_t misuses;     /* [game] functions called on another thread, bad handles, … */
  uint64_t connections; /* welcomes so far */
  uint64_t parked_ns;   /* in total */
} qd_stats;
void qd_get_stats(const qd_probe* probe, qd_stats* out);

/* ---- series ---- */

typedef int32_t qd_series; /* negative: not declared; sampling it does nothing */

typedef struct qd_series_desc {
  const char* name; /* "tick.duration" */
  const char* unit; /* "ms" */
  int is_f64;       /* 0: i64 with a decimal scale */
  int scale;        /* displayed = raw × 10^-scale in `unit`: raw ns shown in ms has scale 6; -18..18 */
  const char* description;
  const qd_pair* dims; /* e.g. {"client","7"}; at most 8 */
  uint32_t dim_count;
  int has_budget;
  double budget; /* in `unit`; drawn as a line */
} qd_series_desc;

/* [game], any time, before or after an agent is there. The same name and dims give the same handle back. */
qd_series qd_series_declare(qd_probe* probe, const qd_series_desc* desc);
qd_series qd_series_i64(qd_probe* probe, const char* name, const char* unit, int scale);
qd_series qd_series_f64(qd_probe* probe, const char* name, const char* unit);
/* The thing measured is gone (a client left): the series ends; its handle may be given out again. [game] */
void qd_series_end(qd_probe* probe, qd_series series);

/* ---- ticks and frames ---- */

/* Once per simulation step [game]. Reads the clock once and returns that time; connects, receives, applies pushed
 * parameters and runs actions, all without waiting. */
uint64_t qd_tick_begin(qd_probe* probe, uint64_t tick);
/* After everything of this tick is done, snapshots sent included [game]. Here, and only here, a tick-safe stop parks
 * the calling thread. Returns the nanoseconds it stood parked (0 as a rule): take them out of your accumulator, no
 * catch-up. */
uint64_t qd_tick_end(qd_probe* probe);

/* With park_by_polling: 1 while the world must stand; call it every frame [game]. on_park tells of both ends. Between
 * them call no qd_tick_begin and no qd_frame_begin. */
int qd_park_poll(qd_probe* probe);

/* The editor's counterpart, once per rendered frame [game]. Ticks are the domain's; the render tick is fixed
 * point 48.16 (tick × 65536 + fraction). Returns the render tick to draw: the one given, or less when a stop at tick T
 * is pending: then exactly T is drawn and qd_frame_end parks there with skew 0. */
uint64_t qd_frame_begin(qd_probe* probe, uint64_t frame_no, uint64_t render_tick_48_16, uint64_t predicted_tick);
uint64_t qd_frame_end(qd_probe* probe); /* as qd_tick_end */

/* A restart of the match, a new play session, a server travel: ticks before and after are never joined [game].
 * `domain` may be NULL (unchanged). */
void qd_segment_begin(qd_probe* probe, const char* domain, const char* reason);

/* ---- threads ---- */

/* Gives the calling thread a ring under this name (a released ring of that name is taken again). A thread that samples
 * or logs without having asked gets one named "thread-N". Returns the ring's index, negative when all are taken: then
 * what it writes is dropped and counted. [any] */
int qd_thread_ring(qd_probe* probe, const char* name);
/* Before a worker thread ends; the ring can then serve another thread. */
void qd_thread_release(qd_probe* probe);

/* ---- samples: one small store into the calling thread's ring [any] ---- */

/* Internals the inlined fast path needs; not for use. */
struct qd_ring_front_ {
  qd_probe* probe;
  uint64_t* slots; /* two words a record */
  uint64_t mask;
  uint64_t head;
  uint64_t limit; /* head may advance up to here before somebody must look at the reader's tail */
  uint64_t* shared_head;
  const uint32_t* tick_seq;
  uint32_t stamped; /* the tick_seq this ring has a stamp for */
};
void qd_sample_slow_(qd_probe* probe, uint64_t word, uint64_t value);
void qd_record_out_(qd_probe* probe, uint64_t word, uint64_t value);
enum { QD_REC_I64_ = 1, QD_REC_F64_ = 2 };

/* How far ahead of a store its cache line is asked for. The line was written a lap ago and read by the agent since: it
 * lies far away, or on another core, and the store would wait for it; asked for 128 records earlier it is there. What
 * stands behind a ring is its blob ring: the address lies in the mapping wherever the record does. */
enum { QD_FETCH_AHEAD_ = 2048 };
#if defined(__GNUC__) && defined(__x86_64__)
/* The builtin asks for a line to read unless the game is compiled with -mprfchw, and one that is held for reading is
 * what the ring has plenty of. Processors that do not know the instruction skip it. */
#define QD_FETCH_TO_WRITE_(at) __asm__ __volatile__("prefetchw %0" : : "m"(*(const char*)(at)))
#elif defined(__GNUC__)
#define QD_FETCH_TO_WRITE_(at) __builtin_prefetch((const void*)(at), 1)
#else
#define QD_FETCH_TO_WRITE_(at) ((void)(at))
#endif

/* A thread's variable cannot be seen across a DLL, and Microsoft's compiler has none of the builtins: there the store
 * is a call. */
#if defined(_WIN32) && !defined(QD_BUILDS_PROBE)
#define QD_RECORD_BY_CALL_ 1
#endif
#ifdef QD_RECORD_BY_CALL_
static inline void qd_record_(qd_probe* probe, uint64_t word, uint64_t value) {
  qd_record_out_(probe, word, value);
}
#else
extern __thread struct qd_ring_front_* qd_current_ring_;
static inline void qd_record_(qd_probe* probe, uint64_t word, uint64_t value) {
  struct qd_ring_front_* r = qd_current_ring_;
  if (__builtin_expect(r == NULL || r->probe != probe || r->head == r->limit ||
                           r->stamped != __atomic_load_n(r->tick_seq, __ATOMIC_RELAXED),
                       0)) {
    qd_sample_slow_(probe, word, value);
    return;
  }
  {
    uint64_t* slot = r->slots + 2 * (r->head & r->mask);
    slot[0] = word;
    slot[1] = value;
    r->head++;
    __atomic_store_n(r->shared_head, r->head, __ATOMIC_RELEASE);
    QD_FETCH_TO_WRITE_((uintptr_t)slot + QD_FETCH_AHEAD_);
  }
}
#endif

/* The value is the raw one (ns, µm, bytes, count); it belongs to the tick that is running. */
static inline void qd_sample_i64(qd_probe* probe, qd_series series, int64_t value) {
  if (series >= 0) qd_record_(probe, QD_REC_I64_ | (uint64_t)(uint32_t)series << 16, (uint64_t)value);
}
static inline void qd_sample_f64(qd_probe* probe, qd_series series, double value) {
  uint64_t bits;
  memcpy(&bits, &value, sizeof bits);
  if (series >= 0) qd_record_(probe, QD_REC_F64_ | (uint64_t)(uint32_t)series << 16, bits);
}

/* ---- entity frames ---- */

enum {
  QD_ENTITY_PLAYER = 1u << 0,
  QD_ENTITY_NPC = 1u << 1,
  QD_ENTITY_PROJECTILE = 1u << 2,
  QD_ENTITY_ALIVE = 1u << 4,
  QD_ENTITY_LOCAL = 1u << 5,        /* the editor's own, predicted */
  QD_ENTITY_INTERPOLATED = 1u << 8, /* rendered frames: how this pose came about */
  QD_ENTITY_EXTRAPOLATED = 1u << 9,
  QD_ENTITY_HELD = 1u << 10,
  QD_ENTITY_PREDICTED = 1u << 11,
  QD_ENTITY_TELEPORTED = 1u << 12 /* since the previous frame: do not draw a path between */
};

typedef struct qd_entity {
  uint32_t id; /* the same on server and editor */
  uint32_t flags;
  int64_t x, y, z;        /* µm */
  int32_t vx, vy, vz;     /* µm/s */
  int16_t qx, qy, qz, qw; /* normalised, × 32767; all zero: no rotation known */
  uint32_t reserved;
} qd_entity;

typedef enum qd_entity_kind { QD_ENTITIES_AUTHORITATIVE = 1, QD_ENTITIES_RENDERED = 2 } qd_entity_kind;

/* A frame is one copy of memory into the ring; too full: dropped whole and counted [any, as a rule the game thread].
 * For authoritative frames render_tick is ignored and the tick of qd_tick_begin counts; for rendered frames give the
 * render tick 48.16 that was really drawn. Returns 0, or negative when dropped. */
int qd_entities(qd_probe* probe, qd_entity_kind kind, uint64_t render_tick_48_16, const qd_entity* entities,
                uint32_t count);
/* The same without an array: begin reserves room for `most`, add fills in, end publishes what was added. */
int qd_entities_begin(qd_probe* probe, qd_entity_kind kind, uint64_t render_tick_48_16, uint32_t most);
void qd_entities_add(qd_probe* probe, const qd_entity* entity);
void qd_entities_end(qd_probe* probe);
/* 1 when an agent is there to read them: skip the gathering otherwise. [any] */
int qd_wants_entities(const qd_probe* probe);

/* ---- events and log lines [any] ---- */

void qd_event(qd_probe* probe, const char* name, const qd_field* fields, uint32_t count);

typedef enum qd_level { QD_TRACE = 0, QD_DEBUG = 1, QD_INFO = 2, QD_WARNING = 3, QD_ERROR = 4, QD_FATAL = 5 } qd_level;
void qd_log(qd_probe* probe, qd_level level, const char* category, const char* text);
void qd_logf(qd_probe* probe, qd_level level, const char* category, const char* format, ...) QD_PRINTF_(4, 5);

/* ---- parameters [game] ---- */

typedef enum qd_risk { QD_SAFE = 0, QD_GUARDED = 1, QD_DANGEROUS = 2 } qd_risk;
typedef enum qd_effect { QD_NEXT_TICK = 0, QD_NEXT_MATCH = 1, QD_RESTART = 2 } qd_effect;
typedef int32_t qd_param; /* negative: refused, see qd_last_error */

typedef struct qd_param_desc {
  const char* name;
  qd_type type;
  const char* unit;
  qd_value initial;           /* the default; its type must be `type` */
  qd_value min, max;          /* QD_TYPE_NONE: unbounded; i64, f64, duration; f64 for each component of a vec */
  qd_value step;              /* what an editor steps by; not enforced */
  const char* const* choices; /* enum */
  uint32_t choice_count;
  const char* group;
  const char* description;
  qd_risk risk;
  qd_effect effect;
  /* Where an accepted value goes, at a tick boundary: a variable, a callback, or both (variable first).
   * Variables by type and bind_size: bool: 1 byte · i64, duration: int32_t or int64_t · f64: float or double ·
   * enum: int32_t index · string: char buffer, NUL-terminated · vec: `initial.size` doubles. */
  void* bind;
  size_t bind_size;
  void (*apply)(void* user, const qd_value* value);
  /* May refuse what the range cannot express: write one sentence into reason and return non-zero. Must change nothing.
   */
  int (*check)(void* user, const qd_value* value, char* reason, size_t reason_size);
  void* user;
} qd_param_desc;

/* Declaring writes the default into the bound variable; it does not call apply. */
qd_param qd_param_declare(qd_probe* probe, const qd_param_desc* desc);
/* The game itself changes a value: the version rises and the change is reported. Negative when out of range. */
int qd_param_set(qd_probe* probe, qd_param param, qd_value value);
int qd_param_get(const qd_probe* probe, qd_param param, qd_value* out, uint64_t* version);

/* ---- actions [game] ---- */

typedef struct qd_arg_desc {
  const char* name;
  qd_type type;
  int required;
  const char* description;
} qd_arg_desc;

typedef struct qd_action_desc {
  const char* name; /* "map.reload" */
  const char* description;
  qd_risk risk;
  const qd_arg_desc* args;
  uint32_t arg_count;
  /* Runs at a tick boundary. Texts in args are NUL-terminated here. Write the outcome into result; 0 is success. */
  int (*run)(void* user, const qd_field* args, uint32_t arg_count, char* result, size_t result_size);
  void* user;
} qd_action_desc;

int qd_action_declare(qd_probe* probe, const qd_action_desc* desc);

/* ---- sites: where a cooperative breakpoint can stop ---- */

typedef struct qd_site {
  uint32_t armed; /* read it through qd_site_enabled */
  uint32_t index;
} qd_site;

/* Never NULL. `fields`: comma-separated names of the context that qd_site_hit will pass ("attacker,victim,damage"), so
 * that a condition with a wrong name is refused when it is armed; NULL: anything goes. [game] */
qd_site* qd_site_declare(qd_probe* probe, const char* name, const char* file, int line, const char* fields);

/* One relaxed load. [any] */
static inline int qd_site_enabled(const qd_site* site) {
#ifdef __GNUC__
  return __atomic_load_n(&site->armed, __ATOMIC_RELAXED) != 0;
#else
  return *(const volatile uint32_t*)&site->armed != 0;
#endif
}

/* Call only when enabled. Evaluates conditions and hit counts; a stopping hit is reported at once and the game thread
 * parks at its next qd_tick_end / qd_frame_end. Returns 1 when it will stop. [any] */
int qd_site_hit(qd_probe* probe, qd_site* site, const qd_field* fields, uint32_t count);

/* 1 from a stopping hit or a due stop order until the thread has parked. [any] */
int qd_stop_pending(const qd_probe* probe);

#ifdef __cplusplus
}
#endif

#endif /* QUARTERDECK_AGENT_PROBE_QD_H_ */
