package dev.qwq.examples.cli;

import dev.qwq.GenerationOptions;
import dev.qwq.RepetitionPolicy;
import dev.qwq.ThinkingBudget;
import dev.qwq.ThinkingMode;
import java.util.Locale;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** How long a model thinks, and what happens when it goes round in circles. */
final class ThinkingOptions {
  /** What {@code --on-loop} takes. */
  enum OnLoop {
    IGNORE,
    REPORT,
    STOP,
    PENALTY,
    ANSWER;

    RepetitionPolicy policy() {
      return switch (this) {
        case IGNORE -> RepetitionPolicy.off();
        case REPORT -> RepetitionPolicy.report();
        case STOP -> RepetitionPolicy.stop();
        case PENALTY -> RepetitionPolicy.raisePresencePenalty(0.5f, 3);
        case ANSWER -> RepetitionPolicy.endThinking();
      };
    }

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  @Option(
      names = "--no-thinking",
      description = "Answer without thinking, where the model would think.")
  private boolean noThinking;

  @Option(
      names = "--thinking-budget",
      paramLabel = "LIMIT",
      description =
          "End the thinking after so many tokens (500), so much time (90s, 5m), or what comes"
              + " first of both (500,90s) (default: no limit).")
  private @Nullable String budget;

  @Option(
      names = "--thinking-nudge",
      arity = "0..1",
      fallbackValue = "",
      paramLabel = "TEXT",
      description =
          "End it with a sentence to the model, this one or else a usual one, and not at once.")
  private @Nullable String nudge;

  @Option(
      names = "--on-loop",
      paramLabel = "ACTION",
      description =
          "When the reply says the same over and over: ${COMPLETION-CANDIDATES} (a penalty on what"
              + " was said, or the answer without further thought; default: report).")
  private OnLoop onLoop = OnLoop.REPORT;

  /** Fails as the API does if a value is out of its range. */
  void addTo(GenerationOptions.Builder builder) {
    builder.thinking(noThinking ? ThinkingMode.OFF : ThinkingMode.AUTO);
    builder.repetition(onLoop.policy());
    ThinkingBudget limit =
        budget == null ? ThinkingBudget.unlimited() : ThinkingLimit.parse(budget);
    if (nudge != null) {
      limit = nudge.isEmpty() ? limit.withNudge() : limit.withNudge(nudge);
    }
    builder.thinkingBudget(limit);
  }
}
