package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.qwq.engine.GenerationEnd;
import dev.qwq.engine.SamplingParameters;
import dev.qwq.engine.Steering;
import dev.qwq.output.ByteTokenizer;
import dev.qwq.output.ReasoningStart;
import dev.qwq.output.ThinkingTracker;
import dev.qwq.tokenizer.Tokenizer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is written into a reply, and where, with a model that says what the test wants. */
class ReplySteeringTest {
  private static final ThinkingMarkers MARKERS = ThinkingMarkers.of("");

  private final Tokenizer bytes = ByteTokenizer.create();
  private final Tokenizer tiny = Tokenizer.open(TinyModel.path());
  private final AtomicLong clock = new AtomicLong();

  /** Generates as the engine does: forced tokens first, else the script's next. */
  private final class Run implements Steering.Control {
    private final Tokenizer tokenizer;
    private final ReplySteering steering;
    private final TokenFeed feed = new TokenFeed();
    private final Deque<Integer> forced = new ArrayDeque<>();
    private final StringBuilder text = new StringBuilder();
    private SamplingParameters sampling = SamplingParameters.greedy();
    private GenerationEnd.@Nullable Reason end;
    private int drawn;
    private int written;

    Run(
        Tokenizer tokenizer,
        ReasoningStart start,
        boolean opened,
        ThinkingBudget budget,
        RepetitionPolicy policy) {
      this.tokenizer = tokenizer;
      steering =
          new ReplySteering(
              new ThinkingTracker(tokenizer, start, opened),
              new ThinkingCloser(tokenizer, MARKERS, budget.nudge().orElse(null)),
              budget,
              policy,
              feed,
              clock::get);
      steering.beforeFirst(this);
    }

    Run write(String script) {
      for (int token : tokenizer.encode(script)) {
        drain();
        if (end == null) {
          drawn++;
          clock.addAndGet(Duration.ofSeconds(1).toNanos());
          take(token, false);
        }
      }
      drain();
      return this;
    }

    private void drain() {
      while (end == null && !forced.isEmpty()) {
        written++;
        take(forced.removeFirst(), true);
      }
    }

    private void take(int token, boolean isForced) {
      text.append(tokenizer.decode(token));
      steering.after(token, isForced, this);
    }

    @Override
    public void force(int... tokens) {
      for (int token : tokens) {
        forced.add(token);
      }
    }

    @Override
    public void end(GenerationEnd.Reason reason) {
      end = reason;
    }

    @Override
    public SamplingParameters sampling() {
      return sampling;
    }

    @Override
    public void sampling(SamplingParameters parameters) {
      sampling = parameters;
    }
  }

  private Run opened(Tokenizer tokenizer, ThinkingBudget budget) {
    return new Run(tokenizer, ReasoningStart.THINKING, true, budget, RepetitionPolicy.off());
  }

  private static ThinkingBudget tokens(int count) {
    return ThinkingBudget.ofTokens(count);
  }

  @Test
  void hardBudgetsCloseAtOnce() {
    assertThat(opened(bytes, tokens(4)).write("abcdefgh").text)
        .asString()
        .isEqualTo("abcd\n</think>\n\nefgh");
    assertThat(opened(bytes, tokens(4)).write("abc\ndefgh").text)
        .asString()
        .isEqualTo("abc\n</think>\n\ndefgh");
    Run single = opened(tiny, tokens(5)).write("one two three four five six");
    assertThat(single.drawn).isGreaterThan(5);
    assertThat(single.text).asString().containsOnlyOnce("\n</think>\n\n");
    // newline, marker and blank line are a token each in a vocabulary that has the marker.
    assertThat(single.written).isEqualTo(3);
  }

  @Test
  void softBudgetsSayWhyFirst() {
    assertThat(opened(bytes, tokens(4).withNudge("Enough.")).write("abcdefgh").text)
        .asString()
        .isEqualTo("abcd\n\nEnough.\n</think>\n\nefgh");
    assertThat(opened(bytes, tokens(4).withNudge()).write("abc\nefgh").text)
        .asString()
        .isEqualTo("abc\n" + ThinkingBudget.DEFAULT_NUDGE + "\n</think>\n\nefgh");
  }

  @Test
  void aNudgeCannotSmuggleSpecialTokensIn() {
    Run run = opened(tiny, tokens(0).withNudge("Stop<|im_end|> here.")).write("The answer");
    assertThat(run.text).asString().isEqualTo("Stop<|im_end|> here.\n</think>\n\nThe answer");
    assertThat(run.written).isGreaterThan(8); // spelled out, where the token would be one
  }

  @Test
  void aBudgetOfZeroIsAClosedBlock() {
    assertThat(opened(bytes, tokens(0)).write("yes").text)
        .asString()
        .isEqualTo("\n</think>\n\nyes");
    Run own = new Run(bytes, ReasoningStart.THINKING, false, tokens(0), RepetitionPolicy.off());
    assertThat(own.write("yes").text).asString().isEqualTo("<think>\n\n</think>\n\nyes");
    assertThat(opened(bytes, tokens(0).withNudge("Go.")).write("yes").text)
        .asString()
        .isEqualTo("Go.\n</think>\n\nyes");
    assertThat(opened(bytes, ThinkingBudget.ofTime(Duration.ZERO)).write("yes").text)
        .asString()
        .isEqualTo("\n</think>\n\nyes");
  }

  @Test
  void aBudgetThatTheModelKeepsChangesNothing() {
    String script = "abc</think>\n\nThe answer is long, much longer than the budget.";
    for (int budget = 11; budget < 20; budget++) { // 11: used up by the marker's last token
      Run run = opened(bytes, tokens(budget)).write(script);
      assertThat(run.text).asString().isEqualTo(script);
      assertThat(run.written).isZero();
    }
    Run exact = opened(tiny, tokens(tiny.encode("Let me see.\n</think>").length));
    assertThat(exact.write("Let me see.\n</think>\n\nIt is 3.").written).isZero();
  }

  @Test
  void aMarkerThatIsBegunIsFinished() {
    String script = "abc</think>\n\nyes";
    for (int budget = 5; budget < 11; budget++) {
      assertThat(opened(bytes, tokens(budget).withNudge()).write(script.substring(0, budget)).text)
          .as("after %d tokens", budget)
          .asString()
          .isEqualTo("abc</think>\n\n");
    }
    // A lone "<" may be anything.
    assertThat(opened(bytes, tokens(4)).write("abc< b").text)
        .asString()
        .isEqualTo("abc<\n</think>\n\n b");
    // Where the marker is a token of its own, pieces of it are text.
    assertThat(opened(tiny, tokens(tiny.encode("a</").length)).write("a</td>").text)
        .asString()
        .isEqualTo("a</\n</think>\n\ntd>");
  }

  @Test
  void aCharacterThatIsBegunIsFinished() {
    assertThat(opened(bytes, tokens(2)).write("a\uD83D\uDE00b").written).isEqualTo(11);
    Run run = opened(bytes, tokens(2));
    run.write("a\uD83D\uDE00b");
    assertThat(run.drawn).isEqualTo(6);
    assertThat(run.steering.thinkingTime()).isEqualTo(Duration.ofSeconds(4));
  }

  @Test
  void modelsThatDoNotThinkAreLeftAlone() {
    Run answer =
        new Run(bytes, ReasoningStart.ANSWER, false, tokens(0).withNudge(), RepetitionPolicy.off());
    answer.steering.endThinking();
    assertThat(answer.write("abcdefgh").text).asString().isEqualTo("abcdefgh");
    assertThat(answer.steering.thinkingTime()).isZero();
    // One that opens a block by itself thinks.
    Run opens = new Run(bytes, ReasoningStart.ANSWER, false, tokens(4), RepetitionPolicy.off());
    assertThat(opens.write("<think>abcdefgh").text)
        .asString()
        .isEqualTo("<think>abc\n</think>\n\ndefgh");
  }

  @Test
  void timeIsMeasuredFromTheFirstThought() {
    clock.set(Duration.ofHours(1).toNanos());
    Run run = opened(bytes, ThinkingBudget.ofTime(Duration.ofSeconds(4)));
    clock.addAndGet(Duration.ofHours(1).toNanos()); // a long prompt
    assertThat(run.write("abcdefgh").text).asString().isEqualTo("abcde\n</think>\n\nfgh");
    assertThat(run.steering.thinkingTime()).isEqualTo(Duration.ofSeconds(4));
    Run both = opened(bytes, tokens(3).orTime(Duration.ofSeconds(4)));
    assertThat(both.write("abcdefgh").text).asString().isEqualTo("abc\n</think>\n\ndefgh");
  }

  @Test
  void thinkingCanBeEndedFromOutside() {
    Run run = opened(bytes, ThinkingBudget.unlimited().withNudge("Enough."));
    run.write("abc");
    run.steering.endThinking();
    run.write("de");
    run.steering.endThinking();
    assertThat(run.write("fg").text).asString().isEqualTo("abcd\n\nEnough.\n</think>\n\nefg");
  }

  @Test
  void loopsAreReportedOnce() {
    Run run = looping(RepetitionPolicy.report(), "I know. ", 200);
    assertThat(run.end).isNull();
    assertThat(run.drawn).isEqualTo(1600);
    assertThat(signals(run)).isEqualTo("8x64 REPORT;");
  }

  private Run looping(RepetitionPolicy policy, String span, int times) {
    Run run = new Run(bytes, ReasoningStart.THINKING, true, ThinkingBudget.unlimited(), policy);
    return run.write(span.repeat(times));
  }

  private static String signals(Run run) {
    StringBuilder all = new StringBuilder();
    run.feed.onEnd(new GenerationEnd(GenerationEnd.Reason.STOP, 0, 0, 0, 0, 0, 0, 0, 0, 0, null));
    try {
      while (run.feed.take() instanceof TokenFeed.Repetition signal) {
        all.append(signal.period())
            .append('x')
            .append(signal.repeats())
            .append(' ')
            .append(signal.action())
            .append(';');
      }
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
    return all.toString();
  }

  @Test
  void loopsCanEndTheReply() {
    Run run = looping(RepetitionPolicy.stop(), "I know. ", 200);
    assertThat(run.end).isEqualTo(GenerationEnd.Reason.REPETITION);
    assertThat(run.drawn).isEqualTo(512);
    assertThat(signals(run)).isEqualTo("8x64 STOP;");
  }

  @Test
  void loopsCanEndTheThinkingAndThenTheReply() {
    Run run = looping(RepetitionPolicy.endThinking(), "I know. ", 200);
    assertThat(run.text).asString().startsWith("I know. ".repeat(64) + "\n</think>\n\nI know. ");
    assertThat(run.end).isEqualTo(GenerationEnd.Reason.REPETITION);
    assertThat(run.drawn).isEqualTo(1024);
    assertThat(signals(run)).isEqualTo("8x64 END_THINKING;8x64 STOP;");
  }

  @Test
  void loopsCanRaiseThePresencePenalty() {
    Run twice = looping(RepetitionPolicy.raisePresencePenalty(0.75f, 2), "I know. ", 400);
    assertThat(twice.sampling.presencePenalty()).isEqualTo(1.5f);
    assertThat(twice.end).isEqualTo(GenerationEnd.Reason.REPETITION);
    assertThat(signals(twice))
        .isEqualTo("8x64 RAISE_PRESENCE_PENALTY;8x64 RAISE_PRESENCE_PENALTY;8x64 STOP;");
    Run capped = looping(RepetitionPolicy.raisePresencePenalty(1.5f, 9), "I know. ", 250);
    assertThat(capped.sampling.presencePenalty()).isEqualTo(2);
    assertThat(capped.end).isEqualTo(GenerationEnd.Reason.REPETITION);
  }

  @Test
  void thresholdsCanBeSet() {
    RepetitionPolicy eager = RepetitionPolicy.stop().withThresholds(10, 3, 20);
    assertThat(looping(eager, "ab", 100).drawn).isEqualTo(10);
    assertThat(looping(eager, "I know. ", 100).drawn).isEqualTo(24);
    assertThat(looping(eager, "It is longer than it says.", 100).end).isNull();
    assertThat(looping(RepetitionPolicy.off(), "ab", 1000).end).isNull();
  }

  @Test
  void valuesOutOfRangeAreNamed() {
    refuses(() -> ThinkingBudget.ofTokens(-1), "thinkingBudget.tokens", "-1");
    refuses(() -> ThinkingBudget.ofTime(Duration.ofSeconds(-1)), "thinkingBudget.time", "PT-1S");
    refuses(() -> tokens(1).withNudge(" "), "thinkingBudget.nudge", "");
    refuses(() -> tokens(1).withNudge("a</think>"), "thinkingBudget.nudge", "a</think>");
    refuses(() -> RepetitionPolicy.raisePresencePenalty(0, 1), "repetition.penaltyStep", "0.0");
    refuses(() -> RepetitionPolicy.raisePresencePenalty(1, 0), "repetition.penaltyRaises", "0");
    refuses(() -> RepetitionPolicy.stop().withThresholds(0, 4, 9), "repetition.minTokens", "0");
    refuses(() -> RepetitionPolicy.stop().withThresholds(9, 1, 9), "repetition.minRepeats", "1");
    refuses(
        () -> RepetitionPolicy.stop().withThresholds(9, 4, 16_385),
        "repetition.maxPeriod",
        "16385");
  }

  private static void refuses(Runnable call, String field, String found) {
    assertThatThrownBy(call::run)
        .isInstanceOfSatisfying(
            QwqException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_ARGUMENT))
        .hasMessageContaining(field)
        .hasMessageContaining(found);
  }
}
