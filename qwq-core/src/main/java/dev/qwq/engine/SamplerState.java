package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_sampling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one generation draws its tokens, in native memory, kept up to date in place. Belongs to the
 * thread that creates it.
 */
final class SamplerState implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment struct = qwq_sampling.allocate(arena);
  private final @Nullable SeenTokens seen;
  private final int maskWords;
  private @Nullable TokenMask mask;
  private @Nullable MemorySegment maskBuffer;

  SamplerState(
      SamplingParameters parameters, @Nullable TokenMask mask, int[] prompt, int vocabSize) {
    this.mask = mask;
    maskWords = Math.ceilDiv(vocabSize, Integer.SIZE);
    qwq_sampling.temperature(struct, parameters.temperature());
    qwq_sampling.top_p(struct, parameters.topP());
    qwq_sampling.min_p(struct, parameters.minP());
    qwq_sampling.top_k(struct, parameters.topK());
    qwq_sampling.presence_penalty(struct, parameters.presencePenalty());
    qwq_sampling.frequency_penalty(struct, parameters.frequencyPenalty());
    qwq_sampling.repetition_penalty(struct, parameters.repetitionPenalty());
    qwq_sampling.n_top_logprobs(struct, parameters.topLogprobs());
    qwq_sampling.seed(struct, parameters.seed());
    setBias(parameters.logitBias());
    seen = parameters.countsGenerated() ? new SeenTokens() : null;
    if (seen != null && parameters.countsPrompt()) {
      for (int token : prompt) {
        seen.addPrompt(token);
      }
    }
  }

  private void setBias(Map<Integer, Float> logitBias) {
    int count = logitBias.size();
    if (count > 0) {
      MemorySegment tokens = arena.allocate(Qwq.C_INT, count);
      MemorySegment values = arena.allocate(Qwq.C_FLOAT, count);
      int i = 0;
      for (Map.Entry<Integer, Float> entry : logitBias.entrySet()) {
        tokens.setAtIndex(Qwq.C_INT, i, entry.getKey());
        values.setAtIndex(Qwq.C_FLOAT, i, entry.getValue());
        i++;
      }
      qwq_sampling.bias_tokens(struct, tokens);
      qwq_sampling.bias_values(struct, values);
      qwq_sampling.n_bias(struct, count);
    }
  }

  /**
   * Makes ready for the draw of token number {@code draw}. May be repeated for the same draw.
   *
   * @return a {@code qwq_sampling}, valid until the next call of any method
   */
  MemorySegment prepare(int draw) {
    qwq_sampling.draw(struct, draw);
    if (seen != null) {
      qwq_sampling.seen_tokens(struct, seen.tokens().segment());
      qwq_sampling.seen_counts(struct, seen.counts().segment());
      qwq_sampling.n_seen(struct, seen.tokens().size());
    }
    if (mask != null) {
      qwq_sampling.allowed_mask(struct, words(mask));
    }
    return struct;
  }

  private MemorySegment words(TokenMask source) {
    int[] words = source.allowed();
    if (words == null) {
      return MemorySegment.NULL;
    }
    if (words.length != maskWords) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "token mask: expected " + maskWords + " words, found " + words.length);
    }
    MemorySegment buffer = maskBuffer;
    if (buffer == null) {
      buffer = arena.allocate(Qwq.C_INT, maskWords);
      maskBuffer = buffer;
    }
    MemorySegment.copy(words, 0, buffer, Qwq.C_INT, 0, maskWords);
    return buffer;
  }

  /** The draw gave this token. */
  void drawn(int token) {
    if (mask != null) {
      mask = mask.after(token);
    }
    if (seen != null) {
      seen.addGenerated(token);
    }
  }

  @Override
  public void close() {
    if (seen != null) {
      seen.close();
    }
    arena.close();
  }
}
