package dev.qwq.agent;

import dev.qwq.ToolCall;
import dev.qwq.ToolResult;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Calls whose JSON is broken stay text of the answer. An agent tells the model, which may write
 * them anew.
 */
final class MalformedCalls {
  /** What begins as a call does. A mere mention of the marker does not. */
  private static final Pattern CALL = Pattern.compile("<tool_call>\\s*\\{");

  private static final int SHOWN = 200;

  private MalformedCalls() {}

  /** Finds them; what is said to the model is in the outcomes. */
  static List<ToolOutcome> in(String answer) {
    return CALL.matcher(answer)
        .results()
        .map(match -> outcome(answer.substring(match.start())))
        .toList();
  }

  private static ToolOutcome outcome(String text) {
    String shown = text.length() <= SHOWN ? text : text.substring(0, SHOWN) + "…";
    return new ToolOutcome(
        new ToolCall("", Map.of()),
        ToolOutcome.Status.MALFORMED,
        ToolResult.error(
            "expected one JSON object with \"name\" and \"arguments\" and </tool_call>, found "
                + shown),
        Duration.ZERO,
        Optional.empty());
  }
}
