// SPDX-License-Identifier: Apache-2.0
#include "core/etcd/etcd_store.h"

#include <fmt/format.h>

#include <map>
#include <nlohmann/json.hpp>

#include "core/etcd/client.h"

namespace qd::etcd {
namespace {

using Json = nlohmann::json;
using ingest::SharedItem;
using Items = Result<std::vector<SharedItem>>;

constexpr std::int64_t kTryAgain = kNsPerSecond;

std::string encode(const SharedItem& item) {
  const Json json = {{"value", item.value}, {"who", item.who}, {"time", item.time}, {"expires", item.expires}};
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

// Of somebody else under our prefix: its bytes are the value.
SharedItem decode(const pb::KeyValue& kv, const std::string& prefix) {
  SharedItem out;
  out.key = kv.key().substr(std::min(prefix.size(), kv.key().size()));
  out.revision = static_cast<std::uint64_t>(kv.mod_revision());
  const Json json = Json::parse(kv.value(), nullptr, false);
  const auto text = [&](const char* name, std::string& into) {
    if (json.is_object() && json.contains(name) && json[name].is_string()) into = json[name].get<std::string>();
  };
  const auto number = [&](const char* name, std::int64_t& into) {
    if (json.is_object() && json.contains(name) && json[name].is_number_integer())
      into = json[name].get<std::int64_t>();
  };
  if (!json.is_object()) out.value = kv.value();
  text("value", out.value);
  text("who", out.who);
  number("time", out.time);
  number("expires", out.expires);
  return out;
}

class EtcdStore final : public control::SharedStore, public std::enable_shared_from_this<EtcdStore> {
 public:
  EtcdStore(std::unique_ptr<Client> client, std::string prefix, Post post)
      : client_(std::move(client)), prefix_(std::move(prefix)), post_(std::move(post)) {}

  void watch(Watcher watcher) override {
    watcher_ = std::move(watcher);
    load();
  }

  void get(const std::string& prefix, control::SharedDone done) override {
    client_->range(prefix_ + prefix, [self = weak_from_this(), post = post_, prefix, done](const auto& answer) {
      post([self, prefix, done, answer] {
        if (const auto store = self.lock()) store->got(prefix, answer, done);
      });
    });
  }

  void put(control::SharedWrite write, control::SharedDone done) override {
    write.item.time = utcNowNs();
    if (write.ttl.ns <= 0 || write.item.removed) return commit(std::move(write), 0, std::move(done));
    write.item.expires = write.item.time + write.ttl.ns;
    const std::int64_t seconds = (write.ttl.ns + kNsPerSecond - 1) / kNsPerSecond;
    client_->grant(seconds, [self = weak_from_this(), post = post_, write, done](const auto& lease) {
      post([self, write, done, lease] {
        const auto store = self.lock();
        if (!store) return;
        lease ? store->commit(write, lease->id(), done) : done(std::unexpected(lease.error()));
      });
    });
  }

  bool away() const override { return away_; }
  void onTime(TimeNs now) override {
    if (watching_ || now < tryAt_) return;
    tryAt_ = now + kTryAgain;
    load();
  }

 private:
  // What is there, then every change from there on.
  void load() {
    if (watching_) return;
    watching_ = true;
    client_->range(prefix_, [self = weak_from_this(), post = post_](const auto& answer) {
      post([self, answer] {
        if (const auto store = self.lock()) store->loaded(answer);
      });
    });
  }

  void loaded(const Result<pb::RangeResponse>& answer) {
    away_ = !answer;
    if (!answer) {
      watching_ = false;
      return;
    }
    std::map<std::string, SharedItem> now;
    for (const auto& kv : answer->kvs()) {
      SharedItem item = decode(kv, prefix_);
      now[item.key] = std::move(item);
    }
    for (const auto& [key, item] : seen_) {
      if (now.contains(key)) continue;
      SharedItem gone = item;
      gone.removed = true;
      gone.revision = static_cast<std::uint64_t>(answer->header().revision());
      tell(gone);
    }
    for (const auto& [key, item] : now) {
      const auto before = seen_.find(key);
      if (before == seen_.end() || before->second.revision != item.revision) tell(item);
    }
    seen_ = std::move(now);
    written_.clear();
    const auto self = weak_from_this();
    client_->watch(
        prefix_, answer->header().revision() + 1,
        [self, post = post_](const pb::WatchResponse& response) {
          post([self, response] {
            if (const auto store = self.lock()) store->changed(response);
          });
        },
        [self, post = post_](const std::string&) {
          post([self] {
            const auto store = self.lock();
            if (!store) return;
            store->watching_ = false;
            store->away_ = true;
          });
        });
  }

  void changed(const pb::WatchResponse& response) {
    for (const auto& event : response.events()) {
      SharedItem item = decode(event.kv(), prefix_);
      written_.erase(item.key);
      if (event.type() == pb::Event::DELETE) {
        if (const auto before = seen_.find(item.key); before != seen_.end()) item = before->second;
        item.revision = static_cast<std::uint64_t>(event.kv().mod_revision());
        item.removed = true;
        seen_.erase(item.key);
      } else {
        seen_[item.key] = item;
      }
      tell(item);
    }
  }

  void tell(const SharedItem& item) {
    if (watcher_) watcher_(item);
  }

  void got(const std::string& prefix, const Result<pb::RangeResponse>& answer, const control::SharedDone& done) {
    std::vector<SharedItem> out;
    away_ = !answer;
    if (answer) {
      for (const auto& kv : answer->kvs()) out.push_back(decode(kv, prefix_));
      return done(std::move(out));
    }
    std::map<std::string, SharedItem> known = written_;  // the newer ones
    known.insert(seen_.begin(), seen_.end());
    if (known.empty()) return done(std::unexpected(answer.error()));
    for (auto it = known.lower_bound(prefix); it != known.end() && it->first.starts_with(prefix); ++it) {
      out.push_back(it->second);
    }
    done(std::move(out));
  }

  void commit(control::SharedWrite write, std::int64_t lease, control::SharedDone done) {
    pb::TxnRequest request;
    const std::string key = prefix_ + write.item.key;
    if (write.expectedRevision) {
      auto* compare = request.add_compare();
      compare->set_key(key);
      compare->set_target(pb::Compare::MOD);
      compare->set_mod_revision(static_cast<std::int64_t>(*write.expectedRevision));
    }
    if (write.item.removed) {
      request.add_success()->mutable_request_delete_range()->set_key(key);
    } else {
      auto* put = request.add_success()->mutable_request_put();
      put->set_key(key);
      put->set_value(encode(write.item));
      put->set_lease(lease);
    }
    request.add_failure()->mutable_request_range()->set_key(key);
    client_->txn(std::move(request),
                 [self = weak_from_this(), post = post_, item = write.item, expected = write.expectedRevision,
                  done = std::move(done)](const Result<pb::TxnResponse>& answer) {
                   post([self, answer, item, expected, done] {
                     const Items made = committed(answer, item, expected);
                     // What was written here has been seen, also when the watch has not told it yet.
                     if (const auto store = self.lock(); store && made) store->wrote(made->front());
                     done(made);
                   });
                 });
  }

  void wrote(const SharedItem& item) {
    const auto known = seen_.find(item.key);
    if (known != seen_.end() && known->second.revision >= item.revision) return;
    item.removed ? void(written_.erase(item.key)) : void(written_[item.key] = item);
  }

  static Items committed(const Result<pb::TxnResponse>& answer, SharedItem item,
                         const std::optional<std::uint64_t>& expected) {
    if (!answer) return std::unexpected(answer.error());
    if (answer->succeeded()) {
      item.revision = static_cast<std::uint64_t>(answer->header().revision());
      return std::vector{item};
    }
    std::int64_t now = 0;
    if (answer->responses_size() > 0 && answer->responses(0).response_range().kvs_size() > 0) {
      now = answer->responses(0).response_range().kvs(0).mod_revision();
    }
    return fail(ErrorCode::Conflict, fmt::format("{} is at revision {} by now, not {}: look at it again.", item.key,
                                                 now, expected.value_or(0)));
  }

  std::unique_ptr<Client> client_;
  const std::string prefix_;
  const Post post_;
  Watcher watcher_;
  std::map<std::string, SharedItem> seen_;
  std::map<std::string, SharedItem> written_;  // by this agent, and not told by the watch yet
  bool watching_ = false, away_ = false;
  TimeNs tryAt_ = 0;
};

// What the owner holds: the store ends when it lets go, whatever is still in the owner's queue.
class Holder final : public control::SharedStore {
 public:
  explicit Holder(std::shared_ptr<EtcdStore> store) : store_(std::move(store)) {}
  void watch(Watcher watcher) override { store_->watch(std::move(watcher)); }
  void get(const std::string& prefix, control::SharedDone done) override { store_->get(prefix, std::move(done)); }
  void put(control::SharedWrite write, control::SharedDone done) override {
    store_->put(std::move(write), std::move(done));
  }
  void onTime(TimeNs now) override { store_->onTime(now); }
  bool away() const override { return store_->away(); }

 private:
  std::shared_ptr<EtcdStore> store_;
};

}  // namespace

Result<std::unique_ptr<control::SharedStore>> openEtcd(const EtcdOptions& options, Post post) {
  auto client = Client::open(options);
  if (!client) return std::unexpected(client.error());
  return std::make_unique<Holder>(std::make_shared<EtcdStore>(std::move(*client), options.prefix, std::move(post)));
}

}  // namespace qd::etcd
