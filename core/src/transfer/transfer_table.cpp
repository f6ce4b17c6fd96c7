#include "transfer/transfer_table.h"

#include <cassert>
#include <utility>

namespace dodici {

namespace {

std::size_t indexOf(RequestId id) { return static_cast<std::size_t>(id); }

}  // namespace

Transfer& TransferTable::add(std::unique_ptr<Transfer> transfer) {
  const auto index = indexOf(transfer->id());
  if (index >= byId_.size()) {
    byId_.resize(index + 1);
  }
  assert(!byId_[index]);
  byId_[index] = std::move(transfer);
  ++size_;
  return *byId_[index];
}

Transfer* TransferTable::find(RequestId id) const {
  const auto index = indexOf(id);
  return index < byId_.size() ? byId_[index].get() : nullptr;
}

std::unique_ptr<Transfer> TransferTable::remove(RequestId id) {
  auto transfer = std::move(byId_[indexOf(id)]);
  --size_;
  return transfer;
}

std::vector<RequestId> TransferTable::ids() const {
  std::vector<RequestId> ids;
  for (const auto& transfer : byId_) {
    if (transfer) {
      ids.push_back(transfer->id());
    }
  }
  return ids;
}

}  // namespace dodici
