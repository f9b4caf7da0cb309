// Prints what the compiler makes of qwq.h, for the Java test that compares it with the bindings: one
// line for each struct, field, constant and function. That test also proves that the table below names
// everything the header declares.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <string>
#include <type_traits>

#include "qwq.h"

namespace {

// The name that Java gives a type; it knows no unsigned ones.
template <typename T>
std::string type_name() {
  if constexpr (std::is_array_v<T>) {
    return type_name<std::remove_extent_t<T>>() + "[" + std::to_string(std::extent_v<T>) + "]";
  } else if constexpr (std::is_void_v<T>) {
    return "void";
  } else if constexpr (std::is_pointer_v<T>) {
    return "pointer";
  } else if constexpr (std::is_floating_point_v<T>) {
    return "f" + std::to_string(8 * sizeof(T));
  } else if constexpr (std::is_integral_v<T>) {
    return "i" + std::to_string(8 * sizeof(T));
  } else {
    return "struct:" + std::to_string(sizeof(T));
  }
}

template <typename Result, typename... Arguments>
std::string signature(Result (*)(Arguments...)) {
  std::string text;
  ((text += (text.empty() ? "" : ",") + type_name<Arguments>()), ...);
  return type_name<Result>() + "(" + text + ")";
}

#define STRUCT(name) std::printf("struct %s %zu %zu\n", #name, sizeof(name), alignof(name));
#define FIELD(owner, name)                                                  \
  std::printf("field %s.%s %zu %s\n", #owner, #name, offsetof(owner, name), \
              type_name<decltype(owner::name)>().c_str());
#define CONSTANT(name) std::printf("constant %s %lld\n", #name, static_cast<long long>(name));
#define FUNCTION(name) \
  std::printf("function %s %s\n", #name, signature(static_cast<decltype(&name)>(nullptr)).c_str());

void constants() {
  CONSTANT(QWQ_ABI_VERSION)
  CONSTANT(QWQ_MAX_TOP_LOGPROBS)
  CONSTANT(QWQ_OK)
  CONSTANT(QWQ_INVALID_ARGUMENT)
  CONSTANT(QWQ_UNSUPPORTED)
  CONSTANT(QWQ_OUT_OF_MEMORY)
  CONSTANT(QWQ_CANCELLED)
  CONSTANT(QWQ_WEIGHTS_DAMAGED)
  CONSTANT(QWQ_INTERNAL)
  CONSTANT(QWQ_F32)
  CONSTANT(QWQ_F16)
  CONSTANT(QWQ_Q4_0)
  CONSTANT(QWQ_Q4_1)
  CONSTANT(QWQ_Q5_0)
  CONSTANT(QWQ_Q5_1)
  CONSTANT(QWQ_Q8_0)
  CONSTANT(QWQ_Q2_K)
  CONSTANT(QWQ_Q3_K)
  CONSTANT(QWQ_Q4_K)
  CONSTANT(QWQ_Q5_K)
  CONSTANT(QWQ_Q6_K)
  CONSTANT(QWQ_IQ4_NL)
  CONSTANT(QWQ_IQ4_XS)
  CONSTANT(QWQ_BF16)
  CONSTANT(QWQ_ARCH_QWEN2)
  CONSTANT(QWQ_ROPE_NONE)
  CONSTANT(QWQ_ROPE_YARN)
  CONSTANT(QWQ_KV_AUTO)
  CONSTANT(QWQ_KV_F16)
  CONSTANT(QWQ_KV_I16)
  CONSTANT(QWQ_KV_Q8_0)
  CONSTANT(QWQ_BACKEND_REFERENCE)
  CONSTANT(QWQ_BACKEND_CPU)
  CONSTANT(QWQ_BACKEND_CUDA)
  CONSTANT(QWQ_ROLE_PROMPT)
  CONSTANT(QWQ_ROLE_GENERATED)
}

void structs() {
  STRUCT(qwq_error)
  FIELD(qwq_error, status)
  FIELD(qwq_error, message)

  STRUCT(qwq_cpu_isa)
  FIELD(qwq_cpu_isa, name)
  FIELD(qwq_cpu_isa, compiled)
  FIELD(qwq_cpu_isa, cpu_has)
  FIELD(qwq_cpu_isa, os_enabled)
  FIELD(qwq_cpu_isa, reserved)

  STRUCT(qwq_cuda)
  FIELD(qwq_cuda, library)
  FIELD(qwq_cuda, problem)
  FIELD(qwq_cuda, opened)
  FIELD(qwq_cuda, driver_version)
  FIELD(qwq_cuda, runtime_version)
  FIELD(qwq_cuda, n_devices)

  STRUCT(qwq_device)
  FIELD(qwq_device, name)
  FIELD(qwq_device, title)
  FIELD(qwq_device, problem)
  FIELD(qwq_device, compute_capability)
  FIELD(qwq_device, n_multiprocessors)
  FIELD(qwq_device, has_code)
  FIELD(qwq_device, total_memory)
  FIELD(qwq_device, free_memory)

  STRUCT(qwq_dtype_info)
  FIELD(qwq_dtype_info, name)
  FIELD(qwq_dtype_info, dtype)
  FIELD(qwq_dtype_info, block_elements)
  FIELD(qwq_dtype_info, block_bytes)
  FIELD(qwq_dtype_info, reserved)

  STRUCT(qwq_model_config)
  FIELD(qwq_model_config, architecture)
  FIELD(qwq_model_config, n_layers)
  FIELD(qwq_model_config, hidden_size)
  FIELD(qwq_model_config, intermediate_size)
  FIELD(qwq_model_config, n_heads)
  FIELD(qwq_model_config, n_kv_heads)
  FIELD(qwq_model_config, head_dim)
  FIELD(qwq_model_config, vocab_size)
  FIELD(qwq_model_config, n_token_ids)
  FIELD(qwq_model_config, rope_scaling)
  FIELD(qwq_model_config, rms_norm_eps)
  FIELD(qwq_model_config, rope_theta)
  FIELD(qwq_model_config, yarn_factor)
  FIELD(qwq_model_config, yarn_beta_fast)
  FIELD(qwq_model_config, yarn_beta_slow)
  FIELD(qwq_model_config, yarn_attention_factor)
  FIELD(qwq_model_config, yarn_original_context)
  FIELD(qwq_model_config, guard_mapping)

  STRUCT(qwq_tensor)
  FIELD(qwq_tensor, data)
  FIELD(qwq_tensor, bytes)
  FIELD(qwq_tensor, rows)
  FIELD(qwq_tensor, cols)
  FIELD(qwq_tensor, dtype)
  FIELD(qwq_tensor, reserved)

  STRUCT(qwq_layer_weights)
  FIELD(qwq_layer_weights, attn_norm)
  FIELD(qwq_layer_weights, attn_q)
  FIELD(qwq_layer_weights, attn_q_bias)
  FIELD(qwq_layer_weights, attn_k)
  FIELD(qwq_layer_weights, attn_k_bias)
  FIELD(qwq_layer_weights, attn_v)
  FIELD(qwq_layer_weights, attn_v_bias)
  FIELD(qwq_layer_weights, attn_output)
  FIELD(qwq_layer_weights, ffn_norm)
  FIELD(qwq_layer_weights, ffn_gate)
  FIELD(qwq_layer_weights, ffn_up)
  FIELD(qwq_layer_weights, ffn_down)

  STRUCT(qwq_weights)
  FIELD(qwq_weights, token_embd)
  FIELD(qwq_weights, output_norm)
  FIELD(qwq_weights, output)
  FIELD(qwq_weights, layers)
  FIELD(qwq_weights, n_layers)
  FIELD(qwq_weights, reserved)

  STRUCT(qwq_engine_config)
  FIELD(qwq_engine_config, backend)
  FIELD(qwq_engine_config, n_threads)
  FIELD(qwq_engine_config, cpu_isa)
  FIELD(qwq_engine_config, kv_block_size)
  FIELD(qwq_engine_config, n_kv_blocks)
  FIELD(qwq_engine_config, max_batch_tokens)
  FIELD(qwq_engine_config, max_sequences)
  FIELD(qwq_engine_config, kv_type)
  FIELD(qwq_engine_config, pin_threads)
  FIELD(qwq_engine_config, n_placements)
  FIELD(qwq_engine_config, placements)
  FIELD(qwq_engine_config, loaded_bytes)
  FIELD(qwq_engine_config, load_cancel)

  STRUCT(qwq_placement)
  FIELD(qwq_placement, device)
  FIELD(qwq_placement, n_layers)

  STRUCT(qwq_placement_memory)
  FIELD(qwq_placement_memory, device)
  FIELD(qwq_placement_memory, first_layer)
  FIELD(qwq_placement_memory, n_layers)
  FIELD(qwq_placement_memory, weights_bytes)
  FIELD(qwq_placement_memory, kv_cache_bytes)
  FIELD(qwq_placement_memory, workspace_bytes)

  STRUCT(qwq_memory)
  FIELD(qwq_memory, kv_cache_bytes)
  FIELD(qwq_memory, kv_bytes_per_token)
  FIELD(qwq_memory, workspace_bytes)
  FIELD(qwq_memory, kv_layout)

  STRUCT(qwq_sampling)
  FIELD(qwq_sampling, temperature)
  FIELD(qwq_sampling, top_p)
  FIELD(qwq_sampling, min_p)
  FIELD(qwq_sampling, top_k)
  FIELD(qwq_sampling, presence_penalty)
  FIELD(qwq_sampling, frequency_penalty)
  FIELD(qwq_sampling, repetition_penalty)
  FIELD(qwq_sampling, n_top_logprobs)
  FIELD(qwq_sampling, seed)
  FIELD(qwq_sampling, draw)
  FIELD(qwq_sampling, seen_tokens)
  FIELD(qwq_sampling, seen_counts)
  FIELD(qwq_sampling, bias_tokens)
  FIELD(qwq_sampling, bias_values)
  FIELD(qwq_sampling, allowed_mask)
  FIELD(qwq_sampling, n_seen)
  FIELD(qwq_sampling, n_bias)

  STRUCT(qwq_sampled)
  FIELD(qwq_sampled, token)
  FIELD(qwq_sampled, logprob)
  FIELD(qwq_sampled, n_top)
  FIELD(qwq_sampled, top_tokens)
  FIELD(qwq_sampled, top_logprobs)

  STRUCT(qwq_sequence)
  FIELD(qwq_sequence, tokens)
  FIELD(qwq_sequence, block_table)
  FIELD(qwq_sequence, n_tokens)
  FIELD(qwq_sequence, n_blocks)
  FIELD(qwq_sequence, position)
  FIELD(qwq_sequence, role)
  FIELD(qwq_sequence, sampling)
  FIELD(qwq_sequence, sampled)
  FIELD(qwq_sequence, logits)
  FIELD(qwq_sequence, targets)
  FIELD(qwq_sequence, target_logprobs)
  FIELD(qwq_sequence, n_logits)
  FIELD(qwq_sequence, n_samples)

  STRUCT(qwq_batch)
  FIELD(qwq_batch, sequences)
  FIELD(qwq_batch, n_sequences)
  FIELD(qwq_batch, reserved)
  FIELD(qwq_batch, cancel)
}

void functions() {
  FUNCTION(qwq_abi_version)
  FUNCTION(qwq_version)
  FUNCTION(qwq_cpu_isa_count)
  FUNCTION(qwq_cpu_isa_get)
  FUNCTION(qwq_cuda_get)
  FUNCTION(qwq_device_get)
  FUNCTION(qwq_dtype_get)
  FUNCTION(qwq_quantize)
  FUNCTION(qwq_dequantize)
  FUNCTION(qwq_fill_normal)
  FUNCTION(qwq_model_create)
  FUNCTION(qwq_model_destroy)
  FUNCTION(qwq_engine_memory)
  FUNCTION(qwq_engine_placement_memory)
  FUNCTION(qwq_engine_create)
  FUNCTION(qwq_engine_destroy)
  FUNCTION(qwq_engine_isa)
  FUNCTION(qwq_step)
  FUNCTION(qwq_kv_copy)
  FUNCTION(qwq_kv_read)
  FUNCTION(qwq_kv_write)
}

}  // namespace

int main() {
  constants();
  structs();
  functions();
}
