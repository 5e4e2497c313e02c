/* SPDX-License-Identifier: Apache-2.0 */
/* A game in a page: what a person copies from. It counts ticks at 60 Hz, moves players in a circle, and can be watched,
 * steered (npc.density), stopped (site combat.hit) and asked (action echo). Plain C99, for Linux and Windows alike:
 *
 *   cc -I ROOT game.c ROOT/agent/probe/[!l]*.c ROOT/agent/probe/link.c -lm -lpthread        (Linux)
 *   x86_64-w64-mingw32-gcc -DQD_BUILDS_PROBE … -lws2_32 -lbcrypt                            (Windows)
 *
 * Arguments: an id (default example-1), a number of players (8), ticks to run (0: until it is killed). The agent's
 * address comes from QUARTERDECK_SOCKET, on Windows as tcp:HOST:PORT, with QUARTERDECK_TOKEN where it asks for one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probe/qd.h"

#ifdef _WIN32
#include <windows.h>
static void pause_until(uint64_t ns) {
  uint64_t now = qd_now_ns();
  if (now < ns) Sleep((DWORD)((ns - now) / 1000000u));
}
#else
#include <poll.h>
static void pause_until(uint64_t ns) {
  uint64_t now = qd_now_ns();
  if (now < ns) poll(NULL, 0, (int)((ns - now) / 1000000u));
}
#endif

enum { MOST_PLAYERS = 4096 };

static double density = 1;

static int echo(void* user, const qd_field* args, uint32_t count, char* result, size_t size) {
  (void)user;
  snprintf(result, size, "echo %s", count > 0 && args[0].value.text ? args[0].value.text : "");
  return 0;
}

static void declare(qd_probe* probe) {
  qd_param_desc parameter;
  qd_action_desc action;
  qd_arg_desc text;
  memset(&parameter, 0, sizeof parameter);
  parameter.name = "npc.density";
  parameter.type = QD_TYPE_F64;
  parameter.initial = qd_f64(1);
  parameter.min = qd_f64(0);
  parameter.max = qd_f64(4);
  parameter.bind = &density;
  parameter.bind_size = sizeof density;
  qd_param_declare(probe, &parameter);
  memset(&text, 0, sizeof text);
  text.name = "text";
  text.type = QD_TYPE_STRING;
  text.required = 1;
  memset(&action, 0, sizeof action);
  action.name = "echo";
  action.args = &text;
  action.arg_count = 1;
  action.run = echo;
  qd_action_declare(probe, &action);
}

static void move(qd_probe* probe, uint64_t tick, int players) {
  int i;
  if (!qd_wants_entities(probe) || qd_entities_begin(probe, QD_ENTITIES_AUTHORITATIVE, 0, (uint32_t)players) != 0)
    return;
  for (i = 0; i < players; i++) {
    double angle = (double)tick / 60 + i;
    qd_entity e;
    memset(&e, 0, sizeof e);
    e.id = (uint32_t)i + 1;
    e.flags = QD_ENTITY_PLAYER | QD_ENTITY_ALIVE;
    e.x = (int64_t)(10e6 * cos(angle));
    e.y = (int64_t)(10e6 * sin(angle));
    qd_entities_add(probe, &e);
  }
  qd_entities_end(probe);
}

int main(int argc, char** argv) {
  const int players = argc > 2 ? atoi(argv[2]) : 8;
  const uint64_t last = argc > 3 ? (uint64_t)atoll(argv[3]) : 0;
  qd_config config;
  char error[256];
  qd_probe* probe;
  qd_series busy, load;
  qd_site* hit;
  uint64_t tick, next;
  memset(&config, 0, sizeof config);
  config.id = argc > 1 ? argv[1] : "example-1";
  config.kind = QD_KIND_SERVER;
  config.tick_hz = 60;
  config.reconnect_ns = 200000000;
  probe = qd_open(&config, error, sizeof error);
  if (!probe || players < 0 || players > MOST_PLAYERS) {
    fprintf(stderr, "%s\n", probe ? "A game of 0 to 4096 players." : error);
    return 1;
  }
  busy = qd_series_i64(probe, "tick.duration", "ms", 6);
  load = qd_series_f64(probe, "npc.count", "");
  hit = qd_site_declare(probe, "combat.hit", "game.c", __LINE__, "victim,damage");
  declare(probe);
  next = qd_now_ns();
  for (tick = 1; last == 0 || tick <= last; tick++) {
    uint64_t start = qd_tick_begin(probe, tick), stood;
    qd_sample_f64(probe, load, 100 * density + (double)(tick % 10));
    move(probe, tick, players);
    if (tick % 60 == 0) qd_logf(probe, QD_INFO, "example", "second %d", (int)(tick / 60));
    if (qd_site_enabled(hit)) {
      const qd_field context[2] = {qd_kv("victim", qd_i64((int64_t)(tick % 8))),
                                   qd_kv("damage", qd_i64((int64_t)(tick % 100)))};
      qd_site_hit(probe, hit, context, 2);
    }
    qd_sample_i64(probe, busy, (int64_t)(qd_now_ns() - start));
    stood = qd_tick_end(probe);
    if (stood > 0) {
      printf("{\"parked_ns\":%lld,\"tick\":%lld}\n", (long long)stood, (long long)tick);
      fflush(stdout);
      next = qd_now_ns();
    }
    next += 1000000000u / 60;
    pause_until(next);
  }
  qd_close(probe);
  return 0;
}
