// The two operators of ai.pauseonnx as ONNX Runtime sees them: their inputs checked, their outputs allocated, the work given
// to a device.
#define ORT_API_MANUAL_INIT
#include <onnxruntime_cxx_api.h>

#include <algorithm>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels.h"

namespace pauseonnx
{
namespace
{

// The first ONNX Runtime (1.18) that has everything used here; newer ones keep it.
constexpr uint32_t kApiVersion = 18;

// Lengths are added up: far from where that overflows, far above any sequence.
constexpr int64_t kMaxLength = INT32_MAX;

using Dims = std::vector<int64_t>;

std::string ToText(const Dims& dims)
{
    std::string text = "[";
    for (const auto dim : dims)
    {
        text += (text.size() > 1 ? ", " : "") + std::to_string(dim);
    }

    return text + "]";
}

void Expect(bool condition, const std::string& fault)
{
    if (!condition)
    {
        throw Ort::Exception(fault, ORT_INVALID_ARGUMENT);
    }
}

Dims ShapeOf(const Ort::ConstValue& value) { return value.GetTensorTypeAndShapeInfo().GetShape(); }

// ConstValue::GetTensorData needs a newer ONNX Runtime than kApiVersion.
template <typename T>
const T* DataOf(const Ort::ConstValue& value)
{
    void* data = nullptr;
    Ort::ThrowOnError(Ort::GetApi().GetTensorMutableData(const_cast<OrtValue*>(static_cast<const OrtValue*>(value)), &data));
    return static_cast<const T*>(data);
}

int64_t ReadLength(const Ort::ConstValue& value, const std::string& name)
{
    const auto shape = ShapeOf(value);
    const auto is_number = std::all_of(shape.begin(), shape.end(), [](int64_t dim) { return dim == 1; });
    Expect(is_number, name + " is " + ToText(shape) + "; expected one number.");
    const auto length = *DataOf<int64_t>(value);
    Expect(
        length >= 0 && length <= kMaxLength,
        name + " is " + std::to_string(length) + "; expected 0 to " + std::to_string(kMaxLength) + ".");
    return length;
}

size_t SizeOfElement(ONNXTensorElementDataType type)
{
    switch (type)
    {
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BOOL:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT8:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT8:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E4M3FN:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E4M3FNUZ:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E5M2:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E5M2FNUZ:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT8E8M0:
            return 1;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT16:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT16:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT16:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_BFLOAT16:
            return 2;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT32:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT32:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_FLOAT:
            return 4;
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_UINT64:
        case ONNX_TENSOR_ELEMENT_DATA_TYPE_DOUBLE:
            return 8;
        default:
            throw Ort::Exception(
                "hidden has elements of ONNX Runtime's type " + std::to_string(type) +
                    "; expected numbers of one to eight whole bytes.",
                ORT_INVALID_ARGUMENT);
    }
}

// ONNX Runtime is C: an exception must not reach it.
template <typename Action>
OrtStatusPtr AsStatus(const Action& action) noexcept
{
    try
    {
        action();
        return nullptr;
    }
    catch (const Ort::Exception& e)
    {
        return Ort::GetApi().CreateStatus(e.GetOrtErrorCode(), e.what());
    }
    catch (const std::exception& e)
    {
        return Ort::GetApi().CreateStatus(ORT_FAIL, e.what());
    }
}

template <typename Device>
class AppendPauseKernel
{
public:
    explicit AppendPauseKernel(const OrtKernelInfo* info)
        : pause_id_(Ort::ConstKernelInfo(info).GetAttribute<int64_t>("pause_id"))
    {
    }

    OrtStatusPtr ComputeV2(OrtKernelContext* context) const noexcept
    {
        return AsStatus([&] { Compute(Ort::KernelContext(context)); });
    }

private:
    void Compute(const Ort::KernelContext& context) const
    {
        const auto ids = context.GetInput(0);
        const auto mask = context.GetInput(1);
        const auto ids_shape = ShapeOf(ids);
        const auto mask_shape = ShapeOf(mask);
        const auto past_length = ReadLength(context.GetInput(2), "past_length");
        const auto pause_count = ReadLength(context.GetInput(3), "pause_count");
        Expect(ids_shape.size() == 2, "input_ids is " + ToText(ids_shape) + "; expected [B, T].");
        Expect(
            mask_shape.size() == 2 && mask_shape[0] == ids_shape[0] && mask_shape[1] >= ids_shape[1],
            "attention_mask is " + ToText(mask_shape) + "; expected [" + std::to_string(ids_shape[0]) + ", " +
                std::to_string(ids_shape[1]) + " or more], as input_ids is " + ToText(ids_shape) + ".");

        AppendPauseWork work{};
        work.batch = ids_shape[0];
        work.host_tokens = ids_shape[1];
        work.tokens = work.host_tokens + (past_length == 0 ? pause_count : 0);
        work.mask_length = mask_shape[1];
        work.total_length = std::max(work.mask_length, past_length + work.tokens);
        work.pause_id = pause_id_;
        work.ids = DataOf<int64_t>(ids);
        work.mask = DataOf<int64_t>(mask);
        work.paused_ids = context.GetOutput(0, {work.batch, work.tokens}).GetTensorMutableData<int64_t>();
        work.paused_mask = context.GetOutput(1, {work.batch, work.total_length}).GetTensorMutableData<int64_t>();
        work.position_ids = context.GetOutput(2, {work.batch, work.tokens}).GetTensorMutableData<int64_t>();
        Device::Run(work, context.GetGPUComputeStream());
    }

    int64_t pause_id_;
};

template <typename Device>
class DelayedOutputKernel
{
public:
    explicit DelayedOutputKernel(const OrtKernelInfo*) {}

    OrtStatusPtr ComputeV2(OrtKernelContext* context) const noexcept
    {
        return AsStatus([&] { Compute(Ort::KernelContext(context)); });
    }

private:
    static void Compute(const Ort::KernelContext& context)
    {
        const auto hidden = context.GetInput(0);
        const auto info = hidden.GetTensorTypeAndShapeInfo();
        auto shape = info.GetShape();
        const auto past_length = ReadLength(context.GetInput(1), "past_length");
        Expect(shape.size() >= 2, "hidden is " + ToText(shape) + "; expected [B, T, ...].");

        DelayedOutputWork work{};
        work.batch = static_cast<size_t>(shape[0]);
        work.positions = static_cast<size_t>(shape[1]);
        work.kept_positions = past_length == 0 ? std::min<size_t>(work.positions, 1) : work.positions;
        work.position_size = SizeOfElement(info.GetElementType());
        std::for_each(shape.begin() + 2, shape.end(), [&](int64_t dim) { work.position_size *= static_cast<size_t>(dim); });
        shape[1] = static_cast<int64_t>(work.kept_positions);
        work.hidden = DataOf<char>(hidden);
        work.output = static_cast<char*>(context.GetOutput(0, shape).GetTensorMutableRawData());
        Device::Run(work, context.GetGPUComputeStream());
    }
};

// What both operators have in common: how a kernel is made, and which inputs hold numbers that the CPU reads.
template <typename Operator, typename Kernel, typename Device>
struct PauseOperator : Ort::CustomOpBase<Operator, Kernel, true>
{
    PauseOperator() { this->version = kApiVersion; }

    OrtStatusPtr CreateKernelV2(const OrtApi&, const OrtKernelInfo* info, void** kernel) const noexcept
    {
        return AsStatus([&] { *kernel = new Kernel(info); });
    }

    const char* GetExecutionProviderType() const { return Device::kProvider; }

    OrtMemType GetInputMemoryType(size_t index) const
    {
        return index < Operator::kFirstLength ? OrtMemTypeDefault : OrtMemTypeCPUInput;
    }
};

// AppendPause(input_ids [B, T], attention_mask [B, H], past_length [1], pause_count []) {pause_id}
//   -> paused_ids [B, T'], paused_mask [B, S], position_ids [B, T'], all int64.
template <typename Device>
struct AppendPause : PauseOperator<AppendPause<Device>, AppendPauseKernel<Device>, Device>
{
    static constexpr size_t kFirstLength = 2;
    const char* GetName() const { return "AppendPause"; }
    size_t GetInputTypeCount() const { return 4; }
    size_t GetOutputTypeCount() const { return 3; }
    ONNXTensorElementDataType GetInputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64; }
    ONNXTensorElementDataType GetOutputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64; }
};

// DelayedOutput(hidden [B, T, ...] of any type, past_length int64 [1]) -> output [B, T_out, ...] of the same type.
template <typename Device>
struct DelayedOutput : PauseOperator<DelayedOutput<Device>, DelayedOutputKernel<Device>, Device>
{
    static constexpr size_t kFirstLength = 1;
    const char* GetName() const { return "DelayedOutput"; }
    size_t GetInputTypeCount() const { return 2; }
    size_t GetOutputTypeCount() const { return 1; }
    ONNXTensorElementDataType GetOutputType(size_t) const { return ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED; }

    // Undefined is ONNX Runtime's word for any type.
    ONNXTensorElementDataType GetInputType(size_t index) const
    {
        return index == 0 ? ONNX_TENSOR_ELEMENT_DATA_TYPE_UNDEFINED : ONNX_TENSOR_ELEMENT_DATA_TYPE_INT64;
    }
};

template <typename Device>
void AddOperators(Ort::CustomOpDomain& domain)
{
    static const AppendPause<Device> append_pause;
    static const DelayedOutput<Device> delayed_output;
    domain.Add(&append_pause);
    domain.Add(&delayed_output);
}

Ort::CustomOpDomain CreateDomain()
{
    Ort::CustomOpDomain domain("ai.pauseonnx");
    AddOperators<Cpu>(domain);
#ifdef PAUSEONNX_WITH_CUDA
    AddOperators<Cuda>(domain);
#endif
    return domain;
}

}  // namespace
}  // namespace pauseonnx

#ifdef _WIN32
#define PAUSEONNX_EXPORT __declspec(dllexport)
#else
#define PAUSEONNX_EXPORT __attribute__((visibility("default")))
#endif

// The entry point that ONNX Runtime looks for in a library of operators.
extern "C" PAUSEONNX_EXPORT OrtStatus* ORT_API_CALL RegisterCustomOps(OrtSessionOptions* options, const OrtApiBase* base)
{
    using namespace pauseonnx;
    const auto* api = base->GetApi(kApiVersion);
    if (api == nullptr)
    {
        const auto expected = "; expected 1." + std::to_string(kApiVersion) + " or newer.";
        const auto fault = std::string("ONNX Runtime is ") + base->GetVersionString() + expected;
        return base->GetApi(1)->CreateStatus(ORT_NOT_IMPLEMENTED, fault.c_str());
    }

    Ort::InitApi(api);
    return AsStatus([&] {
        // Sessions use it for as long as this library is loaded.
        static auto domain = CreateDomain();
        Ort::ThrowOnError(api->AddCustomOpDomain(options, domain));
    });
}
