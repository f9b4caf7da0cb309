package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.lang.foreign.MemorySegment;
import java.util.Random;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** What tests over the simulated model have in common: it checks each step against the C header. */
abstract class SimulatedEngineTest {
  static final SamplingParameters GREEDY = SamplingParameters.greedy();
  static final EngineInfo ROOMY = SimulatedModel.info(256, 400, 64, 16);

  final SimulatedModel model = new SimulatedModel(ROOMY);

  static Engine engine(EngineInfo info) {
    return Engine.over(new SimulatedModel(info), info, () -> {});
  }

  Engine roomy() {
    return Engine.over(model, ROOMY, () -> {});
  }

  static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, ROOMY.vocabSize()).toArray();
  }

  static Recorder run(Engine engine, KvSequence sequence, int[] prompt, int maxTokens) {
    Recorder recorder = new Recorder();
    engine.submit(sequence, new GenerationRequest(prompt, GREEDY, maxTokens), recorder);
    recorder.end();
    return recorder;
  }

  /** What a conversation's first turn says, alone. */
  static int[] alone(int[] prompt, int maxTokens) {
    try (Engine engine = engine(ROOMY)) {
      return run(engine, engine.newSequence(), prompt, maxTokens).tokens();
    }
  }

  static void assertCode(ErrorCode code, ThrowingCallable call) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(QwqException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  /** Computes until somebody cancels. */
  static void untilRaised(MemorySegment flag) {
    while (!SimulatedModel.isRaised(flag)) {
      Thread.onSpinWait();
    }
  }
}
