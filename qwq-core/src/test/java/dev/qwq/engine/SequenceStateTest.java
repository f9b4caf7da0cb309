package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.nativelib.ffi.Qwq;
import dev.qwq.nativelib.ffi.qwq_sampling;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** What is kept for a sequence between steps. */
class SequenceStateTest {
  @Test
  void historyKeepsRolesOfWhatIsShared() {
    TokenHistory history = new TokenHistory();
    history.append(new int[] {9, 1, 2, 3}, 1, 4, TokenRole.PROMPT);
    history.append(4, TokenRole.GENERATED);
    history.append(5, TokenRole.GENERATED);
    history.append(6, TokenRole.PROMPT);
    assertThat(history.size()).isEqualTo(6);
    assertThat(history.runEnd(0)).isEqualTo(3);
    assertThat(history.runEnd(2)).isEqualTo(3);
    assertThat(history.runEnd(3)).isEqualTo(5);
    assertThat(history.runEnd(5)).isEqualTo(6);
    assertThat(history.commonPrefix(new int[] {1, 2, 3, 4, 7})).isEqualTo(4);
    assertThat(history.commonPrefix(new int[] {1, 2})).isEqualTo(2);
    assertThat(history.commonPrefix(new int[] {1, 2, 3, 4, 5, 6, 7})).isEqualTo(6);

    history.truncate(4);
    assertThat(history.role(3)).isEqualTo(TokenRole.GENERATED);
    assertThat(history.runEnd(3)).isEqualTo(4);
    history.append(new int[] {8, 8}, 0, 2, TokenRole.PROMPT);
    assertThat(history.role(4)).as("not what was there before").isEqualTo(TokenRole.PROMPT);
    assertThat(history.token(4)).isEqualTo(8);
  }

  @Test
  void historyGrows() {
    TokenHistory history = new TokenHistory();
    int[] prompt = new Random(1).ints(1000).toArray();
    history.append(prompt, 0, prompt.length, TokenRole.PROMPT);
    for (int i = 0; i < 500; i++) {
      history.append(i, TokenRole.GENERATED);
    }
    assertThat(history.commonPrefix(prompt)).isEqualTo(1000);
    assertThat(history.token(1499)).isEqualTo(499);
  }

  @Test
  void countsSeenTokens() {
    long seed = 42;
    Random random = new Random(seed);
    Map<Integer, Integer> expected = new HashMap<>();
    try (SeenTokens seen = new SeenTokens()) {
      for (int i = 0; i < 20_000; i++) {
        // Neighbours, collisions of the hash, and the largest id.
        int token =
            switch (random.nextInt(3)) {
              case 0 -> random.nextInt(500);
              case 1 -> random.nextInt(2000) << 18;
              default -> Integer.MAX_VALUE - random.nextInt(3);
            };
        if (random.nextBoolean()) {
          seen.addPrompt(token);
          expected.putIfAbsent(token, 0);
        } else {
          seen.addGenerated(token);
          expected.merge(token, 1, Integer::sum);
        }
      }
      Map<Integer, Integer> actual = new HashMap<>();
      for (int i = 0; i < seen.tokens().size(); i++) {
        assertThat(actual.put(seen.tokens().get(i), seen.counts().get(i))).isNull();
      }
      assertThat(actual).as("seed %d", seed).isEqualTo(expected);
    }
  }

  @Test
  void samplerStateFollowsTheAnswer() {
    SamplingParameters parameters =
        new SamplingParameters(
            0.7f, 40, 0.9f, 0.1f, 1, 0.5f, 1.2f, 77, 5, Map.of(3, -1f, 8, Float.NEGATIVE_INFINITY));
    int[] mask = {-1, 0b101};
    try (SamplerState state =
        new SamplerState(
            parameters, Masks.at(0, n -> n == 2 ? mask : null), new int[] {5, 6, 5}, 40)) {
      MemorySegment struct = state.prepare(0);
      assertThat(seen(struct)).isEqualTo(Map.of(5, 0, 6, 0));
      assertThat(qwq_sampling.allowed_mask(struct)).isEqualTo(MemorySegment.NULL);
      state.accept(6);
      state.accept(30);
      assertThat(state.prepare(2)).as("again for a repeated step").isEqualTo(state.prepare(2));
      assertThat(seen(struct)).isEqualTo(Map.of(5, 0, 6, 1, 30, 1));
      assertThat(qwq_sampling.allowed_mask(struct).getAtIndex(Qwq.C_INT, 1)).isEqualTo(5);
      assertThat(qwq_sampling.draw(struct)).isEqualTo(2);
      assertThat(qwq_sampling.seed(struct)).isEqualTo(77);
      assertThat(qwq_sampling.top_k(struct)).isEqualTo(40);
      assertThat(qwq_sampling.temperature(struct)).isEqualTo(0.7f);
      assertThat(qwq_sampling.top_p(struct)).isEqualTo(0.9f);
      assertThat(qwq_sampling.min_p(struct)).isEqualTo(0.1f);
      assertThat(qwq_sampling.presence_penalty(struct)).isEqualTo(1);
      assertThat(qwq_sampling.frequency_penalty(struct)).isEqualTo(0.5f);
      assertThat(qwq_sampling.repetition_penalty(struct)).isEqualTo(1.2f);
      assertThat(qwq_sampling.n_top_logprobs(struct)).isEqualTo(5);
      Map<Integer, Float> bias = new TreeMap<>();
      for (int i = 0; i < qwq_sampling.n_bias(struct); i++) {
        bias.put(
            qwq_sampling.bias_tokens(struct).getAtIndex(Qwq.C_INT, i),
            qwq_sampling.bias_values(struct).getAtIndex(Qwq.C_FLOAT, i));
      }
      assertThat(bias).isEqualTo(Map.of(3, -1f, 8, Float.NEGATIVE_INFINITY));
    }
  }

  private static Map<Integer, Integer> seen(MemorySegment struct) {
    Map<Integer, Integer> seen = new TreeMap<>();
    for (int i = 0; i < qwq_sampling.n_seen(struct); i++) {
      seen.put(
          qwq_sampling.seen_tokens(struct).getAtIndex(Qwq.C_INT, i),
          qwq_sampling.seen_counts(struct).getAtIndex(Qwq.C_INT, i));
    }
    return seen;
  }

  @Test
  void pacerKeepsStepsShort() {
    PrefillPacer pacer = new PrefillPacer();
    assertThat(pacer.budget(512, false)).as("unknown speed").isEqualTo(64);
    assertThat(pacer.budget(40, false)).isEqualTo(40);
    pacer.record(64, 64 * 4_000_000L); // 4 ms a token
    assertThat(pacer.budget(512, false)).isEqualTo(224);
    assertThat(pacer.budget(512, true)).isEqualTo(32);
    pacer.record(1, 500_000_000L);
    assertThat(pacer.budget(512, false)).as("decode steps say nothing").isEqualTo(224);
    for (int i = 0; i < 30; i++) {
      pacer.record(32, 32 * 10_000L); // 10 us a token
    }
    assertThat(pacer.budget(512, true)).isEqualTo(512);
    assertThat(pacer.budget(5, true)).isEqualTo(5);
  }
}
