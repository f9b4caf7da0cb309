package dev.qwq.engine;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.OptionalLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a context and how large a KV cache an engine has.
 *
 * @param contextLength tokens of the longest conversation
 * @param kvBlocks blocks of the KV cache; one full context fits
 */
record MemoryPlan(int contextLength, int kvBlocks) {
  private static final Logger LOG = LoggerFactory.getLogger(MemoryPlan.class);

  // Half of what is free after the weights: the Java heap and other programs grow, too.
  private static final double KV_SHARE = 0.5;
  // Where even this does not fit the share, taking it and perhaps failing with numbers is clearer
  // than a model that forgets after a few sentences.
  private static final int LEAST_DEFAULT_CONTEXT = 2048;
  private static final int DEFAULT_CONTEXTS = 4;
  // Models with short contexts still serve several conversations.
  private static final int LEAST_DEFAULT_KV_TOKENS = 16_384;

  /**
   * Chooses what the options leave open.
   *
   * @param modelContext positions the model is made for
   * @param kvBytesPerToken bytes of KV cache a token takes
   * @param free bytes this process may still take once the weights are in memory; empty if unknown
   * @throws QwqException with {@code INVALID_ARGUMENT} if the options exceed the model
   */
  static MemoryPlan of(
      EngineOptions options, int modelContext, long kvBytesPerToken, OptionalLong free) {
    checkContext(options, modelContext);
    long fitting = free.isPresent() ? kvShare(free.getAsLong()) / kvBytesPerToken : Long.MAX_VALUE;
    int context = options.contextLength();
    if (context == 0) {
      long most =
          options.kvCacheTokens() > 0
              ? options.kvCacheTokens()
              : Math.max(fitting, LEAST_DEFAULT_CONTEXT);
      context = (int) Math.min(modelContext, most);
    }
    long tokens = options.kvCacheTokens();
    if (tokens == 0) {
      tokens = Math.max(context, Math.min(wantedTokens(context), fitting));
    }
    return new MemoryPlan(context, blocks(tokens, options.kvBlockSize()));
  }

  /**
   * Refuses a longer context than the model has.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT}
   */
  static void checkContext(EngineOptions options, int modelContext) {
    if (options.contextLength() > modelContext) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "contextLength: expected at most %d, which the model is made for, found %d"
              .formatted(modelContext, options.contextLength()));
    }
  }

  /** Bytes that the KV cache takes of the host's free memory unless told otherwise. */
  static long kvShare(long free) {
    return (long) (KV_SHARE * Math.max(0, free));
  }

  /** Tokens that a KV cache holds where there is room: several conversations. */
  static long wantedTokens(int context) {
    return Math.max((long) DEFAULT_CONTEXTS * context, LEAST_DEFAULT_KV_TOKENS);
  }

  static int blocks(long tokens, int blockSize) {
    long blocks = Math.ceilDiv(tokens, (long) blockSize);
    if (blocks > Integer.MAX_VALUE) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "kvCacheTokens: expected at most %d blocks of %d tokens, found %d tokens"
              .formatted(Integer.MAX_VALUE, blockSize, tokens));
    }
    return (int) blocks;
  }

  /**
   * Refuses a cache that the machine has no memory for: the operating system would grant it now and
   * kill the process when it is used. Mapped weights may be read again from disk, so that they only
   * cost time where they do not fit beside it.
   *
   * @param available bytes this process may take; empty if unknown
   * @param mappedWeights bytes of weights among the available ones
   */
  static void checkFits(NativeEngine.Memory memory, OptionalLong available, long mappedWeights) {
    if (available.isEmpty()) {
      return;
    }
    long free = available.getAsLong();
    long wanted = memory.kvCacheBytes() + memory.workspaceBytes();
    if (wanted > free) {
      throw new QwqException(
          ErrorCode.OUT_OF_MEMORY,
          "KV cache and workspace need %s + %s, but %s are free: choose a smaller contextLength or kvCacheTokens."
              .formatted(
                  mebibytes(memory.kvCacheBytes()),
                  mebibytes(memory.workspaceBytes()),
                  mebibytes(free)));
    }
    if (wanted + mappedWeights > free) {
      LOG.warn(
          "Weights of {} do not fit the memory beside a KV cache and workspace of {} ({} are free):"
              + " they are read from disk again and again, which is slow",
          mebibytes(mappedWeights),
          mebibytes(wanted),
          mebibytes(free));
    }
  }

  private static String mebibytes(long bytes) {
    return Math.ceilDiv(bytes, 1L << 20) + " MiB";
  }
}
