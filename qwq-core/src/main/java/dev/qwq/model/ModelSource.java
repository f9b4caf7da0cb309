package dev.qwq.model;

import dev.qwq.tokenizer.Tokenizer;
import dev.qwq.weights.TensorInfo;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * An opened model: files mapped, configuration read, every tensor found and checked against it.
 *
 * <p>Tensors have the names of GGUF files whatever the files are: {@code token_embd.weight}, {@code
 * output_norm.weight}, {@code output.weight}, and for each layer N {@code blk.N.} with {@code
 * attn_norm.weight}, {@code attn_q.weight}, {@code attn_q.bias}, … {@code ffn_down.weight}.
 *
 * <p>Thread-safe. The tensors' segments are valid until {@link #close()}.
 */
public final class ModelSource implements AutoCloseable {
  private ModelSource() {}

  public static ModelSource open(Path path, LoadMode mode, LoadProgress progress) {
    throw new UnsupportedOperationException("not yet");
  }

  public Path path() {
    throw new UnsupportedOperationException("not yet");
  }

  public ModelConfig config() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Returns a tensor by its GGUF name. */
  public Optional<TensorInfo> tensor(String name) {
    throw new UnsupportedOperationException("not yet");
  }

  public List<TensorInfo> tensors() {
    throw new UnsupportedOperationException("not yet");
  }

  public Optional<Tokenizer> tokenizer() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Returns the template named {@code default}. */
  public Optional<String> chatTemplate() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Returns all templates by name: {@code default}, {@code tool_use}, … */
  public Map<String, String> chatTemplates() {
    throw new UnsupportedOperationException("not yet");
  }

  public GenerationDefaults generationDefaults() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Returns the bytes of all tensors. */
  public long weightBytes() {
    throw new UnsupportedOperationException("not yet");
  }

  /** Unmaps the files. Idempotent. */
  @Override
  public void close() {
    throw new UnsupportedOperationException("not yet");
  }
}
