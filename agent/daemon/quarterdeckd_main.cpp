// SPDX-License-Identifier: Apache-2.0
// quarterdeckd: the agent, one per host or pod. See --help.
#include <fmt/format.h>
#include <signal.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "agent/daemon/agent.h"
#include "core/base/value.h"
#include "core/security/tls_options.h"

namespace {

constexpr int kDone = 0, kFailed = 1, kWrongUsage = 2;

std::string defaultSocket() {
  const char* named = std::getenv("QUARTERDECK_SOCKET");
  return named && *named ? named : "/run/quarterdeck/probe.sock";
}

std::string tokenIn(const std::string& path) {
  std::ifstream file(path);
  std::string token;
  std::getline(file, token);
  if (!token.empty() && token.back() == '\r') token.pop_back();
  if (token.size() < 16 || token.size() > 1024) {
    throw CLI::ValidationError("--probe-token-file", path + " must hold one line of 16 to 1,024 characters.");
  }
  return token;
}

void adoptOptions(CLI::App& app, qd::daemon::AgentConfig& config) {
  const auto add = [&app, &config](const char* name, bool scrape, const char* help) {
    app.add_option_function<std::vector<std::string>>(
           name,
           [&config, scrape, name](const std::vector<std::string>& all) {
             for (const std::string& text : all) {
               if (auto taken = qd::daemon::adoptIn(config.adopted, text, scrape); !taken) {
                 throw CLI::ValidationError(name, taken.error().message);
               }
             }
           },
           help)
        ->trigger_on_parse();
  };
  add("--scrape", true, "NAME=URL: show a process without a probe by its Prometheus page; may be given again");
  add("--tail", false, "NAME=FILE: show a process's log file, of the same process where the name is the same");
  app.add_option_function<std::string>(
      "--scrape-every",
      [&config](const std::string& text) {
        const auto every = qd::parseDuration(text);
        if (!every || every->ns < 100'000'000) {
          throw CLI::ValidationError("--scrape-every", "must be a duration of 100ms or more.");
        }
        config.scrapeEveryNs = every->ns;
      },
      "how often their pages are read (default 1s)");
}

void describeOptions(CLI::App& app, qd::daemon::AgentConfig& config) {
  app.add_option("--listen", config.serve.listen, "HOST:PORT to serve gRPC on; port 0 takes a free one")->required();
  app.add_option("--socket", config.socket, "Unix socket that probes connect to")->capture_default_str();
  app.add_option(
      "--probe-listen", config.probeListen,
      "HOST:PORT for probes over TCP (Windows, other machines), as socket_path tcp:HOST:PORT; none by default");
  app.add_option_function<std::string>(
         "--probe-token-file", [&config](const std::string& path) { config.probeToken = tokenIn(path); },
         "file whose first line such probes must know (QUARTERDECK_TOKEN); needed off loopback")
      ->trigger_on_parse();
  app.add_option("--data", config.data, "folder of the flight recorder; without it nothing outlives the agent");
  app.add_option("--metrics", config.metrics, "HOST:PORT of the Prometheus page; none by default");
  app.add_option("--etcd", config.etcd, "HOST:PORT of the etcd that holds what several agents share; none by default");
  app.add_option("--tls-cert", config.serve.tls.cert, "PEM file: the agent's certificate");
  app.add_option("--tls-key", config.serve.tls.key, "PEM file: its key");
  app.add_option("--client-ca", config.serve.tls.ca, "PEM file: the CA that clients' certificates come from");
  adoptOptions(app, config);
  app.add_flag("--allow-debug", config.serve.allowDebug, "allow debugging over plaintext loopback");
  app.add_option_function<std::vector<std::string>>(
         "--debugger",
         [&config](const std::vector<std::string>& rules) {
           for (const std::string& text : rules) {
             auto rule = qd::daemon::debuggerRuleIn(text);
             if (!rule) throw CLI::ValidationError("--debugger", rule.error().message);
             config.debuggers.push_back(std::move(*rule));
           }
         },
         "PROCESS=dlv|lldb[,FROM:TO]: source breakpoints for that process (a * at the end: every one that begins so), "
         "with a source map")
      ->trigger_on_parse();
  app.set_version_flag("--version", std::string("quarterdeckd ") + QD_VERSION);
}

// One sentence, or empty.
std::string wrongUsage(const qd::daemon::AgentConfig& config) {
  const auto& tls = config.serve.tls;
  const int named = !tls.cert.empty() + !tls.key.empty() + !tls.ca.empty();
  if (named != 0 && named != 3) return "TLS needs all three of --tls-cert, --tls-key and --client-ca.";
  if (named == 0 && !qd::security::isLoopback(config.serve.listen)) {
    return fmt::format(
        "{} is not a loopback address, and plaintext is served on loopback only; add --tls-cert, "
        "--tls-key and --client-ca.",
        config.serve.listen);
  }
  if (!config.probeListen.empty() && config.probeToken.empty() && !qd::security::isLoopback(config.probeListen)) {
    return fmt::format("{} is not a loopback address, and there probes must know a token; add --probe-token-file.",
                       config.probeListen);
  }
  return {};
}

int complain(int code, const std::string& sentence) {
  fmt::print(stderr, "quarterdeckd: {}\n", sentence);
  return code;
}

int serve(const qd::daemon::AgentConfig& config) {
  sigset_t signals;
  sigemptyset(&signals);
  sigaddset(&signals, SIGTERM);
  sigaddset(&signals, SIGINT);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);  // before any thread is made: they all inherit it
  signal(SIGPIPE, SIG_IGN);
  auto agent = qd::daemon::Agent::start(config);
  if (!agent) {
    const bool usage = agent.error().code == qd::ErrorCode::InvalidArgument;
    return complain(usage ? kWrongUsage : kFailed, agent.error().message);
  }
  nlohmann::json ready = {{"ready", true}, {"listen", (*agent)->address()}, {"socket", config.socket}};
  if (!config.probeListen.empty()) ready["probe_listen"] = (*agent)->probeAddress();
  fmt::print("{}\n", ready.dump());
  std::fflush(stdout);
  spdlog::info("serving on {}, probes on {}", (*agent)->address(), config.socket);
  std::thread waiter([&] {
    int signal = 0;
    sigwait(&signals, &signal);
    (*agent)->stop();
  });
  (*agent)->run();
  waiter.join();
  agent->reset();
  spdlog::info("ended in order");
  return kDone;
}

}  // namespace

int main(int argc, char** argv) {
  ::setenv("GRPC_VERBOSITY", "NONE", 0);  // what matters of it comes back to us as errors, one sentence each
  spdlog::set_default_logger(spdlog::stderr_logger_mt("quarterdeckd"));
  spdlog::set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  qd::daemon::AgentConfig config;
  config.socket = defaultSocket();
  config.version = QD_VERSION;
  CLI::App app("The Quarterdeck agent: drains the probes of this host's games and serves them over gRPC.");
  describeOptions(app, config);
  try {
    app.parse(argc, argv);
  } catch (const CLI::Success& asked) {
    return app.exit(asked);
  } catch (const CLI::ParseError& error) {
    return complain(kWrongUsage, fmt::format("{} (quarterdeckd --help lists the options)", error.what()));
  }
  if (const std::string sentence = wrongUsage(config); !sentence.empty()) return complain(kWrongUsage, sentence);
  return serve(config);
}
