// SPDX-License-Identifier: Apache-2.0
#include "agent/daemon/agent.h"

#include <utility>

#include "agent/daemon/audit_log.h"
#include "agent/daemon/event_loop.h"
#include "agent/daemon/live_backend.h"
#include "agent/daemon/local_store.h"
#include "agent/daemon/metrics_page.h"
#include "agent/daemon/probe_hub.h"
#include "agent/daemon/process_table.h"
#include "core/etcd/etcd_store.h"
#include "core/serve/peer_client.h"

namespace qd::daemon {
namespace {

class RunningAgent final : public Agent {
 public:
  Result<> start(const AgentConfig& config) {
    Recollection recollection;
    auto log = FlightLog::open(config.data, config.log,
                               [&](const ingest::Envelope& envelope) { recollection.take(envelope, table_); });
    if (!log) return std::unexpected(log.error());
    log_ = std::move(*log);
    log_->setStateSource([this] { return stateForFile(); });
    auto loop = EventLoop::make();
    if (!loop) return std::unexpected(loop.error());
    loop_ = std::move(*loop);
    auto audit = AuditLog::open(config.data);
    if (!audit) return std::unexpected(audit.error());
    audit_ = std::move(*audit);
    if (auto shared = openShared(config); !shared) return shared;
    hub_ =
        std::make_unique<ProbeHub>(*loop_, *log_, table_, *audit_, *store_, std::move(recollection), config.debuggers);
    hub_->wishes().load();
    hub_->experiments().load();
    if (!config.etcd.empty()) hub_->shareWithOthers();
    peers_ = std::make_unique<serve::PeerClient>(config.serve.tls);
    hub_->changes().setSpeak([this](const std::string& endpoint, const control::ChangeSync& word,
                                    control::ChangeDone done) { peers_->sync(endpoint, word, std::move(done)); });
    hub_->debugging().setOpen([this](const std::string& endpoint, serve::LendHandlers handlers) {
      return peers_->lend(endpoint, std::move(handlers));
    });
    if (auto listening = hub_->listen(config.socket); !listening) return listening;
    if (!config.probeListen.empty()) {
      auto bound = hub_->listenTcp(config.probeListen, config.probeToken);
      if (!bound) return std::unexpected(bound.error());
      probeAddress_ = *bound;
    }
    if (auto timers = hub_->startTimers(); !timers) return timers;
    backend_ = std::make_unique<LiveBackend>(*loop_, *log_, table_, *hub_, *audit_, *store_, config.version);
    auto server = serve::Server::start(*backend_, config.serve);
    if (!server) return std::unexpected(server.error());
    server_ = std::move(*server);
    for (AdoptedProcess process : config.adopted) {
      process.everyNs = config.scrapeEveryNs;
      auto adopter = Adopter::start(process, config.socket);
      if (!adopter) return std::unexpected(adopter.error());
      adopters_.push_back(std::move(*adopter));
    }
    if (config.metrics.empty()) return {};
    auto page = MetricsPage::start(config.metrics, *loop_, *log_, *hub_, *server_);
    if (!page) return std::unexpected(page.error());
    page_ = std::move(*page);
    return {};
  }

  ~RunningAgent() override {
    page_.reset();
    server_.reset();
    peers_.reset();
    store_.reset();
    hub_.reset();
  }

  std::string address() const override { return server_->address(); }
  std::string probeAddress() const override { return probeAddress_; }
  void run() override {
    loop_->run();
    adopters_.clear();  // they wait for nobody
    hub_->close();
  }
  void stop() override { loop_->stop(); }

 private:
  Result<> openShared(const AgentConfig& config) {
    if (!config.etcd.empty()) {
      auto store = etcd::openEtcd({config.etcd, "quarterdeck/", config.serve.tls},
                                  [this](std::function<void()> job) { return loop_->post(std::move(job)); });
      if (!store) return std::unexpected(store.error());
      store_ = std::move(*store);
      return {};
    }
    auto store = LocalStore::open(config.data);
    if (!store) return std::unexpected(store.error());
    store_ = std::move(*store);
    return {};
  }

  // What somebody needs who reads only the newest file: every declaration, value, group and breakpoint.
  std::vector<ingest::Envelope> stateForFile() const {
    serve::Snapshot snapshot;
    table_.fill(snapshot);
    std::vector<ingest::Envelope> out;
    const auto put = [&out](ingest::Event event) { out.emplace_back().event = std::move(event); };
    for (auto& info : snapshot.earlier) put(ingest::ProcessChange{std::move(info), ""});
    for (auto& info : snapshot.processes) put(ingest::ProcessChange{std::move(info), ""});
    for (auto& change : snapshot.parameters) put(std::move(change));
    for (auto& breakpoint : snapshot.breakpoints) put(std::move(breakpoint));
    for (auto& group : snapshot.groups) put(std::move(group));
    for (auto& change : snapshot.changes) put(std::move(change));
    return out;
  }

  std::string probeAddress_;
  std::vector<std::unique_ptr<Adopter>> adopters_;
  ProcessTable table_;
  std::unique_ptr<FlightLog> log_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<AuditLog> audit_;
  std::unique_ptr<control::SharedStore> store_;
  std::unique_ptr<serve::PeerClient> peers_;
  std::unique_ptr<ProbeHub> hub_;
  std::unique_ptr<LiveBackend> backend_;
  std::unique_ptr<serve::Server> server_;
  std::unique_ptr<MetricsPage> page_;
};

}  // namespace

Result<std::unique_ptr<Agent>> Agent::start(const AgentConfig& config) {
  auto agent = std::make_unique<RunningAgent>();
  if (auto started = agent->start(config); !started) return std::unexpected(started.error());
  return agent;
}

}  // namespace qd::daemon
