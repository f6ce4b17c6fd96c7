#include "decode/content_decoder.h"

namespace dodici {

ContentDecoder::ContentDecoder(const Codings& codings) {
  links_.reserve(codings.size());
  for (std::size_t i = codings.size(); i-- > 0;) {
    Link link;
    link.stage = DecodeStage::of(codings.at(i));
    if (i > 0) {
      link.memory = std::make_unique_for_overwrite<std::array<std::byte, kBetween>>();
    }
    links_.push_back(std::move(link));
  }
}

ContentDecoder::Step ContentDecoder::step(Bytes in, Room out) {
  const std::size_t given = in.size();
  const std::size_t room = out.size();
  std::size_t between = 0;
  Next next = Next::wantsInput;
  // Always runs the last stage that can go on, so that the buffers between stages are emptied first.
  for (std::size_t i = links_.size(); i-- > 0;) {
    Link& link = links_[i];
    Bytes& source = i == 0 ? in : links_[i - 1].decoded;
    if ((source.empty() && !link.hasMore) || !link.decoded.empty()) {
      continue;
    }
    const bool isLast = i + 1 == links_.size();
    if (isLast && out.empty()) {
      next = Next::wantsRoom;
      break;
    }
    if (!isLast && between >= kMostBetween) {
      next = Next::wantsTurn;
      break;
    }
    if (!(isLast ? run(link, source, out) : runInner(i, source))) {
      return Step{given - in.size(), room - out.size(), Next::fails};
    }
    between += link.decoded.size();
    i = links_.size();
  }
  return Step{given - in.size(), room - out.size(), next};
}

bool ContentDecoder::runInner(std::size_t index, Bytes& in) {
  Link& link = links_[index];
  Room room(*link.memory);
  const bool isWell = run(link, in, room);
  link.decoded = Bytes(*link.memory).first(kBetween - room.size());
  return isWell;
}

bool ContentDecoder::run(Link& link, Bytes& in, Room& out) {
  if (!link.hasEnded && !link.stage->decode(in, out)) {
    fault_ = &link.stage->fault();
    return false;
  }
  link.hasMore = !link.hasEnded && out.empty();
  // The rest of the input is behind the end of the coded data, and so is all that follows.
  link.hasEnded = link.hasEnded || (!in.empty() && !out.empty());
  if (link.hasEnded) {
    in = {};
  }
  return true;
}

bool ContentDecoder::finish() {
  for (const Link& link : links_) {
    if (!link.stage->finish()) {
      fault_ = &link.stage->fault();
      return false;
    }
  }
  return true;
}

}  // namespace dodici
