#include "options.h"

#include "wire.h"

#include <stdexcept>

namespace h3server {

namespace {

bool isOn(std::string_view value) {
  if (value != "on" && value != "off") {
    throw std::invalid_argument("neither on nor off: " + std::string(value));
  }
  return value == "on";
}

// Separated by commas; `none` is none.
std::vector<std::uint32_t> versionsFrom(std::string_view value) {
  std::vector<std::uint32_t> versions;
  while (!value.empty() && value != "none") {
    const std::size_t comma = value.find(',');
    versions.push_back(static_cast<std::uint32_t>(numberFrom(value.substr(0, comma))));
    value = comma == std::string_view::npos ? "" : value.substr(comma + 1);
  }
  return versions;
}

bool setText(Options& options, std::string_view name, std::string_view value) {
  if (name == "cert") {
    options.certificate = value;
  } else if (name == "key") {
    options.key = value;
  } else if (name == "host") {
    options.host = value;
  } else if (name == "control") {
    options.control.reset();
    if (value != "settings") {
      options.control = bytesFromHex(value);
    }
  } else {
    return false;
  }
  return true;
}

bool setNumber(Options& options, std::string_view name, std::string_view value) {
  if (name == "port") {
    options.port = static_cast<std::uint16_t>(numberFrom(value));
  } else if (name == "max-streams") {
    options.maxStreams = numberFrom(value);
  } else if (name == "idle-ms") {
    options.idle = std::chrono::milliseconds(numberFrom(value));
  } else if (name == "stream-window") {
    options.streamWindow = numberFrom(value);
  } else if (name == "connection-window") {
    options.connectionWindow = numberFrom(value);
  } else {
    return false;
  }
  return true;
}

bool setChoice(Options& options, std::string_view name, std::string_view value) {
  if (name == "raise") {
    options.raise = isOn(value) ? Raise::perResponse : Raise::never;
  } else if (name == "retry") {
    options.retries = isOn(value);
  } else if (name == "reset-unknown") {
    options.resetsUnknown = isOn(value);
  } else if (name == "answers") {
    options.answers = isOn(value);
  } else if (name == "versions") {
    options.versions = versionsFrom(value);
  } else if (name == "refuse") {
    options.refusal.reset();
    if (value != "none") {
      options.refusal = numberFrom(value);
    }
  } else {
    return false;
  }
  return true;
}

}  // namespace

void setOption(Options& options, std::string_view name, std::string_view value) {
  if (!setText(options, name, value) && !setNumber(options, name, value) &&
      !setChoice(options, name, value)) {
    throw std::invalid_argument("no option: " + std::string(name));
  }
}

Options optionsFrom(int count, char** words) {
  Options options;
  for (int n = 1; n < count; n += 2) {
    const std::string_view name = words[n];
    if (!name.starts_with("--") || n + 1 == count) {
      throw std::invalid_argument("options are pairs --name value");
    }
    setOption(options, name.substr(2), words[n + 1]);
  }
  return options;
}

}  // namespace h3server
