package dev.qwq.engine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** KV blocks that several sequences have in common: prompts computed once, forks, copies. */
class PrefixCacheTest {
  private static final SamplingParameters GREEDY = SamplingParameters.greedy();
  private static final EngineInfo INFO = SimulatedModel.info(256, 64, 64, 16);
  private static final int BLOCK = INFO.kvBlockSize();

  private final SimulatedModel model = new SimulatedModel(INFO);

  private Engine engine() {
    return Engine.over(model, INFO, () -> {});
  }

  private static int[] tokens(int count, long seed) {
    return new Random(seed).ints(count, 0, INFO.vocabSize()).toArray();
  }

  private static Recorder submit(Engine engine, KvSequence sequence, int[] prompt, int maxTokens) {
    Recorder recorder = new Recorder();
    engine.submit(sequence, new GenerationRequest(prompt, GREEDY, maxTokens), recorder);
    return recorder;
  }

  private static Recorder run(Engine engine, KvSequence sequence, int[] prompt, int maxTokens) {
    Recorder recorder = submit(engine, sequence, prompt, maxTokens);
    recorder.end();
    return recorder;
  }

  /** What a model that shares nothing says to a prompt. */
  private static int[] alone(int[] prompt, int maxTokens) {
    try (Engine engine = Engine.over(new SimulatedModel(INFO), INFO, () -> {})) {
      return run(engine, engine.newSequence(), prompt, maxTokens).tokens();
    }
  }

  @Test
  void findsWhatAClosedConversationComputed() {
    int[] system = tokens(5 * BLOCK + 3, 1);
    try (Engine engine = engine()) {
      try (KvSequence first = engine.newSequence()) {
        run(engine, first, system, 20);
      }
      int before = model.computedTokens();
      int[] prompt = Conversation.concat(system, tokens(9, 2));
      try (KvSequence second = engine.newSequence()) {
        Recorder recorder = run(engine, second, prompt, 6);
        // Whole blocks of the prompt; what was generated there is no prompt here.
        assertThat(recorder.end().cachedTokens()).isEqualTo(5 * BLOCK);
        assertThat(recorder.tokens()).isEqualTo(alone(prompt, 6));
      }
      assertThat(model.computedTokens() - before).isEqualTo(prompt.length - 5 * BLOCK + 5);
      EngineCounters load = Stress.get(engine.load());
      assertThat(load.obtainableBlocks()).isEqualTo(INFO.kvBlocks());
      assertThat(load.keptBlocks()).isPositive();
      assertThat(load.foundBlocks()).isEqualTo(5);
    }
  }

  @Test
  void aWholePromptThatIsCachedComputesItsLastTokenAlone() {
    int[] prompt = tokens(4 * BLOCK, 3);
    try (Engine engine = engine();
        KvSequence first = engine.newSequence();
        KvSequence second = engine.newSequence()) {
      int[] expected = run(engine, first, prompt, 10).tokens();
      int before = model.computedTokens();
      Recorder again = run(engine, second, prompt, 10);
      assertThat(again.end().cachedTokens()).isEqualTo(prompt.length - 1);
      assertThat(again.tokens()).isEqualTo(expected);
      assertThat(model.computedTokens() - before).isEqualTo(10);
      assertThat(Stress.get(engine.load()).copiedBlocks()).isEqualTo(1);
    }
  }

  @Test
  void promptsThatComeTogetherAreComputedOnce() {
    int[] system = tokens(20 * BLOCK, 4); // Several steps.
    CompletableFuture<Void> submitted = new CompletableFuture<>();
    model.beforeStep(flag -> submitted.join());
    try (Engine engine = engine()) {
      List<Recorder> recorders = new ArrayList<>();
      List<int[]> prompts = new ArrayList<>();
      for (int i = 0; i < 8; i++) {
        prompts.add(Conversation.concat(system, tokens(5, 100 + i)));
        recorders.add(submit(engine, engine.newSequence(), prompts.get(i), 3));
      }
      submitted.complete(null);
      for (int i = 0; i < 8; i++) {
        assertThat(recorders.get(i).tokens()).isEqualTo(alone(prompts.get(i), 3));
      }
    }
    // The common part once; of each its own five tokens and two of the three it said.
    assertThat(model.computedTokens()).isEqualTo(system.length + 8 * (5 + 2));
  }

  @Test
  void aForkSharesUntilOneOfTheTwoWrites() {
    int[] prompt = tokens(3 * BLOCK + 2, 5);
    try (Engine engine = engine();
        KvSequence parent = engine.newSequence()) {
      int[] said = run(engine, parent, prompt, 4).tokens();
      int[] history = Conversation.concat(prompt, said);
      int before = model.computedTokens();
      try (KvSequence child = parent.fork();
          KvSequence grandchild = child.fork()) {
        assertThat(Stress.get(engine.load()).copiedBlocks()).as("nothing is copied yet").isZero();
        int[] toParent = Conversation.concat(history, tokens(7, 6));
        int[] toChild = Conversation.concat(history, tokens(7, 7));
        Recorder one = run(engine, parent, toParent, 9);
        Recorder two = run(engine, child, toChild, 9);
        Recorder three = run(engine, grandchild, toChild, 9);
        // The token said last was never computed.
        assertThat(one.end().cachedTokens()).isEqualTo(history.length - 1);
        assertThat(two.end().cachedTokens()).isEqualTo(history.length - 1);
        assertThat(three.end().cachedTokens()).isEqualTo(history.length - 1);
        assertThat(Stress.get(engine.load()).copiedBlocks())
            .as("the parent goes on in its own block")
            .isEqualTo(2);
        assertThat(model.computedTokens() - before).isEqualTo(3 * (8 + 8));
        assertThat(three.tokens()).isEqualTo(two.tokens());

        // As if each had been alone all the time.
        try (Engine other = Engine.over(new SimulatedModel(INFO), INFO, () -> {});
            KvSequence single = other.newSequence()) {
          run(other, single, prompt, 4);
          assertThat(one.tokens()).isEqualTo(run(other, single, toParent, 9).tokens());
          assertThat(two.tokens()).isEqualTo(run(other, single, toChild, 9).tokens());
        }
      }
    }
  }

  @Test
  void goingBackIntoWhatAForkReliesOnCopiesIt() {
    int[] prompt = tokens(2 * BLOCK + 6, 8);
    try (Engine engine = engine();
        KvSequence parent = engine.newSequence()) {
      run(engine, parent, prompt, 1);
      try (KvSequence child = parent.fork()) {
        // The parent goes back four tokens, in the block that the child reads.
        int[] other = prompt.clone();
        other[prompt.length - 4] = (other[prompt.length - 4] + 1) % INFO.vocabSize();
        assertThat(run(engine, parent, other, 5).tokens()).isEqualTo(alone(other, 5));
        assertThat(run(engine, child, prompt, 5).tokens()).isEqualTo(alone(prompt, 5));
      }
    }
  }

  @Test
  void forksOfARunningSequenceTakeWhatItHasComputedSoFar() {
    int[] prompt = tokens(30, 9);
    try (Engine engine = engine();
        KvSequence parent = engine.newSequence()) {
      CompletableFuture<KvSequence> forked = new CompletableFuture<>();
      Recorder running =
          new Recorder() {
            private int count;

            @Override
            public void onToken(int token, float logprob, TopLogprobs top) {
              super.onToken(token, logprob, top);
              count++;
              if (count == 5) {
                forked.complete(parent.fork());
              }
            }
          };
      engine.submit(parent, new GenerationRequest(prompt, GREEDY, 40), running);
      try (KvSequence child = forked.join()) {
        int[] whole = running.tokens();
        int[] soFar = Conversation.concat(prompt, Arrays.copyOf(whole, 5));
        Recorder onward = run(engine, child, soFar, 35);
        assertThat(Conversation.concat(Arrays.copyOf(whole, 5), onward.tokens())).isEqualTo(whole);
        assertThat(onward.end().cachedTokens()).isGreaterThanOrEqualTo(prompt.length);
      }
    }
  }

  @Test
  void generatedTokensAreNotTakenForPromptTokens() {
    int[] prompt = tokens(4, 10);
    try (Engine engine = engine();
        KvSequence first = engine.newSequence();
        KvSequence second = engine.newSequence()) {
      int[] said = run(engine, first, prompt, 40).tokens();
      // The same ids, all of them prompt: another recipe, other K and V.
      int[] repeated = Conversation.concat(prompt, said);
      Recorder recorder = run(engine, second, repeated, 5);
      assertThat(recorder.end().cachedTokens()).isZero();
      assertThat(recorder.tokens()).isEqualTo(alone(repeated, 5));
    }
  }

  @Test
  void scoringComputesEveryToken() {
    int[] text = tokens(5 * BLOCK, 11);
    try (Engine engine = engine();
        KvSequence sequence = engine.newSequence()) {
      run(engine, sequence, text, 1);
      Scores cached = engine.score(text, new int[0], n -> {});
      try (Engine fresh = Engine.over(new SimulatedModel(INFO), INFO, () -> {})) {
        assertThat(cached.logprobs()).isEqualTo(fresh.score(text, new int[0], n -> {}).logprobs());
      }
    }
  }

  @Test
  void keepsWhatWasUsedLast() {
    // Room for one context and a half: what was not used for longest goes.
    EngineInfo small = SimulatedModel.info(12 * BLOCK, 18, 64, 4);
    try (Engine engine = Engine.over(new SimulatedModel(small), small, () -> {})) {
      int[] first = tokens(6 * BLOCK + 1, 12);
      int[] second = tokens(6 * BLOCK + 1, 13);
      for (int[] prompt : List.of(first, second, first)) {
        try (KvSequence sequence = engine.newSequence()) {
          run(engine, sequence, prompt, 1);
        }
      }
      try (KvSequence sequence = engine.newSequence()) {
        run(engine, sequence, tokens(11 * BLOCK, 14), 1); // takes what is free and some of `second`
      }
      assertThat(Stress.get(engine.load()).evictions()).isPositive();
      assertThat(run(engine, engine.newSequence(), first, 1).end().cachedTokens())
          .isEqualTo(6 * BLOCK);
      int left = run(engine, engine.newSequence(), second, 1).end().cachedTokens();
      assertThat(left).isLessThan(6 * BLOCK);
    }
  }

  /** Forks of forks, in small memory, each of which must say what it says alone. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void treesOfForksSayWhatEachBranchSaysAlone(long seed) {
    Random random = new Random(seed);
    EngineInfo small = SimulatedModel.info(160, 26, 24, 8);
    SimulatedModel tight = new SimulatedModel(small);
    try (Engine engine = Engine.over(tight, small, () -> {});
        Engine roomy = Engine.over(new SimulatedModel(INFO), INFO, () -> {})) {
      List<KvSequence> branches = new ArrayList<>(List.of(engine.newSequence()));
      List<KvSequence> models = new ArrayList<>(List.of(roomy.newSequence()));
      List<int[]> histories = new ArrayList<>(List.of(tokens(1 + random.nextInt(40), seed)));
      for (int round = 0; round < 12; round++) {
        List<Recorder> recorders = new ArrayList<>();
        List<int[]> prompts = new ArrayList<>();
        for (int i = 0; i < branches.size(); i++) {
          int[] history = histories.get(i);
          int kept = random.nextInt(3) == 0 ? 1 + random.nextInt(history.length) : history.length;
          prompts.add(
              Conversation.concat(
                  Arrays.copyOf(history, kept), tokens(1 + random.nextInt(4), random.nextLong())));
          recorders.add(submit(engine, branches.get(i), prompts.get(i), 1 + random.nextInt(6)));
        }
        for (int i = 0; i < branches.size(); i++) {
          int[] said = recorders.get(i).tokens();
          assertThat(run(roomy, models.get(i), prompts.get(i), said.length).tokens())
              .as("branch %d, round %d, seed %d", i, round, seed)
              .isEqualTo(said);
          histories.set(i, Conversation.concat(prompts.get(i), said));
        }
        int chosen = random.nextInt(branches.size());
        if (branches.size() < 6) {
          branches.add(branches.get(chosen).fork());
          models.add(models.get(chosen).fork());
          histories.add(histories.get(chosen));
        } else {
          branches.remove(chosen).close();
          models.remove(chosen).close();
          histories.remove(chosen);
        }
      }
      branches.forEach(KvSequence::close);
      assertThat(Stress.get(engine.load()).obtainableBlocks()).isEqualTo(small.kvBlocks());
    }
  }

  @Test
  void aClosedSequenceIsNotForked() {
    try (Engine engine = engine()) {
      KvSequence sequence = engine.newSequence();
      sequence.close();
      assertThatThrownBy(sequence::fork)
          .isInstanceOfSatisfying(
              QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.CLOSED));
    }
  }

  @Test
  void aTransferThatPinsBlocksOnlyDelaysOthers() throws Exception {
    EngineInfo small = SimulatedModel.info(8 * BLOCK, 8, 64, 2);
    try (Engine engine = Engine.over(new SimulatedModel(small), small, () -> {});
        KvSequence saved = engine.newSequence();
        KvSequence other = engine.newSequence()) {
      int[] prompt = tokens(6 * BLOCK, 20);
      run(engine, saved, prompt, 2);
      Recorder delayed;
      int[] large = tokens(7 * BLOCK, 21);
      try (KvTransfer transfer = engine.transfer(saved)) {
        assertThat(transfer.tokens().computed()).isEqualTo(prompt.length + 1);
        assertThatThrownBy(() -> engine.transfer(saved)).isInstanceOf(QwqException.class);
        delayed = submit(engine, other, large, 3);
        List<byte[]> blocks = new ArrayList<>();
        transfer.readBlocks(
            block -> {
              byte[] bytes = new byte[block.remaining()];
              block.get(bytes);
              blocks.add(bytes);
            });
        assertThat(blocks).hasSize(7);
        assertThat(delayed.ends()).as("waits for the blocks").isZero();
      }
      assertThat(delayed.tokens()).isEqualTo(alone(large, 3));
    }
  }

  @Test
  void aForkInTheLastBlockOfAFullCacheIsComputedAgain() {
    EngineInfo exact = SimulatedModel.info(8 * BLOCK, 8, 64, 2);
    int[] prompt = tokens(7 * BLOCK + 3, 22);
    try (Engine engine = Engine.over(new SimulatedModel(exact), exact, () -> {});
        KvSequence parent = engine.newSequence()) {
      run(engine, parent, prompt, 1);
      try (KvSequence child = parent.fork()) {
        int[] other = Conversation.concat(prompt, tokens(2, 23));
        assertThat(run(engine, child, other, 2).tokens()).isEqualTo(alone(other, 2));
        assertThat(run(engine, parent, prompt, 3).tokens()).isEqualTo(alone(prompt, 3));
      }
    }
  }
}
