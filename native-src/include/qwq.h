/*
 * qwq native library: C ABI.
 *
 * Rules that hold for every function below:
 *  - A fallible function returns QWQ_OK or another qwq_status, and on failure fills the caller's
 *    qwq_error (which may be NULL). Only destroy functions return void.
 *  - No function throws, aborts, exits, or writes to stdout or stderr. No upcalls.
 *  - Pointers handed to qwq_model_create and qwq_engine_create (weights) must stay valid until the
 *    matching destroy returns; all other pointers only until the call returns.
 *  - Sizes are re-checked against the model's configuration; files are never parsed here.
 *  - Matrices are row-major; `cols` is the innermost dimension. Strides are in elements.
 */
#ifndef QWQ_H
#define QWQ_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(_WIN32)
#define QWQ_API __declspec(dllexport)
#else
#define QWQ_API __attribute__((visibility("default")))
#endif

/* Bumped whenever a struct layout, an enum value or a signature changes. */
#define QWQ_ABI_VERSION 5

/* ---------------------------------------------------------------- errors */

enum qwq_status {
  QWQ_OK = 0,
  QWQ_INVALID_ARGUMENT = 1, /* a parameter is out of its documented range, or sizes disagree */
  QWQ_UNSUPPORTED = 2,      /* well-formed, but this build or CPU cannot do it */
  QWQ_OUT_OF_MEMORY = 3,    /* the message says how many bytes were asked for, and for what */
  QWQ_CANCELLED = 4,        /* the batch's cancel flag was seen; no output field is valid */
  QWQ_WEIGHTS_DAMAGED = 5,  /* a mapped weight file changed under us */
  QWQ_INTERNAL = 6          /* a bug; the message says where */
};

/* Caller-owned. `message` is UTF-8, always NUL-terminated. */
struct qwq_error {
  int32_t status; /* enum qwq_status */
  char message[508];
};

/* ---------------------------------------------------------------- library */

/* QWQ_ABI_VERSION of the library that was loaded. */
QWQ_API uint32_t qwq_abi_version(void);

/* Version of the library, a static NUL-terminated string such as "0.1.0". */
QWQ_API const char* qwq_version(void);

/* One instruction-set variant of the cpu backend, best last. */
struct qwq_cpu_isa {
  char name[24];      /* "generic", "avx2", "avx512_vnni", "neon", ... */
  int32_t compiled;   /* 1 if this library contains it */
  int32_t cpu_has;    /* 1 if the processor has every instruction it needs */
  int32_t os_enabled; /* 1 if the operating system saves the registers it needs */
  int32_t reserved;
};

/* Number of variants known by name, usable or not. */
QWQ_API int32_t qwq_cpu_isa_count(void);

/* Describes variant `index` (0 .. count-1). Fails: QWQ_INVALID_ARGUMENT. */
QWQ_API int32_t qwq_cpu_isa_get(int32_t index, struct qwq_cpu_isa* out, struct qwq_error* error);

/* ---------------------------------------------------------------- devices */

/* What this library finds of CUDA, for those who ask why no device is used. */
struct qwq_cuda {
  char library[512];       /* path of the library with the CUDA kernels, beside this one, there or not */
  char problem[508];       /* why no device can be used, a sentence; "" if one can be */
  int32_t opened;          /* 1 if that library was opened and is of this version; else what follows is 0 */
  int32_t driver_version;  /* CUDA version that the installed driver supports, 1000 * major + 10 * minor;
                              0: no driver */
  int32_t runtime_version; /* CUDA version that library was built with, likewise */
  int32_t n_devices;       /* devices that the driver shows, usable or not; they are named "0", "1", ... */
};

/*
 * Looks for the library with the CUDA kernels, the driver and its devices. That there are none is no
 * failure. Fails: QWQ_INVALID_ARGUMENT.
 */
QWQ_API int32_t qwq_cuda_get(struct qwq_cuda* out, struct qwq_error* error);

/* A device as the CUDA backend sees it. */
struct qwq_device {
  char name[24];              /* as in qwq_engine_config */
  char title[256];            /* "NVIDIA GeForce RTX 4090" */
  char problem[484];          /* why it cannot be used, a sentence; "" if it can be */
  int32_t compute_capability; /* 10 * major + minor: 89 */
  int32_t n_multiprocessors;
  int32_t has_code;      /* 1 if the library has kernels for it */
  uint64_t total_memory; /* bytes */
  uint64_t free_memory;  /* bytes an engine of this process could take now, what CUDA itself needs
                            left out; 0 if the device cannot be used */
};

/*
 * Describes a device by its name: "0", "1", ..., or a simulated one, "sim" (of 24 GiB) or with memory as told
 * by "sim:12GiB" or "sim:512MiB". May take some 100 ms a device. Fails: QWQ_INVALID_ARGUMENT for no such
 * name, QWQ_UNSUPPORTED where there is no such device, with the reason.
 */
QWQ_API int32_t qwq_device_get(const char* name, struct qwq_device* out, struct qwq_error* error);

/* ---------------------------------------------------------------- formats */

/* Element formats; the values are those of GGUF files. */
enum qwq_dtype {
  QWQ_F32 = 0,
  QWQ_F16 = 1,
  QWQ_Q4_0 = 2,
  QWQ_Q4_1 = 3,
  QWQ_Q5_0 = 6,
  QWQ_Q5_1 = 7,
  QWQ_Q8_0 = 8,
  QWQ_Q2_K = 10,
  QWQ_Q3_K = 11,
  QWQ_Q4_K = 12,
  QWQ_Q5_K = 13,
  QWQ_Q6_K = 14,
  QWQ_IQ4_NL = 20,
  QWQ_IQ4_XS = 23,
  QWQ_BF16 = 30
};

struct qwq_dtype_info {
  char name[16];          /* "Q4_K" */
  int32_t dtype;          /* enum qwq_dtype */
  int32_t block_elements; /* elements a block holds; a row is a whole number of blocks */
  int32_t block_bytes;
  int32_t reserved;
};

/* Describes a format. Fails: QWQ_UNSUPPORTED for a value that is no qwq_dtype. */
QWQ_API int32_t qwq_dtype_get(int32_t dtype, struct qwq_dtype_info* out, struct qwq_error* error);

/*
 * Quantises `rows` x `cols` floats into `dst`, which holds exactly rows * cols / block_elements *
 * block_bytes bytes. cols must be a multiple of block_elements; values must be finite. Thread-safe;
 * uses only the calling thread, so that the caller can split rows over threads.
 */
QWQ_API int32_t qwq_quantize(int32_t dtype, const float* src, int64_t rows, int64_t cols, void* dst,
                             uint64_t dst_bytes, struct qwq_error* error);

/* The inverse: `src_bytes` of `dtype` into rows * cols floats. Exact decoding of the format. */
QWQ_API int32_t qwq_dequantize(int32_t dtype, const void* src, uint64_t src_bytes, int64_t rows, int64_t cols,
                               float* dst, struct qwq_error* error);

/*
 * Fills dst[0 .. count-1] with normal values of the given standard deviation. Element i depends only
 * on (seed, offset + i): any split over threads gives the same stream.
 */
QWQ_API int32_t qwq_fill_normal(uint64_t seed, uint64_t offset, float stddev, float* dst, uint64_t count,
                                struct qwq_error* error);

/* ---------------------------------------------------------------- model */

enum qwq_architecture { QWQ_ARCH_QWEN2 = 1 };

enum qwq_rope_scaling { QWQ_ROPE_NONE = 0, QWQ_ROPE_YARN = 1 };

/* Every field is read from the model's files; none has a default here. */
struct qwq_model_config {
  int32_t architecture;      /* enum qwq_architecture */
  int32_t n_layers;          /* > 0 */
  int32_t hidden_size;       /* > 0 */
  int32_t intermediate_size; /* feed-forward width, > 0 */
  int32_t n_heads;           /* query heads, > 0 */
  int32_t n_kv_heads;        /* > 0, divides n_heads */
  int32_t head_dim;          /* > 0, even */
  int32_t vocab_size;        /* rows of the embedding matrix */
  int32_t n_token_ids;       /* ids the tokenizer knows; higher ids are padding, never sampled */
  int32_t rope_scaling;      /* enum qwq_rope_scaling */
  float rms_norm_eps;
  float rope_theta;
  float yarn_factor;           /* s > 0; the fields below are read with QWQ_ROPE_YARN only */
  float yarn_beta_fast;        /* 32 */
  float yarn_beta_slow;        /* 1 */
  float yarn_attention_factor; /* multiplies cos and sin; 0 = 0.1 ln(s) + 1 */
  int32_t yarn_original_context;
  int32_t
      guard_mapping; /* 1: the weights lie in mapped files; should one be truncated while in use, steps fail
                        with QWQ_WEIGHTS_DAMAGED instead of the process ending (Linux; elsewhere without
                        effect). Installs a SIGBUS handler that passes on whatever is not ours. 0: off */
};

/* A weight where it lies. data == NULL: absent (allowed for biases, and for `output` when tied). */
struct qwq_tensor {
  const void* data; /* any alignment */
  uint64_t bytes;   /* must equal rows * cols / block_elements * block_bytes */
  int64_t rows;     /* output features; 1 for vectors */
  int64_t cols;     /* input features, contiguous */
  int32_t dtype;    /* enum qwq_dtype */
  int32_t reserved;
};

struct qwq_layer_weights {
  struct qwq_tensor attn_norm;   /* [1, hidden] */
  struct qwq_tensor attn_q;      /* [heads * head_dim, hidden] */
  struct qwq_tensor attn_q_bias; /* [1, heads * head_dim] or absent */
  struct qwq_tensor attn_k;      /* [kv_heads * head_dim, hidden] */
  struct qwq_tensor attn_k_bias;
  struct qwq_tensor attn_v; /* [kv_heads * head_dim, hidden] */
  struct qwq_tensor attn_v_bias;
  struct qwq_tensor attn_output; /* [hidden, heads * head_dim] */
  struct qwq_tensor ffn_norm;    /* [1, hidden] */
  struct qwq_tensor ffn_gate;    /* [intermediate, hidden] */
  struct qwq_tensor ffn_up;      /* [intermediate, hidden] */
  struct qwq_tensor ffn_down;    /* [hidden, intermediate] */
};

struct qwq_weights {
  struct qwq_tensor token_embd;           /* [vocab, hidden] */
  struct qwq_tensor output_norm;          /* [1, hidden] */
  struct qwq_tensor output;               /* [vocab, hidden]; absent = tied to token_embd */
  const struct qwq_layer_weights* layers; /* [n_layers] */
  int32_t n_layers;
  int32_t reserved;
};

/* Opaque: validated configuration and weight descriptors. Immutable, thread-safe. */
struct qwq_model;

/*
 * Checks configuration and weights against each other and copies the descriptors (not the data).
 * Fails: QWQ_INVALID_ARGUMENT naming the tensor, expected and found.
 */
QWQ_API int32_t qwq_model_create(const struct qwq_model_config* config, const struct qwq_weights* weights,
                                 struct qwq_model** out, struct qwq_error* error);

/* NULL is allowed. No engine of the model may exist any more. */
QWQ_API void qwq_model_destroy(struct qwq_model* model);

/* ---------------------------------------------------------------- engine */

enum qwq_backend { QWQ_BACKEND_REFERENCE = 0, QWQ_BACKEND_CPU = 1, QWQ_BACKEND_CUDA = 2 };

/*
 * How K and V are kept. The reference backend keeps f32 instead of 16 bits. What an engine resolves this to
 * is qwq_memory.kv_layout.
 */
enum qwq_kv_type {
  QWQ_KV_AUTO = 0, /* 16 bits an element, those that the engine computes with fastest: QWQ_KV_I16 where all
                      layers are on the cpu, QWQ_KV_F16 where a device takes part */
  QWQ_KV_F16 = 1,  /* 16 bits an element, an error of at most 1/2048 of each. On the cpu the engine then
                      generates, bit for bit, what one with devices does, in f32 and so more slowly */
  QWQ_KV_I16 = 2,  /* int16 with an f32 scale for each token and head: of K its length / 32767, of V its
                      largest element / 32767. An element is off by at most half of that, a head of 128
                      together by at most sqrt(128) halves, 1/5792 of its length, which is nearer than the
                      1/2048 of f16. 2 * head_dim + 4 bytes, head_dim rounded up to a multiple of 32. Where
                      all layers are on the cpu */
  QWQ_KV_Q8_0 = 3  /* int8 with an f16 scale for each 32 elements of a head: 8.5 bits, an error of
                      at most 1/254 of the largest of the 32; head_dim is a multiple of 32. Where all layers
                      are on the cpu it is computed with integers, too */
};

/* Where a run of consecutive layers is computed, and their part of the KV cache lies. */
struct qwq_placement {
  char device[24];  /* "cpu" for the best usable ISA, or a device as in qwq_engine_config.cpu_isa */
  int32_t n_layers; /* > 0 */
};

struct qwq_engine_config {
  int32_t backend;          /* enum qwq_backend */
  int32_t n_threads;        /* worker threads, the stepping thread included; 1 .. 1024 */
  char cpu_isa[24];         /* QWQ_BACKEND_CPU: name from qwq_cpu_isa_get, or "" for the best usable one.
                               QWQ_BACKEND_CUDA: name from qwq_device_get, or "" for the first */
  int32_t kv_block_size;    /* tokens a KV block holds; a power of two, 16 .. 256 */
  int32_t n_kv_blocks;      /* blocks in the pool, > 0 */
  int32_t max_batch_tokens; /* most tokens of one step, all sequences together, > 0 */
  int32_t max_sequences;    /* most sequences of one step, > 0 */
  int32_t kv_type;          /* enum qwq_kv_type */
  int32_t pin_threads;      /* 1: each worker stays on a processor of its own among those the creating
                               thread may use; without effect where there are fewer of them than
                               threads, and outside Linux. 0: the operating system moves them */
  int32_t n_placements;     /* 0: all layers on `backend`; else QWQ_BACKEND_CUDA only */
  const struct qwq_placement* placements; /* [n_placements] the layers from first to last, all of them. The
                                             output matrix goes with the last; the embedding is the host's.
                                             cpu_isa is not looked at then */
  uint64_t* loaded_bytes;     /* NULL, or raised while weights are copied to devices, to the sum of their
                                 weights_bytes; other threads may read it (atomically) meanwhile */
  const int32_t* load_cancel; /* NULL, or a flag polled meanwhile: non-zero ends qwq_engine_create soon with
                                 QWQ_CANCELLED */
};

/* Opaque: KV cache, workspace and thread pool for one model. One step at a time. */
struct qwq_engine;

/* Bytes an engine of this configuration takes, on all its devices together. */
struct qwq_memory {
  uint64_t kv_cache_bytes;
  uint64_t kv_bytes_per_token;
  uint64_t workspace_bytes;
  char kv_layout[8]; /* how K and V are kept and ordered: "f16", "f32" and "q8_0", or, with integers in the
                        order that the cpu multiplies them in, "i16" and "i8" (the values of q8_0) */
};

/* Computes the memory without taking it. Fails as qwq_engine_create does, but for memory. */
QWQ_API int32_t qwq_engine_memory(const struct qwq_model* model, const struct qwq_engine_config* config,
                                  struct qwq_memory* out, struct qwq_error* error);

/* Bytes that one of an engine's placements takes where its layers are computed. */
struct qwq_placement_memory {
  char device[24]; /* as in qwq_placement; "cpu" for the cpu and reference backends */
  int32_t first_layer;
  int32_t n_layers;
  uint64_t weights_bytes; /* copied to the device; 0 on the host, which uses them where they lie */
  uint64_t kv_cache_bytes;
  uint64_t workspace_bytes;
};

/*
 * Computes the memory of placement `index`, 0 .. n_placements - 1, or of all layers for index 0 if there are
 * no placements, without taking it; no device is asked. Fails as qwq_engine_memory does.
 */
QWQ_API int32_t qwq_engine_placement_memory(const struct qwq_model* model,
                                            const struct qwq_engine_config* config, int32_t index,
                                            struct qwq_placement_memory* out, struct qwq_error* error);

/*
 * Takes all memory a step will ever need and starts the threads.
 * Fails: QWQ_INVALID_ARGUMENT, QWQ_UNSUPPORTED (ISA, KV type, device), QWQ_OUT_OF_MEMORY, QWQ_CANCELLED.
 */
QWQ_API int32_t qwq_engine_create(const struct qwq_model* model, const struct qwq_engine_config* config,
                                  struct qwq_engine** out, struct qwq_error* error);

/* NULL is allowed. No step may be running. Joins the threads. */
QWQ_API void qwq_engine_destroy(struct qwq_engine* engine);

/* Name of the ISA variant in use, static: "reference" for the reference backend, "cuda" for devices; where
   layers are placed, that of the first placement. */
QWQ_API const char* qwq_engine_isa(const struct qwq_engine* engine);

/* ---------------------------------------------------------------- step */

/*
 * What a token is, not how many come along, picks the numeric recipe: prompt tokens take the prefill
 * recipe (even a chunk of one), generated tokens the decode recipe (also when computed again). So
 * results do not depend on batch mates, chunking or thread count.
 */
enum qwq_role { QWQ_ROLE_PROMPT = 0, QWQ_ROLE_GENERATED = 1 };

#define QWQ_MAX_TOP_LOGPROBS 20

/*
 * How the next token of a sequence is drawn. Order of operations: logit bias; repetition, frequency,
 * presence penalties; grammar mask and padding ids; (temperature == 0: argmax, lowest id on ties);
 * temperature; min-p; top-k; top-p; draw.
 */
struct qwq_sampling {
  float temperature;            /* >= 0; 0 = greedy */
  float top_p;                  /* (0, 1]; 1 = off */
  float min_p;                  /* [0, 1); 0 = off */
  int32_t top_k;                /* >= 0; 0 = off */
  float presence_penalty;       /* subtracted once from logits of generated tokens */
  float frequency_penalty;      /* subtracted per occurrence from logits of generated tokens */
  float repetition_penalty;     /* > 0; 1 = off; over prompt and generated tokens */
  int32_t n_top_logprobs;       /* 0 .. QWQ_MAX_TOP_LOGPROBS */
  uint64_t seed;                /* with `draw`, the key of the counter-based generator */
  uint64_t draw;                /* index of this draw within the sequence */
  const int32_t* seen_tokens;   /* [n_seen] distinct ids of prompt and generated tokens */
  const int32_t* seen_counts;   /* [n_seen] how often each was generated; 0 = prompt only */
  const int32_t* bias_tokens;   /* [n_bias] distinct ids */
  const float* bias_values;     /* [n_bias] added to the logit; -inf forbids */
  const uint32_t* allowed_mask; /* NULL or ceil(vocab_size / 32) words, bit id%32 of word id/32 */
  int32_t n_seen;
  int32_t n_bias;
};

/* Log-probabilities are of the raw logits (before any of the steps above), natural logarithm. */
struct qwq_sampled {
  int32_t token;
  float logprob;
  int32_t n_top; /* entries of the two arrays, most likely first */
  int32_t top_tokens[QWQ_MAX_TOP_LOGPROBS];
  float top_logprobs[QWQ_MAX_TOP_LOGPROBS];
};

/* A run of consecutive tokens of one sequence. */
struct qwq_sequence {
  const int32_t* tokens;               /* [n_tokens] ids, 0 .. vocab_size-1 */
  const int32_t* block_table;          /* [n_blocks] KV block of positions i*block_size ...; no block may be
                                          written by two sequences of a step, which have arrays of their own */
  int32_t n_tokens;                    /* > 0 */
  int32_t n_blocks;                    /* covers position + n_tokens */
  int32_t position;                    /* of tokens[0], from 0; everything before is in the cache */
  int32_t role;                        /* enum qwq_role */
  const struct qwq_sampling* sampling; /* [n_samples] how to draw after each of the last n_samples tokens;
                                          each draw is made as if the tokens behind it were not there */
  struct qwq_sampled* sampled;         /* out: [n_samples] */
  float* logits;          /* out: [n_logits, vocab_size] raw logits of the last n_logits tokens */
  const int32_t* targets; /* NULL or [n_tokens] ids whose log-probability is wanted, -1 = none */
  float* target_logprobs; /* out: [n_tokens], required with `targets`; untouched where -1 */
  int32_t n_logits;       /* 0 .. n_tokens */
  int32_t n_samples;      /* 0 .. n_tokens; 0: draw nothing. More than 1: to check drafted tokens */
};

struct qwq_batch {
  const struct qwq_sequence* sequences; /* [n_sequences] */
  int32_t n_sequences;                  /* 1 .. max_sequences */
  int32_t reserved;
  const int32_t*
      cancel; /* NULL or a flag polled during the step; non-zero stops within 200 ms. On devices it is
                 looked at between layers, and a step of one token a sequence ends as it would */
};

/*
 * Runs all sequences through the model, writes their K and V into the cache, samples. Deterministic:
 * a cancelled or failed step may be repeated with the same result. At most one step at a time per
 * engine. Fails: QWQ_INVALID_ARGUMENT naming sequence and field, QWQ_CANCELLED, QWQ_WEIGHTS_DAMAGED (a file
 * was truncated, or logits are not finite), and with devices QWQ_INTERNAL and QWQ_OUT_OF_MEMORY.
 */
QWQ_API int32_t qwq_step(struct qwq_engine* engine, const struct qwq_batch* batch, struct qwq_error* error);

/* ---------------------------------------------------------------- KV blocks */

/*
 * A block holds K and V of kv_block_size tokens in all layers, kv_bytes_per_token * kv_block_size bytes, in
 * an order that depends on model, kv_block_size and qwq_memory.kv_layout, and on nothing else: what was read
 * from an engine may be written to any other where these three are the same. None of the three functions may
 * run beside a step of the engine, nor beside another of them.
 */

/* Copies block `from` to block `to`. Fails: QWQ_INVALID_ARGUMENT; QWQ_INTERNAL with devices, as the others.
 */
QWQ_API int32_t qwq_kv_copy(struct qwq_engine* engine, int32_t from, int32_t to, struct qwq_error* error);

/* Copies a block into dst[dst_bytes], exactly a block's bytes. Fails: QWQ_INVALID_ARGUMENT. */
QWQ_API int32_t qwq_kv_read(struct qwq_engine* engine, int32_t block, void* dst, uint64_t dst_bytes,
                            struct qwq_error* error);

/*
 * The inverse. The values are taken as they are: with others than those that qwq_kv_read gave, later steps
 * compute nonsense or fail, and nothing worse. Fails: QWQ_INVALID_ARGUMENT.
 */
QWQ_API int32_t qwq_kv_write(struct qwq_engine* engine, int32_t block, const void* src, uint64_t src_bytes,
                             struct qwq_error* error);

#ifdef __cplusplus
}
#endif

#endif /* QWQ_H */
