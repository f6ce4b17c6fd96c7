#include "batch_to_js.h"

#include "report_uncaught.h"

#include <dodici/record_walk.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace dodici {
namespace {

// Up to this size a copy costs less than an external buffer with its finalizer. Besides, a small piece must not keep a
// whole block out of its pool until the next garbage collection.
constexpr std::size_t kCopyUpTo = 16 * 1024;

constexpr std::size_t kFewestWords = 4096;

// A block returns to its pool when the last of its pieces is released.
void letBlockGo(napi_env, void*, void* owner) {
  delete static_cast<std::shared_ptr<ByteBlock>*>(owner);
}

// Always a copy. It contains bytes of many requests, so lib/ forbids its transfer, and Node ends the process if an
// external buffer may not be transferred.
napi_status slabToJs(napi_env env, const ByteBlock& slab, napi_value* buffer) {
  return slab.empty() ? napi_get_undefined(env, buffer)
                      : napi_create_buffer_copy(env, slab.size(), slab.data(), nullptr, buffer);
}

}  // namespace

void BatchToJs::call(napi_env env, napi_ref client, EventBatch& batch) {
  napi_handle_scope scope = nullptr;
  if (napi_open_handle_scope(env, &scope) != napi_ok) {
    return;
  }
  napi_value object = nullptr;
  // The reference is weak while the client is idle, so the object may have been collected.
  if (napi_get_reference_value(env, client, &object) == napi_ok && object != nullptr) {
    if (!callOnBatch(env, object, batch)) {
      reportUncaught(env, "onBatch could not be called");
    }
  }
  napi_close_handle_scope(env, scope);
}

bool BatchToJs::callOnBatch(napi_env env, napi_value client, EventBatch& batch) {
  std::array<napi_value, 5> arguments{};
  auto& [words, wordCount, text, slab, blocks] = arguments;
  napi_value onBatch = nullptr;
  return napi_get_named_property(env, client, "onBatch", &onBatch) == napi_ok &&
         wordsToJs(env, batch, &words) &&
         napi_create_uint32(env, static_cast<std::uint32_t>(batch.words.size()), &wordCount) ==
             napi_ok &&
         napi_create_string_latin1(env, batch.text.data(), batch.text.size(), &text) == napi_ok &&
         slabToJs(env, batch.slab, &slab) == napi_ok && blocksToJs(env, batch, &blocks) &&
         napi_call_function(env, client, onBatch, arguments.size(), arguments.data(), nullptr) ==
             napi_ok;
}

bool BatchToJs::wordsToJs(napi_env env, const EventBatch& batch, napi_value* words) {
  const std::size_t count = batch.words.size();
  std::size_t capacity = 0;
  void* memory = nullptr;
  if (words_ != nullptr) {
    // Checked each time, as a script that gets the array can detach it.
    if (napi_get_reference_value(env, words_, words) != napi_ok ||
        napi_get_typedarray_info(env, *words, nullptr, &capacity, &memory, nullptr, nullptr) !=
            napi_ok) {
      return false;
    }
  }
  if ((memory == nullptr || capacity < count) && !growWords(env, count, words, &memory)) {
    return false;
  }
  std::copy(batch.words.begin(), batch.words.end(), static_cast<std::uint32_t*>(memory));
  return true;
}

bool BatchToJs::growWords(napi_env env, std::size_t count, napi_value* words, void** memory) {
  const std::size_t capacity = std::bit_ceil(std::max(count, kFewestWords));
  napi_value buffer = nullptr;
  reset(env);
  return napi_create_arraybuffer(env, capacity * sizeof(std::uint32_t), memory, &buffer) ==
             napi_ok &&
         napi_create_typedarray(env, napi_uint32_array, capacity, buffer, 0, words) == napi_ok &&
         napi_create_reference(env, *words, 1, &words_) == napi_ok;
}

// The bytes of each record become a Buffer of their own, which its receiver may transfer.
bool BatchToJs::blocksToJs(napi_env env, EventBatch& batch, napi_value* blocks) {
  if (batch.blocks.empty()) {
    return napi_get_undefined(env, blocks) == napi_ok;
  }
  if (napi_create_array(env, blocks) != napi_ok) {
    return false;
  }
  std::vector<std::shared_ptr<ByteBlock>> owners;
  owners.reserve(batch.blocks.size());
  for (ByteBlock& block : batch.blocks) {
    owners.push_back(std::make_shared<ByteBlock>(std::move(block)));
  }
  std::uint32_t index = 0;
  for (RecordWalk walk(batch.words); walk.more(); walk.step()) {
    if (walk.type() != EventType::dataBlock) {
      continue;
    }
    const std::shared_ptr<ByteBlock>& block = owners[walk.word(0)];
    const std::span<std::byte> piece(block->data() + walk.word(1), walk.word(2));
    napi_value buffer = nullptr;
    if (!pieceToJs(env, block, piece, &buffer) ||
        napi_set_element(env, *blocks, index++, buffer) != napi_ok) {
      return false;
    }
  }
  return true;
}

bool BatchToJs::pieceToJs(
    napi_env env,
    const std::shared_ptr<ByteBlock>& block,
    std::span<std::byte> piece,
    napi_value* buffer
) {
  if (piece.size() > kCopyUpTo && externalBuffers_) {
    // V8 counts the memory of external buffers by itself.
    auto owner = std::make_unique<std::shared_ptr<ByteBlock>>(block);
    const napi_status status = napi_create_external_buffer(
        env, piece.size(), piece.data(), letBlockGo, owner.get(), buffer
    );
    if (status == napi_ok) {
      static_cast<void>(owner.release());  // letBlockGo() owns it now
      return true;
    }
    if (status != napi_no_external_buffers_allowed) {
      return false;
    }
    externalBuffers_ = false;
  }
  return napi_create_buffer_copy(env, piece.size(), piece.data(), nullptr, buffer) == napi_ok;
}

void BatchToJs::reset(napi_env env) {
  if (words_ != nullptr) {
    napi_delete_reference(env, std::exchange(words_, nullptr));
  }
}

}  // namespace dodici
