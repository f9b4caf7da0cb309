// The oracle: every operator as its formula reads, element by element, accumulated in double. Both recipes
// compute the same.
#pragma once

#include "kernels/backend.h"

namespace qwq::reference {

void embed(OpContext& ctx, const EmbedArgs& args);
void rms_norm(OpContext& ctx, const RmsNormArgs& args);
void add_rms_norm(OpContext& ctx, const AddRmsNormArgs& args);
void matmul(OpContext& ctx, const MatmulArgs& args);
void rope(OpContext& ctx, const RopeArgs& args);
void store_kv(OpContext& ctx, const StoreKvArgs& args);
void attention(OpContext& ctx, const AttentionArgs& args);
void swiglu(OpContext& ctx, const SwigluArgs& args);
void add(OpContext& ctx, const AddArgs& args);
size_t scratch_bytes(const OpLimits& limits);

}  // namespace qwq::reference
