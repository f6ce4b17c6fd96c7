/* Loads the addon that its argument names, as Node would, and prints the version of Node-API that the addon asks for. The
   functions of Node-API are stand-ins of the build, which only have to be there. */
#include <dlfcn.h>
#include <stdio.h>

int main(int count, char** words) {
  if (count != 2) return 2;
  void* addon = dlopen(words[1], RTLD_NOW);
  if (addon == NULL) {
    fprintf(stderr, "%s\n", dlerror());
    return 1;
  }
  int (*version)(void) = (int (*)(void))dlsym(addon, "node_api_module_get_api_version_v1");
  if (version == NULL) return 1;
  printf("%d\n", version());
  return 0;
}
