package dev.qwq.engine;

import java.util.List;

/**
 * What a native engine is made of, everything decided.
 *
 * @param options the rest
 * @param threads threads that compute
 * @param kvBlocks blocks of the KV cache
 * @param runs where the layers are computed, from first to last; empty: where the options' backend
 *     is
 */
record EngineSetup(EngineOptions options, int threads, int kvBlocks, List<LayerRun> runs) {
  EngineSetup {
    runs = List.copyOf(runs);
  }
}
