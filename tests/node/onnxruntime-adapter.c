/* Lets .NET's ONNX Runtime, which asks for a newer version of the C interface, run the library of the npm package
   onnxruntime-node: that one has the WebGPU, CUDA and TensorRT providers, which the NuGet package for processors lacks. The
   interface is a table of functions to which versions only ever add, so the older table serves all that it has, and
   the tests call nothing beyond its end. ONNXRUNTIME_LIBRARY names the library. */
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "onnxruntime_c_api.h"

static const OrtApiBase* library;
static OrtApi table;

static void missing(void) {
  fputs("A function was called that the older ONNX Runtime lacks.\n", stderr);
  abort();
}

static const OrtApi* get_api(uint32_t version) {
  uint32_t has = version;
  const OrtApi* found = NULL;
  while (found == NULL && has > 0) found = library->GetApi(has--);
  if (found == NULL) return NULL;
  memcpy(&table, found, sizeof table);
  void (*absent)(void) = missing;
  for (size_t at = 0; at < sizeof table; at += sizeof absent) {
    void* entry;
    memcpy(&entry, (char*)&table + at, sizeof entry);
    if (entry == NULL) memcpy((char*)&table + at, &absent, sizeof absent);
  }
  return &table;
}

static const char* get_version(void) { return library->GetVersionString(); }

static const OrtApiBase base = {get_api, get_version};

const OrtApiBase* OrtGetApiBase(void) {
  const char* path = getenv("ONNXRUNTIME_LIBRARY");
  void* handle = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
  if (handle == NULL) {
    fprintf(stderr, "ONNXRUNTIME_LIBRARY: %s\n", path ? dlerror() : "not set");
    abort();
  }
  library = ((const OrtApiBase* (*)(void))dlsym(handle, "OrtGetApiBase"))();
  return &base;
}
