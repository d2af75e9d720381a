/* A plug-in provider for tests: it offers two devices, both the processor, takes no node, and its only option, "number", must
   be the number of the device that it was created for. */
#include <stdio.h>
#include <string.h>
#include "onnxruntime_c_api.h"

static const char provider[] = "AbacusExecutionProvider";
static const OrtApi* api;
static OrtEpFactory factory;
static OrtEp abacus;

static const char* factory_name(const OrtEpFactory* self) { (void)self; return provider; }
static const char* factory_vendor(const OrtEpFactory* self) { (void)self; return "PauseOnnx"; }
static uint32_t factory_vendor_id(const OrtEpFactory* self) { (void)self; return 0; }
static const char* factory_version(const OrtEpFactory* self) { (void)self; return "1.2.3"; }
static const char* ep_name(const OrtEp* self) { (void)self; return provider; }
static void release_ep(OrtEpFactory* self, OrtEp* ep) { (void)self; (void)ep; }

static bool is_stream_aware(const OrtEpFactory* self) { (void)self; return false; }

static OrtStatus* create_data_transfer(OrtEpFactory* self, OrtDataTransferImpl** transfer) {
  (void)self;
  *transfer = NULL;
  return NULL;
}

static OrtStatus* get_capability(OrtEp* self, const OrtGraph* graph, OrtEpGraphSupportInfo* info) {
  (void)self; (void)graph; (void)info;
  return NULL;
}

static OrtStatus* get_supported_devices(OrtEpFactory* self, const OrtHardwareDevice* const* devices, size_t count, OrtEpDevice** found, size_t max, size_t* found_count) {
  *found_count = 0;
  for (size_t at = 0; at < count && max >= 2; at++) {
    if (api->HardwareDevice_Type(devices[at]) != OrtHardwareDeviceType_CPU) continue;
    for (int number = 0; number < 2; number++) {
      OrtKeyValuePairs* metadata = NULL;
      api->CreateKeyValuePairs(&metadata);
      api->AddKeyValuePair(metadata, "number", number == 0 ? "0" : "1");
      OrtStatus* status = api->GetEpApi()->CreateEpDevice(self, devices[at], metadata, NULL, &found[(*found_count)++]);
      api->ReleaseKeyValuePairs(metadata);
      if (status != NULL) return status;
    }
    break;
  }
  return NULL;
}

static OrtStatus* create_ep(OrtEpFactory* self, const OrtHardwareDevice* const* devices, const OrtKeyValuePairs* const* metadata, size_t count, const OrtSessionOptions* options, const OrtLogger* logger, OrtEp** ep) {
  (void)self; (void)devices; (void)logger;
  char asked[8] = "0", message[64];
  size_t size = sizeof asked;
  OrtStatus* absent = api->GetSessionConfigEntry(options, "ep.abacusexecutionprovider.number", asked, &size);
  if (absent != NULL) api->ReleaseStatus(absent);
  const char* number = count == 1 ? api->GetKeyValue(metadata[0], "number") : "none";
  if (strcmp(asked, number) != 0) {
    snprintf(message, sizeof message, "number is %s on device %s", asked, number);
    return api->CreateStatus(ORT_FAIL, message);
  }
  abacus.ort_version_supported = ORT_API_VERSION;
  abacus.GetName = ep_name;
  abacus.GetCapability = get_capability;
  *ep = &abacus;
  return NULL;
}

OrtStatus* CreateEpFactories(const char* name, const OrtApiBase* base, const OrtLogger* logger, OrtEpFactory** factories, size_t max, size_t* count) {
  (void)name; (void)logger; (void)max;
  api = base->GetApi(ORT_API_VERSION);
  factory.ort_version_supported = ORT_API_VERSION;
  factory.GetName = factory_name;
  factory.GetVendor = factory_vendor;
  factory.GetVendorId = factory_vendor_id;
  factory.GetVersion = factory_version;
  factory.GetSupportedDevices = get_supported_devices;
  factory.CreateEp = create_ep;
  factory.ReleaseEp = release_ep;
  factory.CreateDataTransfer = create_data_transfer;
  factory.IsStreamAware = is_stream_aware;
  factories[0] = &factory;
  *count = 1;
  return NULL;
}

OrtStatus* ReleaseEpFactory(OrtEpFactory* released) {
  (void)released;
  return NULL;
}
