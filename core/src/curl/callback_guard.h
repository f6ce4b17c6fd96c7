// Lets the bodies of C callbacks throw: the exception is kept, and libcurl gets the value that stops the transfer.
#pragma once

#include <exception>

namespace dodici {

template <typename R, typename Body>
R guardCallback(std::exception_ptr& parked, R stopValue, Body&& body) noexcept {
  try {
    return body();
  } catch (...) {
    if (!parked) {
      parked = std::current_exception();
    }
    return stopValue;
  }
}

}  // namespace dodici
