package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.grammar.SchemaParts.Part;
import java.util.List;

/** Reads keywords that are counts, from several schema objects that all hold. */
final class Keywords {
  private Keywords() {}

  /** The largest of the counts, or 0. */
  static int atLeast(List<Part> parts, String keyword) {
    int most = 0;
    for (Part part : parts) {
      if (part.node().has(keyword)) {
        most = Math.max(most, count(part, keyword));
      }
    }
    return most;
  }

  /** The smallest of the counts, or {@link Regex#UNBOUNDED}. */
  static int atMost(List<Part> parts, String keyword) {
    int least = Regex.UNBOUNDED;
    for (Part part : parts) {
      if (part.node().has(keyword)) {
        int count = count(part, keyword);
        least = least == Regex.UNBOUNDED ? count : Math.min(least, count);
      }
    }
    return least;
  }

  private static int count(Part part, String keyword) {
    JsonNode value = part.node().get(keyword);
    boolean whole = value.isNumber() && Values.type(value) == ValueCompiler.Type.INTEGER;
    if (!whole || value.decimalValue().signum() < 0) {
      throw part.error(keyword, "expected a whole number from 0, found " + value);
    }
    return value.decimalValue().min(java.math.BigDecimal.valueOf(Integer.MAX_VALUE)).intValue();
  }

  /** Whether one of the parts has one of the keywords. */
  static boolean any(List<Part> parts, String... keywords) {
    for (Part part : parts) {
      for (String keyword : keywords) {
        if (part.node().has(keyword)) {
          return true;
        }
      }
    }
    return false;
  }
}
