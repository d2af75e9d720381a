#include "kernels.h"

#include <cuda_runtime_api.h>

#include <stdexcept>
#include <string>

namespace pauseonnx
{
namespace
{

constexpr int kThreads = 256;

void Check(cudaError_t error, const char* what)
{
    if (error != cudaSuccess)
    {
        throw std::runtime_error(std::string(what) + ": " + cudaGetErrorString(error));
    }
}

// One block a row. Each thread sums a stretch of the row's mask; a scan over the threads tells how many real tokens lie
// before its stretch; then it walks the stretch again and writes.
__global__ void AppendPauseKernel(AppendPauseWork work)
{
    const int64_t row = blockIdx.x;
    const int thread = static_cast<int>(threadIdx.x);
    const int64_t* ids = work.ids + row * work.host_tokens;
    int64_t* paused_ids = work.paused_ids + row * work.tokens;
    for (int64_t i = thread; i < work.tokens; i += kThreads)
    {
        paused_ids[i] = i < work.host_tokens ? ids[i] : work.pause_id;
    }

    const int64_t* mask = work.mask + row * work.mask_length;
    const int64_t stretch = (work.total_length + kThreads - 1) / kThreads;
    const int64_t begin = thread * stretch;
    const int64_t end = begin + stretch < work.total_length ? begin + stretch : work.total_length;
    int64_t sum = 0;
    for (int64_t i = begin; i < end; i++)
    {
        sum += i < work.mask_length ? mask[i] : 1;
    }

    __shared__ int64_t sums[kThreads];
    sums[thread] = sum;
    __syncthreads();
    for (int distance = 1; distance < kThreads; distance *= 2)
    {
        const int64_t before = thread >= distance ? sums[thread - distance] : 0;
        __syncthreads();
        sums[thread] += before;
        __syncthreads();
    }

    int64_t* paused_mask = work.paused_mask + row * work.total_length;
    int64_t* position_ids = work.position_ids + row * work.tokens;
    const int64_t first_new = work.total_length - work.tokens;
    int64_t real = sums[thread] - sum;
    for (int64_t i = begin; i < end; i++)
    {
        const int64_t bit = i < work.mask_length ? mask[i] : 1;
        paused_mask[i] = bit;
        real += bit;
        if (i >= first_new)
        {
            position_ids[i - first_new] = real > 1 ? real - 1 : 0;
        }
    }
}

}  // namespace

void Cuda::Run(const AppendPauseWork& work, void* stream)
{
    // CUDA refuses a launch of no blocks.
    if (work.batch == 0)
    {
        return;
    }

    AppendPauseKernel<<<static_cast<unsigned>(work.batch), kThreads, 0, static_cast<cudaStream_t>(stream)>>>(work);
    Check(cudaGetLastError(), "AppendPause on CUDA");
}

void Cuda::Run(const DelayedOutputWork& work, void* stream)
{
    const auto row_size = work.positions * work.position_size;
    const auto kept_size = work.kept_positions * work.position_size;
    if (work.batch == 0 || kept_size == 0)
    {
        return;
    }

    // Rows of a two-dimensional copy are limited to 2 GB; a copy of everything is not.
    const auto* first = work.hidden + row_size - kept_size;
    const auto kind = cudaMemcpyDeviceToDevice;
    const auto queue = static_cast<cudaStream_t>(stream);
    const auto error = work.batch == 1 || kept_size == row_size
        ? cudaMemcpyAsync(work.output, first, work.batch * kept_size, kind, queue)
        : cudaMemcpy2DAsync(work.output, kept_size, first, row_size, kept_size, work.batch, kind, queue);
    Check(error, "DelayedOutput on CUDA");
}

}  // namespace pauseonnx
