// All live requests of a client on one loop: waiting ones, and those that have a Transfer.
//
// Threads: loop thread only.
// Owner:   ClientShard.
#pragma once

#include "submit/request_block.h"
#include "transfer/transfer.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace dodici {

class TransferTable {
 public:
  RequestBlock& add(std::shared_ptr<RequestBlock> block);

  // Null if the request has ended.
  RequestBlock* find(RequestId id) const;

  // Null also if the request still waits.
  Transfer* findTransfer(RequestId id) const;

  // REQUIRES: the request has no transfer.
  Transfer& start(const RequestBlock& block, std::unique_ptr<Transfer> transfer);

  void remove(RequestId id);

  std::vector<RequestId> ids() const;

  std::size_t size() const { return size_; }

 private:
  struct Entry {
    std::shared_ptr<RequestBlock> block;
    std::unique_ptr<Transfer> transfer;
  };

  // Indexed by id: ids are small and soon used again.
  std::vector<Entry> byId_;
  std::size_t size_ = 0;
};

}  // namespace dodici
