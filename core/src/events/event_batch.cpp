#include "dodici/event_batch.h"

namespace dodici {

void EventBatch::clear() {
  words.clear();
  text.clear();
  slab = ByteBlock{};
  blocks.clear();
}

}  // namespace dodici
