// The UDP socket, the connections behind it, and the answers to packets that belong to none.
//
// Threads: one. Owner: main().
#pragma once

#include "connection.h"
#include "network.h"
#include "options.h"
#include "tls.h"

#include <array>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace h3server {

class Server final : public Network {
 public:
  // Throws std::runtime_error if it cannot listen.
  explicit Server(Options options);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  int socket() const { return socket_; }

  std::uint16_t port() const { return portOf(local_); }

  Options& options() { return options_; }

  // Throws std::out_of_range.
  Connection& connection(std::uint64_t number) { return *connections_.at(number); }

  // Reads the datagrams that are there.
  void receive();
  // Sends what can be sent, and runs timers that are due.
  void turn();
  // How long poll() may wait.
  int millisecondsToWait() const;

  void sendDatagram(const ngtcp2_addr& to, std::string_view bytes) override;
  void addId(const ngtcp2_cid& id, Connection& connection) override;
  void removeId(const ngtcp2_cid& id) override;

  void makeResetToken(const ngtcp2_cid& id, std::uint8_t* token) const override;

  ngtcp2_addr local() override { return local_.view(); }

 private:
  void listen();
  void onDatagram(std::string_view packet, Address& from);
  void onUnknown(std::string_view packet, const ngtcp2_version_cid& ids, Address& from);
  // Returns whether it has answered instead of accepting.
  bool answerOtherwise(Arrival& arrival);
  void sendVersions(const ngtcp2_version_cid& ids, Address& to);
  void sendReset(const ngtcp2_version_cid& ids, Address& to);
  void sendRetry(const Arrival& arrival, Address& to);
  void sendRefusal(const Arrival& arrival, Address& to);

  Options options_;
  Tls tls_;
  // Of the tokens that are made from connection ids and addresses.
  const std::array<std::uint8_t, 32> secret_;
  int socket_ = -1;
  Address local_;
  std::map<std::string, Connection*> byId_;
  std::vector<std::unique_ptr<Connection>> connections_;
};

}  // namespace h3server
