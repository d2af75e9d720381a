#include "kernels.h"

#include <algorithm>
#include <cstring>

namespace pauseonnx
{

void Cpu::Run(const AppendPauseWork& work, void*)
{
    for (int64_t row = 0; row < work.batch; row++)
    {
        const auto* ids = work.ids + row * work.host_tokens;
        auto* paused_ids = work.paused_ids + row * work.tokens;
        std::fill(std::copy_n(ids, work.host_tokens, paused_ids), paused_ids + work.tokens, work.pause_id);

        const auto* mask = work.mask + row * work.mask_length;
        auto* paused_mask = work.paused_mask + row * work.total_length;
        auto* mask_end = paused_mask + work.total_length;
        std::fill(std::copy_n(mask, work.mask_length, paused_mask), mask_end, int64_t{1});

        auto* position_ids = work.position_ids + row * work.tokens;
        int64_t real = 0;
        for (auto* bit = paused_mask; bit != mask_end; bit++)
        {
            real += *bit;
            if (mask_end - bit <= work.tokens)
            {
                *position_ids++ = std::max<int64_t>(real - 1, 0);
            }
        }
    }
}

void Cpu::Run(const DelayedOutputWork& work, void*)
{
    const auto row_size = work.positions * work.position_size;
    const auto kept_size = work.kept_positions * work.position_size;
    if (kept_size == 0)
    {
        return;
    }

    for (size_t row = 0; row < work.batch; row++)
    {
        std::memcpy(work.output + row * kept_size, work.hidden + (row + 1) * row_size - kept_size, kept_size);
    }
}

}  // namespace pauseonnx
