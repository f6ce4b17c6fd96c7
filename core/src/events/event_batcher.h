// Collects the events of a loop turn in one batch, and hands it over once per turn or when it has many bytes.
//
// Bounded: if the consumer is too slow, hasRoom() returns false, and the transfers stop reading until it has caught up.
//
// Threads: loop thread only.
// Owner:   ClientShard.
#pragma once

#include "dodici/error.h"
#include "dodici/event_batch.h"
#include "dodici/request.h"
#include "events/mailbox.h"
#include "http/header_block.h"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>

namespace dodici {

class EventBatcher {
 public:
  // The most body bytes in one batch, of one request and of all. Together with the batch that waits and the one that is
  // being read, three times that may be on the way to a consumer that does not read.
  static constexpr std::size_t kMostPerRequest = 512 * 1024;
  static constexpr std::size_t kMostPerBatch = 1024 * 1024;

  // How many bytes one transfer has in the current batch. Kept in the transfer.
  struct Share {
    std::uint32_t batch = 0;
    std::size_t bytes = 0;
  };

  // `onPut` is called after each batch is handed over.
  EventBatcher(Mailbox& mailbox, std::shared_ptr<BlockPool> pool, std::function<void()> onPut);

  // Append the head that was just completed, and the end with its trailers.
  void responseStart(RequestId id, HeaderBlock& head);
  void end(RequestId id, HeaderBlock& head);
  // The response is complete while the request is still being sent; endAnswered() must follow.
  void answered(RequestId id, HeaderBlock& head);
  void endAnswered(RequestId id);

  // Whether `bytes` more may be appended to a body now. If not, the transfer must wait for onRoom(). A body that wants
  // less than kMostPerRequest in a batch passes `most`, and may exceed it by its first bytes.
  bool hasRoom(const Share& share, std::size_t bytes, std::size_t most = kMostPerRequest) const;
  void body(RequestId id, Share& share, std::span<const std::byte> bytes);

  void decoding(RequestId id);
  void encodedSize(RequestId id, std::uint64_t bytes);

  void failed(RequestId id, const Error& error);
  void requestSent(RequestId id);
  void bodyWanted(RequestId id, std::uint32_t bytes);
  void peerEnd(RequestId id);
  void tunnelSocket(RequestId id, std::string_view socket, std::string_view tls);
  void connectionWanted(RequestId id);
  void connected(std::string_view origin);
  // `code` and `detail` say why.
  void disconnected(std::string_view origin, Errc code, std::uint32_t detail);
  void loopClosed();

  // Whether the batch contains only further bytes of bodies.
  bool onlyBody() const { return bodyBytes_ > 0 && !news_; }

  // Hands the batch over if the mailbox is free. Returns true if it did, so that there is room again.
  bool flush();

 private:
  void record(EventType type, RequestId id, std::initializer_list<std::uint32_t> words);
  // Whether the last record has this type and request, and can be extended.
  bool isOpen(EventType type, RequestId id) const;
  void toSlab(RequestId id, std::span<const std::byte> bytes);
  void toBlocks(RequestId id, std::span<const std::byte> bytes);

  Mailbox& mailbox_;
  std::shared_ptr<BlockPool> pool_;
  std::function<void()> onPut_;
  EventBatch batch_;
  std::size_t bodyBytes_ = 0;  // in batch_
  bool news_ = false;          // in batch_
  std::uint32_t batchNumber_ = 1;
  // Where the last record starts if it can be extended by more bytes of the same body; else npos.
  std::size_t openRecord_;
};

}  // namespace dodici
