// Every live transfer of a client on one loop.
//
// Threads: loop thread only.
// Owner:   ClientShard.
#pragma once

#include "transfer/transfer.h"

#include <cstddef>
#include <memory>
#include <vector>

namespace dodici {

class TransferTable {
 public:
  Transfer& add(std::unique_ptr<Transfer> transfer);

  // Null when there is none: it has ended.
  Transfer* find(RequestId id) const;

  std::unique_ptr<Transfer> remove(RequestId id);

  std::vector<RequestId> ids() const;

  std::size_t size() const { return size_; }

 private:
  // Ids are small and used again soon, so they index.
  std::vector<std::unique_ptr<Transfer>> byId_;
  std::size_t size_ = 0;
};

}  // namespace dodici
