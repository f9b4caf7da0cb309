package dev.qwq;

import dev.qwq.output.ReasoningStart;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What a closed block of thinking looks like to a model.
 *
 * @param after the blank lines between the closing marker and the answer
 */
record ThinkingMarkers(String after) {
  private static final String USUAL = "\n\n";

  // In a template's string literals or its plain text, where it writes old replies or closed
  // blocks.
  private static final Pattern WRITTEN =
      Pattern.compile(Pattern.quote(ReasoningStart.CLOSE) + "((?:\\\\n|\\n)+)");

  /** As the template writes them; one that writes none gets the lines of Qwen3 and of QwQ. */
  static ThinkingMarkers of(String template) {
    Matcher matcher = WRITTEN.matcher(template);
    String longest = "";
    while (matcher.find()) {
      String after = matcher.group(1).replace("\\n", "\n");
      if (after.length() > longest.length()) {
        longest = after;
      }
    }
    return new ThinkingMarkers(longest.isEmpty() ? USUAL : longest);
  }

  /** What follows thinking, from the start of a line. */
  String closing() {
    return ReasoningStart.CLOSE + after;
  }

  /** An empty block. */
  String closedBlock() {
    return ReasoningStart.OPEN + "\n\n" + closing();
  }
}
