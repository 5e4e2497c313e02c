// SPDX-License-Identifier: Apache-2.0
#include "app/cli/settled_push.h"

#include <algorithm>

namespace qd::cli {

Result<std::vector<ingest::PushResult>> pushAndSettle(Session& session, const control::PushOrder& order) {
  using Results = std::vector<ingest::PushResult>;
  constexpr Duration kWithin{10 * kNsPerSecond};
  auto answer = session.ask<Results>([&](control::PushDone done) { session.cluster().push(order, std::move(done)); });
  const bool lost = !answer && answer.error().code == ErrorCode::Timeout;
  if (!answer && !lost) return answer;
  const bool open =
      lost || std::any_of(answer->begin(), answer->end(), [](const ingest::PushResult& result) {
        return result.status == ingest::PushStatus::Unknown || result.status == ingest::PushStatus::Pending;
      });
  if (!open) return answer;
  auto known = session.ask<Results>(
      [&](control::PushDone done) { session.cluster().settlePush(order, kWithin, std::move(done)); },
      Duration{2 * kWithin.ns});
  return known || lost ? known : answer;
}

}  // namespace qd::cli
