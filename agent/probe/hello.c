/* SPDX-License-Identifier: Apache-2.0 */
/* Who this process is. */
#include <string.h>

#include "agent/probe/internal.h"

static void fill_hello(const qd_probe* p, qd_hello* h) {
  memset(h, 0, sizeof *h);
  h->magic = QD_HELLO_MAGIC;
  h->protocol = QD_PROTOCOL;
  h->oldest_protocol = QD_PROTOCOL_OLDEST;
  h->id = qd_str_of(p->config.id);
  h->kind = (uint8_t)p->config.kind;
  h->name = qd_str_of(p->config.name);
  h->domain = qd_str_of(p->domain);
  h->tick_hz = p->config.tick_hz;
  h->build_version = qd_str_of(p->config.build_version);
  h->build_commit = qd_str_of(p->config.build_commit);
  h->build_id = qd_str_of(p->config.build_id);
  h->instance = p->instance;
  h->pid = os_pid();
  h->monotonic_ns = qd_now_ns();
  h->utc_ns = os_utc_ns();
  h->lane_bytes = p->lane_bytes;
  h->language = qd_str_of("c");
  h->count = (uint16_t)p->config.label_count;
}

static int encode_hello(qd_probe* p, qd_writer* w) {
  qd_hello h;
  uint32_t i;
  fill_hello(p, &h);
  qd_frame_start(w, QD_F_HELLO);
  qd_put_hello(w, &h);
  for (i = 0; i < p->config.label_count; i++) {
    qd_pair_item item;
    item.key = qd_str_of(p->config.labels[i].key);
    item.value = qd_str_of(p->config.labels[i].value);
    qd_put_pair(w, &item);
  }
  return qd_frame_finish(w);
}

/* What the socket does not take at once goes out with the next flush. */
int send_hello(qd_probe* p) {
  int64_t n;
  if (p->stream.on && stream_put(p, &p->out) != 0) return -1;
  if (encode_hello(p, &p->out) != 0) return -1;
  n = p->stream.on ? os_send(p->fd, p->out.data, p->out.size) : os_send_with(p->fd, p->out.data, p->out.size, p->memfd);
  if (n <= 0) return -1;
  p->out_sent = (uint32_t)n;
  link_flush_locked(p);
  return 0;
}
