// SPDX-License-Identifier: Apache-2.0
// Agent → console → store with the recorder on: the product's service over made-up blocks of 1,024 points, received by
// the product's link into store and recorder. The limit is bare gRPC: the generated service streams the same messages,
// the generated stub parses them and throws them away. Plaintext, and mutual TLS beside it.
#include <grpcpp/grpcpp.h>
#include <sys/resource.h>

#include <cmath>
#include <future>

#include "core/link/cluster.h"
#include "core/link/wire/convert.h"
#include "core/recording/recorder.h"
#include "core/security/credentials.h"
#include "core/security/pki.h"
#include "core/series/store.h"
#include "core/serve/server.h"
#include "quarterdeck/v1/quarterdeck.grpc.pb.h"
#include "tests/bench/bench.h"
#include "tests/bench/scratch.h"
#include "tests/bench/telemetry.h"

namespace qd::bench {
namespace {

namespace pb = quarterdeck::v1;
using Clock = std::chrono::steady_clock;
using Blocks = std::vector<ingest::EnvelopePtr>;

constexpr std::uint64_t kPoints = 16'000'000;
constexpr std::chrono::seconds kPatience(40);

struct Tls {
  security::TlsOptions server, client;
};

// Has all blocks in its log; a cursor begins at the first one.
class Source final : public serve::Backend {
 public:
  Source(const Shape& shape, const Blocks& blocks) : shape_(shape), blocks_(blocks) {}

  serve::Snapshot snapshot() override {
    serve::Snapshot out;
    out.agentId = "bench";
    out.version = "1";
    out.logFirst = 1;
    out.logLast = blocks_.size();
    out.processes = {serverInfo(shape_)};
    return out;
  }
  TimeNs now() override { return utcNowNs(); }
  Result<std::unique_ptr<serve::Cursor>> openCursor(const serve::CursorStart&, std::function<void()>) override {
    return std::make_unique<At>(blocks_);
  }
  void push(control::PushOrder, control::PushDone done) override { done(none()); }
  void queryPush(const std::string&, bool, control::PushDone done) override { done(none()); }
  void runAction(control::ActionOrder, control::ActionDone done) override { done(none()); }
  Result<std::unique_ptr<serve::DebugSession>> openDebug(const std::string&) override { return none(); }

 private:
  struct At final : serve::Cursor {
    explicit At(const Blocks& all) : blocks(all) {}
    ingest::EnvelopePtr next() override { return at < blocks.size() ? blocks[at++] : nullptr; }
    std::uint64_t startedAfter() const override { return 0; }
    const Blocks& blocks;
    std::size_t at = 0;
  };
  static std::unexpected<Error> none() { return fail(ErrorCode::Unsupported, "This source only sends samples."); }

  Shape shape_;
  const Blocks& blocks_;
};

// Time on the clock and on all cores.
struct Took {
  double seconds = std::nan(""), cpu = std::nan("");
};
class Stopwatch {
 public:
  Took elapsed() const { return {std::chrono::duration<double>(Clock::now() - start_).count(), cpuNow() - cpu_}; }

 private:
  static double cpuNow() {
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    const auto seconds = [](const timeval& t) {
      return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6;
    };
    return seconds(used.ru_utime) + seconds(used.ru_stime);
  }
  Clock::time_point start_ = Clock::now();
  double cpu_ = cpuNow();
};

// Stands behind store and recorder: when the first and the last point had reached both.
class Goal final : public ingest::EventSink {
 public:
  explicit Goal(std::uint64_t blocks) : left_(blocks) {}
  void on(const ingest::EnvelopePtr& envelope) override {
    if (!std::holds_alternative<ingest::SampleBlock>(envelope->event)) return;
    if (!start_) start_.emplace();
    if (--left_ == 0) took_.set_value(start_->elapsed());
  }
  Took wait() {
    auto done = took_.get_future();
    return done.wait_for(kPatience) == std::future_status::ready ? done.get() : Took();
  }

 private:
  std::uint64_t left_;
  std::optional<Stopwatch> start_;
  std::promise<Took> took_;
};

struct Moved {
  Took took;
  double dropped = std::nan("");
};

Moved throughProduct(const Shape& shape, const Blocks& blocks, const Tls& tls, bool records = true) {
  const Scratch scratch;
  Source source(shape, blocks);
  const auto server = serve::Server::start(source, {"127.0.0.1:0", tls.server, false});
  recording::RecorderOptions recorderOptions;
  recorderOptions.path = scratch / "link.qdrec";
  recorderOptions.program = "qd_bench";
  auto recorder = recording::Recorder::open(std::move(recorderOptions));
  if (!server || !recorder) return {};
  series::Store store;
  Goal goal(blocks.size());
  ingest::FanOut fan;
  fan.add(store);
  if (records) fan.add(**recorder);
  fan.add(goal);
  link::ClusterOptions options;
  options.endpoints = {(*server)->address()};
  options.tls = tls.client;
  link::Cluster cluster(std::move(options), fan);
  cluster.start();
  const Took took = goal.wait();
  return {took, static_cast<double>((*recorder)->status().dropped)};
}

class Bare final : public pb::Agent::Service {
 public:
  explicit Bare(const std::vector<pb::Batch>& messages) : messages_(messages) {}
  grpc::Status Subscribe(grpc::ServerContext*, const pb::SubscribeRequest*,
                         grpc::ServerWriter<pb::Batch>* writer) override {
    for (const pb::Batch& message : messages_) {
      if (!writer->Write(message)) break;
    }
    return grpc::Status::OK;
  }

 private:
  const std::vector<pb::Batch>& messages_;
};

Took throughBareGrpc(const Blocks& blocks, const Tls& tls) {
  std::vector<pb::Batch> messages(blocks.size());
  for (std::size_t i = 0; i < blocks.size(); ++i) link::toProto(*blocks[i], messages[i]);
  grpc::ChannelArguments arguments;
  const auto serverSide = tls.server.enabled()
                              ? security::serverCredentials(tls.server)
                              : Result<std::shared_ptr<grpc::ServerCredentials>>(grpc::InsecureServerCredentials());
  const auto clientSide = security::channelCredentials(tls.client, arguments);
  if (!serverSide || !clientSide) return {};
  Bare service(messages);
  int port = 0;
  grpc::ServerBuilder builder;
  builder.AddListeningPort("127.0.0.1:0", *serverSide, &port);
  builder.RegisterService(&service);
  const auto server = builder.BuildAndStart();
  const auto stub =
      pb::Agent::NewStub(grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(port), *clientSide, arguments));
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kPatience);
  const auto stream = stub->Subscribe(&context, pb::SubscribeRequest());
  pb::Batch batch;
  std::size_t received = stream->Read(&batch) ? 1 : 0;
  const Stopwatch start;
  while (stream->Read(&batch)) ++received;
  const Took took = start.elapsed();
  server->Shutdown(std::chrono::system_clock::now());
  return received == messages.size() ? took : Took();
}

std::optional<Tls> certificates(const Scratch& scratch) {
  const std::string folder = scratch / "";
  if (!security::createAuthority(folder, "bench")) return std::nullopt;
  const auto agent = security::issueCertificate(folder, {"agent-1", {security::Role::Agent}, {"127.0.0.1"}, 2});
  const auto viewer = security::issueCertificate(folder, {"ann", {security::Role::Viewer}, {}, 2});
  if (!agent || !viewer) return std::nullopt;
  const std::string ca = scratch / "ca.pem";
  return Tls{{ca, agent->certificate, agent->key, ""}, {ca, viewer->certificate, viewer->key, ""}};
}

void measure(const Report& report, const std::string& how, const Shape& shape, const Blocks& blocks, const Tls& tls,
             bool hasTarget) {
  const double points = static_cast<double>(blocks.size() * shape.points()) / 1e6;
  Took bare = throughBareGrpc(blocks, tls);
  Moved moved = throughProduct(shape, blocks, tls);
  if (const Took again = throughBareGrpc(blocks, tls); !(again.seconds >= bare.seconds)) bare = again;
  if (const Moved again = throughProduct(shape, blocks, tls); !(again.took.seconds >= moved.took.seconds))
    moved = again;
  Figure figure{.name = "link: agent to store, recorder on, " + how,
                .unit = "M points/s",
                .value = points / moved.took.seconds,
                .limit = points / bare.seconds,
                .better = Better::More};
  if (hasTarget) figure.target = std::fmax(10, 0.4 * points / bare.seconds);
  report(figure);
  report({.name = "link: processor time of a point, " + how,
          .unit = "ns",
          .value = moved.took.cpu * 1e3 / points,
          .limit = bare.cpu * 1e3 / points});
  report({.name = "link: dropped by the recorder, " + how, .unit = "envelopes", .value = moved.dropped, .target = 0});
}

}  // namespace

QD_BENCH(link_throughput) {
  const Shape shape;
  const Blocks all = blocks(shape, kPoints);
  measure(report, "plaintext", shape, all, {}, true);
  report({.name = "link: agent to store, no recorder, plaintext",
          .unit = "M points/s",
          .value = static_cast<double>(kPoints) / 1e6 / throughProduct(shape, all, {}, false).took.seconds,
          .better = Better::More});
  const Scratch scratch;
  if (const auto tls = certificates(scratch)) measure(report, "mTLS", shape, all, *tls, false);
}

}  // namespace qd::bench
