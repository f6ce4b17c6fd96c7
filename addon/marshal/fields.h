// Reads the fields of an options object that lib/ has validated; only their types are checked.
//
// Threads: the env's JS thread.
#pragma once

#include <dodici/options.h>

#include <napi.h>

#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace dodici {

inline constexpr double kMostCount = std::numeric_limits<std::uint32_t>::max();
inline constexpr double kMostSafeInteger = 9'007'199'254'740'991;  // Number.MAX_SAFE_INTEGER

// Reads fields one after the other, and remembers the first invalid one.
class Fields {
 public:
  Fields(Napi::Value value, std::string& complaint)
      : object_(value.IsObject() ? value.As<Napi::Object>() : Napi::Object::New(value.Env())),
        complaint_(complaint) {}

  std::int64_t integer(const char* name, double least, double most) {
    const Napi::Value value = object_.Get(name);
    const double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : std::nan("");
    if (number >= least && number <= most && std::trunc(number) == number) {
      return static_cast<std::int64_t>(number);
    }
    complain(name, "an integer in range");
    return 0;
  }

  std::uint32_t count(const char* name) {
    return static_cast<std::uint32_t>(integer(name, 0, kMostCount));
  }

  std::chrono::milliseconds time(const char* name) {
    return std::chrono::milliseconds(integer(name, 0, kMostCount));
  }

  bool flag(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsBoolean()) {
      return value.As<Napi::Boolean>().Value();
    }
    complain(name, "a boolean");
    return false;
  }

  std::string text(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsString()) {
      return value.As<Napi::String>().Utf8Value();
    }
    complain(name, "a string");
    return {};
  }

  // Of characters up to U+00FF, each of which becomes a byte.
  std::string latin1(const char* name) {
    const Napi::Value value = object_.Get(name);
    std::size_t length = 0;
    if (napi_get_value_string_latin1(value.Env(), value, nullptr, 0, &length) != napi_ok) {
      complain(name, "a string");
      return {};
    }
    std::string text(length, '\0');
    // The NUL that it adds goes into the string's terminator.
    napi_get_value_string_latin1(value.Env(), value, text.data(), length + 1, &length);
    return text;
  }

  std::vector<std::string> texts(const char* name) {
    std::vector<std::string> texts;
    forEach(name, [&texts](Fields& item) { texts.push_back(item.text("text")); });
    return texts;
  }

  std::vector<TlsSecret> secrets(const char* name) {
    std::vector<TlsSecret> secrets;
    forEach(name, [&secrets](Fields& item) {
      secrets.push_back(TlsSecret{item.bytes("bytes"), item.text("passphrase")});
    });
    return secrets;
  }

  std::string bytes(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (value.IsBuffer()) {
      const auto buffer = value.As<Napi::Buffer<char>>();
      return {buffer.Data(), buffer.Length()};
    }
    complain(name, "a Buffer");
    return {};
  }

  Napi::Value object(const char* name) {
    const Napi::Value value = object_.Get(name);
    if (!value.IsObject()) {
      complain(name, "an object");
    }
    return value;
  }

 private:
  template <typename F>
  void forEach(const char* name, F&& onItem) {
    const Napi::Value value = object_.Get(name);
    if (!value.IsArray()) {
      complain(name, "an array");
      return;
    }
    const auto array = value.As<Napi::Array>();
    for (std::uint32_t i = 0; i < array.Length(); ++i) {
      Fields item(array.Get(i), complaint_);
      onItem(item);
    }
  }

  void complain(const char* name, const char* expected) {
    if (complaint_.empty()) {
      complaint_ = std::string(name) + " must be " + expected;
    }
  }

  Napi::Object object_;
  std::string& complaint_;
};

}  // namespace dodici
