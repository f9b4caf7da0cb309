// The operators of kernels/backend.h on a device. Arguments mean the same as there, but pointers are to
// memory of the device: floats and scratch aligned to 16 bytes where a format is read in wider pieces;
// weights begin at a multiple of 16 bytes and may be read to the next one after their end.
#pragma once

#include "kernels/backend.h"
#include "kernels/cuda/row_staging.h"
#include "kernels/cuda/simt.h"
#include "kernels/cuda/weight_slices.h"

namespace qwq::cuda {

// The rows of a call as attention sees them: AttentionRow for a device. Runs are rows that one block of
// threads takes: adjacent, ascending, of one sequence.
struct DeviceRows {
  const int32_t* positions;  // [n_rows]
  const int32_t* table_of;   // [n_rows] begin of the row's block table in `tables`
  const int32_t* tables;     // [n_table_entries]
  const int32_t* run_first;  // [n_runs + 1] first row of each run, and n_rows
  int64_t n_rows;
  int64_t n_table_entries;
  int64_t n_runs;
  int64_t most_tokens;  // that a row sees
  int32_t n_blocks;     // of the cache; larger than every entry of `tables`
};

// What attention can do.
inline constexpr int kMostHeadDim = 256;
// Rows of a run: results are the same for any number.
int rows_of_run(int group, bool prompt);

void rms_norm(Stream& stream, const RmsNormArgs& args);
void add_rms_norm(Stream& stream, const AddRmsNormArgs& args);
void swiglu(Stream& stream, const SwigluArgs& args);
void add(Stream& stream, const AddArgs& args);
// args.x has n_x_rows.
void gather(Stream& stream, const GatherArgs& args, int64_t n_x_rows);
void rope(Stream& stream, const RopeArgs& args);

// args.rows is not read, args.kv.base is on the device.
void store_kv(Stream& stream, const StoreKvArgs& args, const DeviceRows& rows);
void attention(Stream& stream, const AttentionArgs& args, const DeviceRows& rows, std::byte* scratch);
size_t attention_scratch_bytes(const OpLimits& limits);

// The largest arguments of matmul.
struct MatmulLimits {
  int64_t rows;
  int64_t cols;
  // Of the matrices that are quantised; 0 where there are none, or no prompts.
  int64_t quantized_features = 0;
  int64_t quantized_elements = 0;
};

// `scratch` has matmul_scratch_bytes of the largest arguments. For rows of the prompt's role, quantised
// weights are multiplied in slices within `limits`; for others, `staging` says which come through shared
// memory. Neither changes a bit.
void matmul(Stream& stream, const MatmulArgs& args, std::byte* scratch,
            const SliceLimits& limits = kSliceLimits, const StagingLimits& staging = kStagingLimits);
size_t matmul_scratch_bytes(const MatmulLimits& most, const SliceLimits& limits = kSliceLimits);

}  // namespace qwq::cuda
