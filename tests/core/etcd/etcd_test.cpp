// SPDX-License-Identifier: Apache-2.0
// The shared store against the real etcd, in a folder of its own on ports that the system gives.
#include "core/etcd/etcd_store.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <signal.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <mutex>
#include <thread>

#include "tests/support/within.h"

namespace qd::etcd {
namespace {

using ingest::SharedItem;
using Items = Result<std::vector<SharedItem>>;
using qd::testing::within;
using std::chrono::seconds;

int freePort() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  ::bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  ::getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  ::close(fd);
  return ntohs(address.sin_port);
}

class Etcd {
 public:
  Etcd() {
    std::string name = (std::filesystem::temp_directory_path() / "qdetcd-XXXXXX").string();
    folder_ = ::mkdtemp(name.data());
    client_ = freePort();
    peer_ = freePort();
    start();
  }
  ~Etcd() {
    stop();
    std::filesystem::remove_all(folder_);
  }
  std::string endpoint() const { return fmt::format("127.0.0.1:{}", client_); }
  void start() {
    const std::string urls = fmt::format("http://127.0.0.1:{}", client_),
                      peers = fmt::format("http://127.0.0.1:{}", peer_);
    const std::string client = urls, peer = peers, cluster = "default=" + peers;
    const char* words[] = {"etcd",          "--data-dir",
                           folder_.c_str(), "--listen-client-urls",
                           client.c_str(),  "--advertise-client-urls",
                           client.c_str(),  "--listen-peer-urls",
                           peer.c_str(),    "--initial-advertise-peer-urls",
                           peer.c_str(),    "--initial-cluster",
                           cluster.c_str(), nullptr};
    // Not fork(): its handlers stop gRPC's threads in the middle of what they do.
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    if (::posix_spawnp(&pid_, "etcd", &actions, nullptr, const_cast<char**>(words), environ) != 0) pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  std::string folder_;
  int client_ = 0, peer_ = 0;
  pid_t pid_ = -1;
};

// The owner's thread of a store.
class Owner {
 public:
  explicit Owner(const std::string& endpoint) {
    thread_ = std::thread([this] { run(); });
    auto made =
        openEtcd({endpoint, "quarterdeck/", {}}, [this](std::function<void()> job) { return post(std::move(job)); });
    EXPECT_TRUE(made);
    store_ = std::move(*made);
    call([this] {
      store_->watch([this](const SharedItem& item) {
        const std::lock_guard lock(mutex_);
        seen_.push_back(item);
      });
    });
  }
  ~Owner() {
    store_.reset();
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    wake_.notify_all();
    thread_.join();
  }
  bool post(std::function<void()> job) {
    {
      const std::lock_guard lock(mutex_);
      if (ended_) return false;
      jobs_.push_back(std::move(job));
    }
    wake_.notify_all();
    return true;
  }
  void call(const std::function<void()>& job) {
    std::mutex mutex;
    std::condition_variable done;
    bool over = false;
    post([&] {
      job();
      const std::lock_guard lock(mutex);
      over = true;
      done.notify_all();
    });
    std::unique_lock lock(mutex);
    done.wait(lock, [&] { return over; });
  }
  Items ask(const std::function<void(control::SharedStore&, control::SharedDone)>& order) {
    std::mutex mutex;
    std::condition_variable done;
    std::optional<Items> answer;
    post([&] {
      order(*store_, [&](const Items& items) {
        const std::lock_guard lock(mutex);
        answer = items;
        done.notify_all();
      });
    });
    std::unique_lock lock(mutex);
    if (!done.wait_for(lock, seconds(30), [&] { return answer.has_value(); })) {
      return fail(ErrorCode::Timeout, "no answer");
    }
    return *answer;
  }
  Items put(const std::string& key, const std::string& value, std::optional<std::uint64_t> expected = {},
            Duration ttl = {}, bool removed = false) {
    control::SharedWrite write;
    write.item.key = key;
    write.item.value = value;
    write.item.who = "ann";
    write.item.removed = removed;
    write.expectedRevision = expected;
    write.ttl = ttl;
    return ask([&](control::SharedStore& store, control::SharedDone done) { store.put(write, std::move(done)); });
  }
  Items get(const std::string& prefix) {
    return ask([&](control::SharedStore& store, control::SharedDone done) { store.get(prefix, std::move(done)); });
  }
  bool away() {
    bool out = false;
    call([&] { out = store_->away(); });
    return out;
  }
  void time() {
    call([this] { store_->onTime(utcNowNs()); });
  }
  std::optional<SharedItem> newest(const std::string& key) {
    const std::lock_guard lock(mutex_);
    for (auto it = seen_.rbegin(); it != seen_.rend(); ++it) {
      if (it->key == key) return *it;
    }
    return std::nullopt;
  }
  bool saw(const std::string& key, const std::string& value) {
    return within(seconds(20), [&] {
      time();
      const auto item = newest(key);
      return item && !item->removed && item->value == value;
    });
  }

 private:
  void run() {
    while (true) {
      std::function<void()> job;
      {
        std::unique_lock lock(mutex_);
        wake_.wait(lock, [this] { return ended_ || !jobs_.empty(); });
        if (jobs_.empty()) return;
        job = std::move(jobs_.front());
        jobs_.pop_front();
      }
      job();
    }
  }
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> jobs_;
  std::vector<SharedItem> seen_;
  bool ended_ = false;
  std::unique_ptr<control::SharedStore> store_;
  std::thread thread_;
};

class EtcdStoreTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(std::system("command -v etcd >/dev/null"), 0) << "etcd-server is not installed; ./dev setup installs it";
    ASSERT_TRUE(within(seconds(30), [&] { return one_.put("probe", "x").has_value(); })) << "etcd does not answer";
  }
  Etcd etcd_;
  Owner one_{etcd_.endpoint()};
  Owner two_{etcd_.endpoint()};
};

TEST_F(EtcdStoreTest, OneWritesAndTheOtherSeesIt) {
  const auto made = one_.put("preset/storm", "x = 1\n");
  ASSERT_TRUE(made) << made.error().message;
  EXPECT_GT(made->front().revision, 0U);
  EXPECT_TRUE(two_.saw("preset/storm", "x = 1\n"));
  const auto item = two_.newest("preset/storm");
  EXPECT_EQ(item->who, "ann");
  EXPECT_EQ(item->revision, made->front().revision);
  const auto got = two_.get("preset/");
  ASSERT_TRUE(got);
  ASSERT_EQ(got->size(), 1U);
  ASSERT_TRUE(one_.put("preset/storm", "", {}, {}, true));
  EXPECT_TRUE(within(seconds(20), [&] { return two_.newest("preset/storm")->removed; }));
}

TEST_F(EtcdStoreTest, OfTwoWritersAtOneRevisionOneIsRefused) {
  const auto first = one_.put("a", "1", 0);
  ASSERT_TRUE(first);
  EXPECT_EQ(two_.put("a", "2", 0).error().code, ErrorCode::Conflict);
  const auto second = two_.put("a", "2", first->front().revision);
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_GT(second->front().revision, first->front().revision) << "the fence rises";
  EXPECT_EQ(one_.put("a", "3", first->front().revision).error().code, ErrorCode::Conflict);
}

TEST_F(EtcdStoreTest, ALeaseRemovesWhatNobodyRenews) {
  ASSERT_TRUE(one_.put("staged/ann", "edits", {}, Duration{kNsPerSecond}));
  EXPECT_TRUE(two_.saw("staged/ann", "edits"));
  EXPECT_TRUE(within(seconds(30), [&] { return two_.newest("staged/ann")->removed; }));
}

TEST_F(EtcdStoreTest, WhileEtcdIsAwayWhatWasSeenLastIsAnswered) {
  ASSERT_TRUE(one_.put("desired/server-1", "v"));
  etcd_.stop();
  const auto remembered = one_.get("desired/");
  ASSERT_TRUE(remembered);
  ASSERT_EQ(remembered->size(), 1U);
  EXPECT_TRUE(one_.away()) << "it is marked as what was seen last";
  etcd_.start();
  ASSERT_TRUE(within(seconds(30), [&] {
    const auto now = one_.get("desired/");
    return now && now->size() == 1 && !one_.away();
  }));
}

TEST_F(EtcdStoreTest, ARestartLosesNothing) {
  std::map<std::string, std::string> written;
  for (int i = 0; i < 50; ++i) {
    const std::string key = fmt::format("desired/server-{}", i), value = fmt::format("v{}", i);
    ASSERT_TRUE(one_.put(key, value));
    written[key] = value;
  }
  etcd_.stop();  // kill -9
  const auto away = one_.put("lost", "x");
  EXPECT_EQ(away.error().code, ErrorCode::Unavailable);
  EXPECT_FALSE(away.error().message.empty());
  etcd_.start();
  ASSERT_TRUE(within(seconds(30), [&] { return one_.put("back", "y").has_value(); }));
  EXPECT_TRUE(two_.saw("back", "y")) << "the watch goes on";
  const auto all = two_.get("desired/");
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), written.size());
  for (const SharedItem& item : *all) EXPECT_EQ(item.value, written[item.key]);
}

}  // namespace
}  // namespace qd::etcd
