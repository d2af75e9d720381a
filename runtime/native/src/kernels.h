// The two operators of ai.pauseonnx as work on memory, free of ONNX Runtime. Every length has been checked and every output
// allocated before one of these runs. Tensors are dense and row-major; a row is one sequence of the batch.
#pragma once

#include <cstddef>
#include <cstdint>

namespace pauseonnx
{

// ids' = ids ++ pause_id x m; mask' = mask ++ ones; position_ids = the last T' of max(cumsum(mask') - 1, 0) of each row.
struct AppendPauseWork
{
    int64_t batch;            // B
    int64_t host_tokens;      // T, tokens that the host gave
    int64_t tokens;           // T' = T + m
    int64_t mask_length;      // H
    int64_t total_length;     // S = max(H, P + T')
    int64_t pause_id;         // the vocabulary's last id
    const int64_t* ids;       // [B, T]
    const int64_t* mask;      // [B, H]
    int64_t* paused_ids;      // [B, T']
    int64_t* paused_mask;     // [B, S]
    int64_t* position_ids;    // [B, T']
};

// output = the last T_out positions of each row of hidden.
struct DelayedOutputWork
{
    size_t batch;             // B
    size_t positions;         // T
    size_t kept_positions;    // T_out
    size_t position_size;     // bytes of one position: those of all axes behind axis 1
    const char* hidden;       // [B, T, ...]
    char* output;             // [B, T_out, ...]
};

// Each device offers Run for both kinds of work, in the order of its stream (a cudaStream_t; unused on the CPU).
struct Cpu
{
    static constexpr const char* kProvider = "CPUExecutionProvider";
    static void Run(const AppendPauseWork& work, void* stream);
    static void Run(const DelayedOutputWork& work, void* stream);
};

// Only where CMake found a CUDA compiler. Throws std::runtime_error with CUDA's own message.
struct Cuda
{
    static constexpr const char* kProvider = "CUDAExecutionProvider";
    static void Run(const AppendPauseWork& work, void* stream);
    static void Run(const DelayedOutputWork& work, void* stream);
};

}  // namespace pauseonnx
