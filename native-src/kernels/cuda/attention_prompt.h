#pragma once

#include "kernels/cuda/ops.h"

namespace qwq::cuda {

// Whether attention_prompt.cuh computes this call; attention.cuh else.
bool has_prompt_kernel(const AttentionArgs& args);
void attend_prompt(Stream& stream, const AttentionArgs& args, const DeviceRows& rows);

}  // namespace qwq::cuda
