#include "platform/thread_name.h"

#include <pthread.h>

namespace dodici {

void nameThisThread([[maybe_unused]] const char* name) {
#if defined(__APPLE__)
  pthread_setname_np(name);
#elif defined(__linux__)
  pthread_setname_np(pthread_self(), name);
#endif
}

}  // namespace dodici
