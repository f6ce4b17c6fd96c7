// All objects of one client on one loop that work with libcurl, in the order in which they are made.
//
// Threads: loop thread only.
// Owner:   ClientShard, which makes it with the first request and destroys it with the destroy command.
#pragma once

#include "client/connection_keeper.h"
#include "client/request_runner.h"
#include "client/tunnel_runner.h"
#include "connections/connections.h"
#include "connections/origin_queue.h"
#include "curl/easy_handle.h"
#include "curl/multi_handle.h"
#include "curl/multi_timer.h"
#include "curl/socket_watchers.h"
#include "curl/tls_store.h"
#include "dodici/byte_block.h"
#include "dodici/options.h"
#include "loop/wake_timer.h"
#include "transfer/deadlines.h"

#include <boost/asio/io_context.hpp>

#include <functional>
#include <memory>
#include <utility>

namespace dodici {

// Shared by the shards of one client.
struct ClientConfig {
  explicit ClientConfig(ClientOptions clientOptions) : options(std::move(clientOptions)) {}

  const ClientOptions options;
  const std::shared_ptr<BlockPool> pool = std::make_shared<BlockPool>();
};

struct ClientEngine {
  struct Timers {
    std::function<void()> libcurl;      // called when libcurl's timeout is due
    std::function<void()> deadlines;    // called when deadlines must be checked
    std::function<void()> connections;  // called when idle and silent connections must be checked
    std::function<void()> flush;        // called when body bytes have waited for long enough
  };

  // New connections use `tls`, which may change. `onEnded` is called for each request that has ended.
  ClientEngine(
      ClientConfig& config,
      const TlsStores& tls,
      boost::asio::io_context& context,
      SocketWatchers::Listener& listener,
      EventBatcher& batcher,
      const std::function<void()>& onEnded,
      Timers timers
  )
      : connections(config.options.keepAliveTimeout),
        origins(
            OriginLimits{
                config.options.connections,
                config.options.maxConcurrentStreams,
                config.options.clientTtl,
                config.options.streamTimeout},
            connections
        ),
        watchers(context, listener),
        timer(context, std::move(timers.libcurl)),
        keeper(connections, origins, watchers, multi, batcher, config.options.pingInterval),
        multi(config.options, watchers, timer, keeper),
        handles(config.options, watchers, tls),
        requests(
            RequestRunner::Parts{
                config.options, batcher, deadlines, origins, keeper, multi, handles},
            onEnded
        ),
        tunnels(
            TunnelRunner::Parts{config.options, tls, batcher, deadlines, watchers, multi}, onEnded
        ),
        deadlineTimer(context, std::move(timers.deadlines)),
        connectionTimer(context, std::move(timers.connections)),
        flushTimer(context, std::move(timers.flush)) {}

  Connections connections;
  OriginQueue origins;
  Deadlines deadlines;
  SocketWatchers watchers;
  MultiTimer timer;
  ConnectionKeeper keeper;
  MultiHandle multi;
  EasyHandlePool handles;
  RequestRunner requests;  // after everything that its transfers refer to
  TunnelRunner tunnels;
  WakeTimer deadlineTimer;
  WakeTimer connectionTimer;
  WakeTimer flushTimer;
};

}  // namespace dodici
