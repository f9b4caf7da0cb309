package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import jdk.jfr.Recording;
import jdk.jfr.consumer.RecordedEvent;
import jdk.jfr.consumer.RecordingFile;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a model tells about itself. */
class MetricsTest {
  /** Long enough that its speed says something. */
  private static final String LONG = "Think well. ".repeat(20) + "What is 12 + 30?";

  @TempDir Path folder;

  /** The numbers are those of the last step's end, which comes a little after a reply's. */
  private static ModelMetrics idle(Model model) {
    long end = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    ModelMetrics metrics = model.metrics();
    while (System.nanoTime() < end
        && (metrics.queue().running() > 0 || metrics.cache().usedTokens() > 0)) {
      Thread.onSpinWait();
      metrics = model.metrics();
    }
    return metrics;
  }

  @Test
  void countsWhatWasDone() {
    ModelOptions options = ModelOptions.builder().maxSequences(2).kvCacheTokens(2048).build();
    try (Model model = Model.open(TinyModel.path(), options);
        Session session = model.newSession()) {
      ModelMetrics before = model.metrics();
      assertThat(before.steps()).isZero();
      assertThat(before.promptTokensPerSecond()).isZero();
      Reply first = session.send(LONG, TinyModel.greedy());
      Reply second =
          session.send(
              "What is 7 + 8?",
              TinyModel.greedy().toBuilder()
                  .speculation(Speculation.PROMPT_LOOKUP)
                  .maxTokens(9)
                  .build());
      try (ReplyStream cut = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
        cut.next();
      }
      ModelMetrics metrics = idle(model);
      Usage one = first.usage();
      Usage two = second.usage();
      assertThat(metrics.replies().accepted()).isEqualTo(3);
      assertThat(metrics.replies().stopped()).isEqualTo(1);
      assertThat(metrics.replies().limited()).isEqualTo(1);
      assertThat(metrics.replies().cancelled()).isEqualTo(1);
      assertThat(metrics.replies().failed() + metrics.replies().refused()).isZero();
      assertThat(metrics.tokens().prompt()).isGreaterThan(one.promptTokens() + two.promptTokens());
      assertThat(metrics.tokens().cached())
          .isGreaterThanOrEqualTo(one.cachedTokens() + two.cachedTokens());
      assertThat(metrics.tokens().generated())
          .isGreaterThanOrEqualTo(one.generatedTokens() + two.generatedTokens());
      assertThat(metrics.tokens().drafted()).isEqualTo(two.draftedTokens());
      assertThat(metrics.tokens().accepted()).isEqualTo(two.acceptedTokens());
      assertThat(metrics.queue()).isEqualTo(new ModelMetrics.Queue(0, 0, 0));
      ModelMetrics.Cache cache = metrics.cache();
      assertThat(cache.keptTokens()).isPositive();
      assertThat(cache.usedTokens() + cache.keptTokens() + cache.freeTokens()).isEqualTo(2048);
      assertThat(metrics.steps()).isPositive();
      assertThat(metrics.stepTime()).isPositive();
      assertThat(metrics.promptTokensPerSecond()).isPositive();
      assertThat(metrics.tokensPerSecond()).isPositive();
    }
  }

  @Test
  void tellsTheFlightRecorder() throws Exception {
    List<String> kinds = List.of("Load", "Queue", "Cache", "Prefill", "Step", "Sample", "Cancel");
    Path file = folder.resolve("qwq.jfr");
    int generated;
    try (Recording recording = new Recording()) {
      kinds.forEach(kind -> recording.enable("dev.qwq." + kind).withThreshold(Duration.ZERO));
      recording.start();
      try (Model model = TinyModel.open();
          Session session = model.newSession()) {
        Reply reply = session.send("What is 12 + 30?", TinyModel.greedy());
        generated = reply.tokens().length;
        try (ReplyStream cut = session.stream(TinyModel.STRAWBERRY, TinyModel.greedy())) {
          cut.next();
        }
      }
      recording.stop();
      recording.dump(file);
    }
    List<RecordedEvent> events =
        RecordingFile.readAllEvents(file).stream()
            .filter(event -> event.getEventType().getName().startsWith("dev.qwq."))
            .toList();
    assertThat(
            events.stream()
                .map(event -> event.getEventType().getName().substring("dev.qwq.".length()))
                .collect(Collectors.toSet()))
        .containsExactlyInAnyOrderElementsOf(kinds);
    List<RecordedEvent> samples = new ArrayList<>(events);
    samples.removeIf(event -> !event.getEventType().getName().endsWith("Sample"));
    assertThat(samples).hasSizeGreaterThanOrEqualTo(generated);
    RecordedEvent step =
        events.stream()
            .filter(event -> event.getEventType().getName().endsWith("Step"))
            .findFirst()
            .orElseThrow();
    assertThat(step.getInt("sequences")).isEqualTo(1);
    assertThat(step.getBoolean("completed")).isTrue();
    assertThat(step.getInt("tokens")).isGreaterThan(1);
    RecordedEvent cancel =
        events.stream()
            .filter(event -> event.getEventType().getName().endsWith("Cancel"))
            .findFirst()
            .orElseThrow();
    assertThat(cancel.getString("reason")).isEqualTo("CANCELLED");
    assertThat(cancel.getDuration()).isLessThan(Duration.ofSeconds(5));
  }

  @Test
  void plansPrompts() {
    try (Model model =
            Model.open(TinyModel.path(), ModelOptions.builder().contextLength(256).build());
        Session session = model.newSession()) {
      PromptPlan cold = session.plan(Message.user(LONG));
      assertThat(cold.cachedTokens()).isZero();
      assertThat(cold.timeToFirstToken()).isEmpty();
      assertThat(cold.yarn()).isEqualTo(PromptPlan.Yarn.NOT_NEEDED);
      Reply reply = session.send(LONG, TinyModel.greedy());
      assertThat(reply.usage().promptTokens()).isEqualTo(cold.promptTokens());
      assertThat(cold.replyTokens()).isEqualTo(256 - cold.promptTokens());
      assertThat(cold.kvBytes()).isEqualTo(cold.promptTokens() * model.info().kvBytesPerToken());

      idle(model);
      PromptPlan warm = session.plan(Message.user("What is 7 + 8?"));
      assertThat(warm.hiddenReasoning()).isEqualTo(1);
      assertThat(warm.timeToFirstToken()).isPresent();
      assertThat(warm.fits()).isTrue();
      Reply next = session.send("What is 7 + 8?", TinyModel.greedy());
      assertThat(next.usage().promptTokens()).isEqualTo(warm.promptTokens());
      assertThat(next.usage().cachedTokens()).isEqualTo(warm.cachedTokens());

      List<Message> conversation = new ArrayList<>();
      for (int i = 0; i < 20; i++) {
        conversation.add(Message.user("Question %d: what is 12 + 30, please?".formatted(i)));
        conversation.add(Message.assistant("It is 42, as always."));
      }
      conversation.add(Message.user("And 7 + 8?"));
      PromptPlan full = model.plan(conversation, SessionOptions.defaults());
      assertThat(full.fits()).isFalse();
      assertThat(full.messagesToDrop()).isBetween(1, conversation.size() - 1);
      List<Message> rest = conversation.subList(full.messagesToDrop(), conversation.size());
      assertThat(model.plan(rest, SessionOptions.defaults()).fits()).isTrue();
      List<Message> more = conversation.subList(full.messagesToDrop() - 1, conversation.size());
      assertThat(model.plan(more, SessionOptions.defaults()).fits()).isFalse();
    }
  }

  @Test
  void plansYarn() {
    try (Model model = Model.open(TinyModel.path(), ModelOptions.builder().yarnFactor(4).build())) {
      assertThat(model.plan(List.of(Message.user("Hello.")), SessionOptions.defaults()).yarn())
          .isEqualTo(PromptPlan.Yarn.IN_USE_WITHOUT_NEED);
    }
  }
}
