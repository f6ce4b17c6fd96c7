// Lets StreamSocket see libcurl's writes before the system does.
//
// Threads: any, as send().
#pragma once

#include <sys/types.h>

#include <cstddef>

namespace dodici {

// Whether send() calls of what is linked with core come to onSend(). Linux's linker does that, with --wrap=send.
bool interceptsSend();

// The system's send().
ssize_t sendNow(int socket, const void* data, std::size_t size, int flags);

// What becomes of an intercepted call. StreamSocket has it.
ssize_t onSend(int socket, const void* data, std::size_t size, int flags);

}  // namespace dodici
