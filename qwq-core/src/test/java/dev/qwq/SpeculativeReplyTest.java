package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** Replies that are guessed are the replies that are not. */
class SpeculativeReplyTest {
  private static final int PROMPTS = 500;
  private static final int TOGETHER = 8;

  private static String question(Random random) {
    int a = random.nextInt(90);
    int b = random.nextInt(90);
    return switch (random.nextInt(4)) {
      case 0 -> "What is %d + %d?".formatted(a, b);
      case 1 -> "How many %c's are in the word \"%s\"".formatted('a' + a % 26, word(random));
      case 2 -> "Say %s %s %s %s again.".formatted(word(random), a, word(random), b);
      default -> word(random) + " " + a;
    };
  }

  private static String word(Random random) {
    return random
        .ints(3 + random.nextInt(6), 'a', 'z' + 1)
        .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
        .toString();
  }

  private static List<Reply> replies(Model model, long seed, Speculation speculation) {
    Random random = new Random(seed);
    List<Reply> replies = new ArrayList<>();
    for (int i = 0; i < PROMPTS; i += TOGETHER) {
      List<Session> sessions = new ArrayList<>();
      List<CompletableFuture<Reply>> running = new ArrayList<>();
      for (int k = i; k < Math.min(PROMPTS, i + TOGETHER); k++) {
        Sampler.Builder sampler =
            Sampler.builder().temperature(k % 2 == 0 ? 0 : 0.9f).topP(0.95f).seed(k);
        if (k % 5 == 0) {
          sampler.presencePenalty(0.5f).repetitionPenalty(1.05f);
        }
        GenerationOptions options =
            GenerationOptions.builder()
                .sampler(sampler.build())
                .maxTokens(60)
                .speculation(speculation)
                .build();
        Session session = model.newSession();
        sessions.add(session);
        running.add(session.sendAsync(question(random), options));
      }
      running.forEach(reply -> replies.add(reply.join()));
      sessions.forEach(Session::close);
    }
    return replies;
  }

  @Test
  void areTheSameTokenForToken() {
    long seed = 26;
    ModelOptions options = ModelOptions.builder().draftModel(TinyModel.path()).build();
    try (Model model = Model.open(TinyModel.path(), options)) {
      List<Reply> plain = replies(model, seed, Speculation.OFF);
      for (Speculation speculation : List.of(Speculation.PROMPT_LOOKUP, Speculation.DRAFT_MODEL)) {
        List<Reply> guessed = replies(model, seed, speculation);
        assertThat(guessed).as("seed %d, %s", seed, speculation).isEqualTo(plain);
        int drafted = guessed.stream().mapToInt(reply -> reply.usage().draftedTokens()).sum();
        int accepted = guessed.stream().mapToInt(reply -> reply.usage().acceptedTokens()).sum();
        assertThat(drafted).isGreaterThan(PROMPTS);
        assertThat(accepted).isBetween(PROMPTS, drafted);
        if (speculation == Speculation.DRAFT_MODEL) {
          // The draft is the model: only where it was too slow or looked too far it guessed in
          // vain.
          assertThat(accepted).isGreaterThan(drafted * 9 / 10);
        }
      }
      assertThat(plain).allMatch(reply -> reply.usage().draftedTokens() == 0);
    }
  }

  @Test
  void aDraftModelMustHaveBeenOpened() {
    try (Model model = TinyModel.open();
        Session session = model.newSession()) {
      GenerationOptions options =
          GenerationOptions.builder().speculation(Speculation.DRAFT_MODEL).build();
      assertThatThrownBy(() -> session.send("x", options)).hasMessageContaining("draftModel");
      assertThat(session.send("What is 1 + 1?", TinyModel.greedy()).usage().draftedTokens())
          .isZero();
    }
  }

  @Test
  void aTimeLimitKeepsWhatWasSaidSoFar() {
    GenerationOptions endless =
        TinyModel.seeded(3).toBuilder().timeLimit(Duration.ofMillis(40)).build();
    try (Model model = TinyModel.open();
        Session session = model.newSession()) {
      int end = model.tokenizer().orElseThrow().id("<|im_end|>").orElseThrow();
      int text = model.tokenizer().orElseThrow().id("<|endoftext|>").orElse(end);
      Sampler sampler =
          Sampler.builder()
              .temperature(1)
              .seed(5)
              .logitBias(end, Float.NEGATIVE_INFINITY)
              .logitBias(text, Float.NEGATIVE_INFINITY)
              .build();
      Reply reply =
          session.send(TinyModel.STRAWBERRY, endless.toBuilder().sampler(sampler).build());
      assertThat(reply.finishReason()).isEqualTo(FinishReason.DEADLINE);
      assertThat(session.history()).hasSize(2);
      assertThatThrownBy(() -> GenerationOptions.builder().timeLimit(Duration.ZERO).build())
          .hasMessageContaining("timeLimit");
    }
  }
}
