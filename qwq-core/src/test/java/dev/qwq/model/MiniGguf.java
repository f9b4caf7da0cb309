package dev.qwq.model;

import dev.qwq.weights.DType;
import dev.qwq.weights.RawGguf;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A model of one layer in a GGUF file, to be damaged before it is written. */
final class MiniGguf {
  /** Values: Integer (u32), Float, Boolean, String, list of String, {@code int[]} (i32). */
  final Map<String, Object> metadata = new LinkedHashMap<>();

  final Map<String, Tensor> tensors = new LinkedHashMap<>();

  record Tensor(DType dtype, List<Long> shape) {}

  MiniGguf() {
    metadata.put("general.architecture", "qwen2");
    metadata.put("qwen2.block_count", 1);
    metadata.put("qwen2.context_length", 64);
    metadata.put("qwen2.embedding_length", 32);
    metadata.put("qwen2.feed_forward_length", 64);
    metadata.put("qwen2.attention.head_count", 2);
    metadata.put("qwen2.attention.head_count_kv", 1);
    metadata.put("qwen2.attention.layer_norm_rms_epsilon", 1e-6f);
    metadata.put("qwen2.rope.freq_base", 1e6f);
    tensor("token_embd.weight", DType.F32, 8, 32);
    tensor("blk.0.attn_norm.weight", DType.F32, 32);
    tensor("blk.0.attn_q.weight", DType.Q4_0, 32, 32);
    tensor("blk.0.attn_q.bias", DType.F32, 32);
    tensor("blk.0.attn_k.weight", DType.Q8_0, 16, 32);
    tensor("blk.0.attn_k.bias", DType.F32, 16);
    tensor("blk.0.attn_v.weight", DType.F16, 16, 32);
    tensor("blk.0.attn_v.bias", DType.F32, 16);
    tensor("blk.0.attn_output.weight", DType.BF16, 32, 32);
    tensor("blk.0.ffn_norm.weight", DType.F32, 32);
    tensor("blk.0.ffn_gate.weight", DType.Q5_0, 64, 32);
    tensor("blk.0.ffn_up.weight", DType.F32, 64, 32);
    tensor("blk.0.ffn_down.weight", DType.F32, 32, 64);
    tensor("output_norm.weight", DType.F32, 32);
    tensor("output.weight", DType.F32, 8, 32);
  }

  MiniGguf tensor(String name, DType dtype, long... shape) {
    tensors.put(name, new Tensor(dtype, Arrays.stream(shape).boxed().toList()));
    return this;
  }

  MiniGguf put(String key, Object value) {
    metadata.put(key, value);
    return this;
  }

  RawGguf build() {
    RawGguf raw = new RawGguf();
    metadata.forEach((key, value) -> put(raw, key, value));
    long offset = 0;
    for (Map.Entry<String, Tensor> entry : tensors.entrySet()) {
      Tensor tensor = entry.getValue();
      long[] dimensions = tensor.shape().reversed().stream().mapToLong(Long::longValue).toArray();
      raw.tensor(entry.getKey(), tensor.dtype().id(), offset, dimensions);
      long elements = tensor.shape().stream().reduce(1L, Math::multiplyExact);
      offset += (tensor.dtype().bytes(elements) + 31) & -32L;
    }
    return raw.data((int) offset);
  }

  Path writeTo(Path file) {
    return build().writeTo(file);
  }

  private static void put(RawGguf raw, String key, Object value) {
    switch (value) {
      case Integer number -> raw.put(key, number.intValue());
      case Float number -> raw.put(key, number.floatValue());
      case Boolean flag -> raw.put(key, flag.booleanValue());
      case String text -> raw.put(key, text);
      case int[] numbers -> {
        byte[][] elements = new byte[numbers.length][];
        for (int i = 0; i < numbers.length; i++) {
          elements[i] = RawGguf.int32(numbers[i]);
        }
        raw.put(key, RawGguf.ARRAY, RawGguf.array(5, numbers.length, elements));
      }
      case List<?> texts ->
          raw.put(
              key,
              RawGguf.ARRAY,
              RawGguf.array(
                  RawGguf.STRING,
                  texts.size(),
                  texts.stream()
                      .map(text -> RawGguf.string((String) text))
                      .toArray(byte[][]::new)));
      default -> throw new IllegalArgumentException(key + ": " + value);
    }
  }

  /** Adds a tokenizer of 256 bytes, one merge and two added tokens; needs 259 rows. */
  MiniGguf withTokenizer() {
    List<String> tokens = new ArrayList<>();
    int next = 0x100;
    for (int b = 0; b < 256; b++) {
      boolean printable = b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE;
      tokens.add(Character.toString(printable ? b : next++));
    }
    tokens.addAll(List.of("ab", "<|im_end|>", "<|endoftext|>"));
    int[] types = new int[tokens.size()];
    Arrays.fill(types, 0, 257, 1);
    Arrays.fill(types, 257, 259, 3);
    tensor("token_embd.weight", DType.F32, tokens.size(), 32);
    tensor("output.weight", DType.F32, tokens.size(), 32);
    return put("tokenizer.ggml.model", "gpt2")
        .put("tokenizer.ggml.pre", "qwen2")
        .put("tokenizer.ggml.tokens", tokens)
        .put("tokenizer.ggml.token_type", types)
        .put("tokenizer.ggml.merges", List.of("a b"))
        .put("tokenizer.ggml.eos_token_id", 257);
  }
}
