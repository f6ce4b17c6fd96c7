// C callbacks may not throw, their bodies may: what a body throws is parked, and libcurl gets its stop value.
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
