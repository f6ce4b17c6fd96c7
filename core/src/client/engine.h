// All that libcurl is involved in, for one client on one loop, in the order in which it is made.
//
// Threads: loop thread only.
// Owner:   ClientShard, which makes it with the first request and destroys it with the destroy command.
#pragma once

#include "curl/easy_handle.h"
#include "curl/multi_handle.h"
#include "curl/multi_timer.h"
#include "curl/socket_watchers.h"
#include "curl/tls_store.h"
#include "dodici/byte_block.h"
#include "dodici/options.h"
#include "loop/wake_timer.h"
#include "connections/origin_queue.h"
#include "transfer/deadlines.h"
#include "transfer/transfer_table.h"
#include "tunnel/tunnel_table.h"

#include <boost/asio/io_context.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace dodici {

// What the shards of one client share.
struct ClientConfig {
  explicit ClientConfig(ClientOptions clientOptions)
      : options(std::move(clientOptions)), tls(options.tls), proxyTls(options.proxy.tls) {}

  const ClientOptions options;
  TlsStore tls;  // refers to options
  TlsStore proxyTls;
  const std::shared_ptr<BlockPool> pool = std::make_shared<BlockPool>();
};

struct ClientEngine {
  struct Timers {
    std::function<void()> libcurl;  // libcurl's timeout is due
    std::function<void()> sweep;    // look at the deadlines
    std::function<void()> idle;     // look at the idle connections
    std::function<void()> flush;    // body bytes have waited for long enough
  };

  ClientEngine(
      ClientConfig& config,
      boost::asio::io_context& context,
      SocketWatchers::Listener& listener,
      Timers timers
  )
      : origins(OriginLimits{config.options.connections, config.options.maxConcurrentStreams}),
        watchers(context, listener, config.options),
        timer(context, std::move(timers.libcurl)),
        multi(config.options, watchers, timer),
        handles(config.options, watchers, config.tls, config.proxyTls),
        sweepTimer(context, std::move(timers.sweep)),
        idleTimer(context, std::move(timers.idle)),
        flushTimer(context, std::move(timers.flush)) {}

  OriginQueue origins;
  Deadlines deadlines;
  SocketWatchers watchers;
  MultiTimer timer;
  MultiHandle multi;
  EasyHandlePool handles;
  TransferTable transfers;  // after what its transfers refer to
  TunnelTable tunnels;
  WakeTimer sweepTimer;
  WakeTimer idleTimer;
  WakeTimer flushTimer;
};

}  // namespace dodici
