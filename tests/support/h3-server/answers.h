// The answers of a server that needs no commands (`--answers on`), by path:
// `/bytes/N` has a body of N bytes, `/echo` the body of the request, `/silent` has none; all others are `ok`.
#pragma once

#include "request_reader.h"

namespace h3server {

class Connection;

void answerHead(Connection& connection, std::int64_t stream, const Headers& headers);
}  // namespace h3server
