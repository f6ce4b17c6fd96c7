// Runs every target on its corpus and on data from a fixed seed, so that each test run does a little of libFuzzer's
// work. DODICI_FUZZ_RUNS makes it longer, and DODICI_FUZZ_SEED changes it.
#include "targets.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>
#include <random>
#include <string>
#include <vector>

namespace dodici::fuzz {

void PrintTo(const Target& target, std::ostream* out) { *out << target.name; }

namespace {

using Data = std::vector<std::uint8_t>;

unsigned long setting(const char* name, unsigned long otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::strtoul(text, nullptr, 10);
}

std::vector<Data> corpusOf(const Target& target) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder = std::filesystem::path(DODICI_FUZZ_CORPUS) / target.name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<Data> corpus;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    corpus.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  return corpus;
}

std::string asHex(const Data& data) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : data) {
    text.append(1, kDigits[byte >> 4U]).append(1, kDigits[byte & 15U]);
  }
  return text;
}

// A few changes of the kinds that break parsers.
Data mutated(Data data, const std::vector<Data>& corpus, std::mt19937& random) {
  const auto below = [&random](std::size_t n) { return n == 0 ? 0 : random() % n; };
  const auto at = [&](std::size_t n) { return static_cast<std::ptrdiff_t>(below(n)); };
  for (std::size_t changes = 1 + below(4); changes > 0; --changes) {
    switch (below(5)) {
      case 0:  // another byte
        if (!data.empty()) {
          data[below(data.size())] = static_cast<std::uint8_t>(random());
        }
        break;
      case 1:  // one more, often one that means something to HTTP
        data.insert(
            data.begin() + at(data.size() + 1),
            static_cast<std::uint8_t>("\r\n: ,;=\t\0a9\xff"[below(13)])
        );
        break;
      case 2: {  // some gone
        const auto from = at(data.size() + 1);
        data.erase(
            data.begin() + from,
            data.begin() + from + at(std::min<std::size_t>(data.size() - from, 16) + 1)
        );
        break;
      }
      case 3:  // cut off
        data.resize(below(data.size() + 1));
        break;
      default: {  // another one's end
        const Data& other = corpus[below(corpus.size())];
        data.insert(data.end(), other.begin() + at(other.size() + 1), other.end());
        break;
      }
    }
  }
  return data;
}

// Returns false once a promise was broken, as one example is enough.
bool holds(const Target& target, const Data& data) {
  try {
    target.run(data);
    return true;
  } catch (const Violation& violation) {
    ADD_FAILURE() << "broken: " << violation.what() << "\ninput, in hex: " << asHex(data);
    return false;
  }
}

class Fuzz : public testing::TestWithParam<Target> {
 protected:
  std::mt19937 random_{static_cast<std::mt19937::result_type>(setting("DODICI_FUZZ_SEED", 12))};
  unsigned long runs_ = setting("DODICI_FUZZ_RUNS", 2000);
};

TEST_P(Fuzz, KeepsItsPromisesOnTheCorpus) {
  const auto corpus = corpusOf(GetParam());
  EXPECT_FALSE(corpus.empty());
  for (const Data& data : corpus) {
    (void)holds(GetParam(), data);
  }
}

TEST_P(Fuzz, KeepsItsPromisesOnAnyBytes) {
  for (unsigned long i = 0; i < runs_; ++i) {
    Data data(random_() % 256);
    for (auto& byte : data) {
      byte = static_cast<std::uint8_t>(random_());
    }
    if (!holds(GetParam(), data)) {
      break;
    }
  }
}

TEST_P(Fuzz, KeepsItsPromisesOnAChangedCorpus) {
  const auto corpus = corpusOf(GetParam());
  for (unsigned long i = 0; i < runs_; ++i) {
    if (!holds(GetParam(), mutated(corpus[random_() % corpus.size()], corpus, random_))) {
      break;
    }
  }
}

std::string nameOf(const testing::TestParamInfo<Target>& info) {
  std::string name;
  bool upper = true;
  for (const char c : info.param.name) {
    if (c != '-') {
      name += upper ? static_cast<char>(std::toupper(c)) : c;
    }
    upper = c == '-';
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Targets, Fuzz, testing::ValuesIn(kTargets), nameOf);

}  // namespace
}  // namespace dodici::fuzz
