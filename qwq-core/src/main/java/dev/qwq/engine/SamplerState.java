package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_sampling;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How one generation draws its tokens, in native memory, kept up to date in place. Belongs to the
 * thread that creates it.
 */
final class SamplerState implements AutoCloseable {
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment struct = qwq_sampling.allocate(arena);
  private @Nullable SeenTokens seen;
  private boolean promptSeen;
  private SamplingParameters current;
  private final int maskWords;
  private @Nullable TokenMask mask;
  private final List<MemorySegment> maskBuffers = new ArrayList<>(); // of each draw
  private final List<SeenTokens> draftSeen = new ArrayList<>(); // of each draw but the first
  private @Nullable MemorySegment draws; // [Drafter.MOST + 1]

  SamplerState(
      SamplingParameters parameters, @Nullable TokenMask mask, int[] prompt, int vocabSize) {
    this.mask = mask;
    maskWords = Math.ceilDiv(vocabSize, Integer.SIZE);
    current = parameters;
    set(parameters);
    setBias(parameters.logitBias());
    see(prompt, prompt.length, prompt.length);
  }

  private void set(SamplingParameters parameters) {
    qwq_sampling.temperature(struct, parameters.temperature());
    qwq_sampling.top_p(struct, parameters.topP());
    qwq_sampling.min_p(struct, parameters.minP());
    qwq_sampling.top_k(struct, parameters.topK());
    qwq_sampling.presence_penalty(struct, parameters.presencePenalty());
    qwq_sampling.frequency_penalty(struct, parameters.frequencyPenalty());
    qwq_sampling.repetition_penalty(struct, parameters.repetitionPenalty());
    qwq_sampling.n_top_logprobs(struct, parameters.topLogprobs());
    qwq_sampling.seed(struct, parameters.seed());
  }

  /** Draws differently from now on: {@code tokens[0 .. size]} are prompt and answer so far. */
  void change(SamplingParameters parameters, int[] tokens, int promptLength, int size) {
    set(parameters);
    if (!parameters.logitBias().equals(current.logitBias())) {
      setBias(parameters.logitBias());
    }
    current = parameters;
    see(tokens, promptLength, size);
  }

  /** Counts all tokens so far, if the penalties need them and have not seen them. */
  private void see(int[] tokens, int promptLength, int size) {
    boolean countsPrompt = current.countsPrompt();
    if (!current.countsGenerated() || (seen != null && (promptSeen || !countsPrompt))) {
      return;
    }
    if (seen != null) {
      seen.close();
    }
    SeenTokens counted = new SeenTokens();
    for (int i = countsPrompt ? 0 : promptLength; i < size; i++) {
      if (i < promptLength) {
        counted.addPrompt(tokens[i]);
      } else {
        counted.addGenerated(tokens[i]);
      }
    }
    seen = counted;
    promptSeen = countsPrompt;
  }

  private void setBias(Map<Integer, Float> logitBias) {
    int count = logitBias.size();
    qwq_sampling.n_bias(struct, count);
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
    }
  }

  /**
   * Makes ready for the draw of token number {@code draw}. May be repeated for the same draw.
   *
   * @return a {@code qwq_sampling}, valid until the next call of any method
   */
  MemorySegment prepare(int draw) {
    prepare(struct, draw, seen, mask, 0);
    return struct;
  }

  private void prepare(
      MemorySegment target, int draw, @Nullable SeenTokens counts, @Nullable TokenMask at, int i) {
    qwq_sampling.draw(target, draw);
    if (counts != null) {
      qwq_sampling.seen_tokens(target, counts.tokens().segment());
      qwq_sampling.seen_counts(target, counts.counts().segment());
      qwq_sampling.n_seen(target, counts.tokens().size());
    }
    if (at != null) {
      qwq_sampling.allowed_mask(target, words(at, i));
    }
  }

  /**
   * Makes ready for several draws: the next one, and one behind each of the drafted tokens as if it
   * had been drawn. May be repeated.
   *
   * @return an array of {@code count + 1} {@code qwq_sampling}, valid until the next call of any
   *     method
   */
  MemorySegment prepare(int draw, int[] drafts, int count) {
    if (draws == null) {
      draws = qwq_sampling.allocateArray(Drafter.MOST + 1L, arena);
    }
    SeenTokens counts = seen;
    TokenMask at = mask;
    for (int i = 0; i <= count; i++) {
      if (i > 0) {
        counts = counts == null ? null : withDraft(counts, drafts[i - 1], i - 1);
        at = at == null ? null : at.after(drafts[i - 1]);
      }
      MemorySegment target = qwq_sampling.asSlice(draws, i);
      target.copyFrom(struct);
      prepare(target, draw + i, counts, at, i);
    }
    return draws;
  }

  private SeenTokens withDraft(SeenTokens before, int draft, int index) {
    if (index == draftSeen.size()) {
      draftSeen.add(new SeenTokens());
    }
    SeenTokens counts = draftSeen.get(index);
    counts.assign(before);
    counts.addGenerated(draft);
    return counts;
  }

  /** How many of the drafted tokens the mask would let pass. */
  int allowed(int[] drafts, int count) {
    TokenMask at = mask;
    for (int i = 0; i < count && at != null; i++) {
      int[] words = checked(at.allowed());
      int token = drafts[i];
      if (words != null && (words[token / Integer.SIZE] >>> token % Integer.SIZE & 1) == 0) {
        return i;
      }
      at = i + 1 < count ? at.after(token) : at;
    }
    return count;
  }

  private int @Nullable [] checked(int @Nullable [] words) {
    if (words != null && words.length != maskWords) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "token mask: expected " + maskWords + " words, found " + words.length);
    }
    return words;
  }

  private MemorySegment words(TokenMask source, int index) {
    int[] words = checked(source.allowed());
    if (words == null) {
      return MemorySegment.NULL;
    }
    while (maskBuffers.size() <= index) {
      maskBuffers.add(arena.allocate(Qwq.C_INT, maskWords));
    }
    MemorySegment buffer = maskBuffers.get(index);
    MemorySegment.copy(words, 0, buffer, Qwq.C_INT, 0, maskWords);
    return buffer;
  }

  /** This is the next token, drawn or forced. */
  void accept(int token) {
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
    draftSeen.forEach(SeenTokens::close);
    arena.close();
  }
}
