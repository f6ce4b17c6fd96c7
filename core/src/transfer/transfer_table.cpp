#include "transfer/transfer_table.h"

#include <cassert>
#include <utility>

namespace dodici {

namespace {

std::size_t indexOf(RequestId id) { return static_cast<std::size_t>(id); }

}  // namespace

RequestBlock& TransferTable::add(std::shared_ptr<RequestBlock> block) {
  const auto index = indexOf(block->id);
  if (index >= byId_.size()) {
    byId_.resize(index + 1);
  }
  assert(!byId_[index].block);
  byId_[index].block = std::move(block);
  ++size_;
  return *byId_[index].block;
}

RequestBlock* TransferTable::find(RequestId id) const {
  const auto index = indexOf(id);
  return index < byId_.size() ? byId_[index].block.get() : nullptr;
}

Transfer* TransferTable::findTransfer(RequestId id) const {
  const auto index = indexOf(id);
  return index < byId_.size() ? byId_[index].transfer.get() : nullptr;
}

Transfer& TransferTable::start(const RequestBlock& block, std::unique_ptr<Transfer> transfer) {
  auto& entry = byId_[indexOf(block.id)];
  assert(entry.block.get() == &block && !entry.transfer);
  entry.transfer = std::move(transfer);
  return *entry.transfer;
}

void TransferTable::remove(RequestId id) {
  // Removed from the table before it is destroyed, as destructors may use the table. The transfer goes before its
  // block.
  const Entry gone = std::move(byId_[indexOf(id)]);
  --size_;
}

std::vector<RequestId> TransferTable::ids() const {
  std::vector<RequestId> ids;
  for (const auto& entry : byId_) {
    if (entry.block) {
      ids.push_back(entry.block->id);
    }
  }
  return ids;
}

}  // namespace dodici
