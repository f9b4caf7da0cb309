package dev.qwq.examples.cli;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.ThinkingBudget;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Limits to thinking as people write them. */
final class ThinkingLimit {
  private static final Pattern PART = Pattern.compile("(\\d{1,9})(ms|s|m|h)?");

  private ThinkingLimit() {}

  /**
   * Reads a limit: tokens ({@code 500}), a time ({@code 90s}, {@code 5m}), or both with a comma.
   *
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is none
   */
  static ThinkingBudget parse(String text) {
    int tokens = -1;
    Duration time = null;
    for (String part : text.split(",", -1)) {
      Matcher matcher = PART.matcher(part.strip());
      boolean isTime = matcher.matches() && matcher.group(2) != null;
      if (!matcher.matches() || (isTime ? time != null : tokens >= 0)) {
        throw new QwqException(
            ErrorCode.INVALID_ARGUMENT,
            "thinkingBudget: expected tokens (500), a time (90s, 5m) or both (500,90s), found "
                + text);
      }
      int number = Integer.parseInt(matcher.group(1));
      if (isTime) {
        time =
            switch (matcher.group(2)) {
              case "ms" -> Duration.ofMillis(number);
              case "s" -> Duration.ofSeconds(number);
              case "m" -> Duration.ofMinutes(number);
              default -> Duration.ofHours(number);
            };
      } else {
        tokens = number;
      }
    }
    ThinkingBudget budget =
        tokens < 0 ? ThinkingBudget.unlimited() : ThinkingBudget.ofTokens(tokens);
    return time == null ? budget : budget.orTime(time);
  }
}
