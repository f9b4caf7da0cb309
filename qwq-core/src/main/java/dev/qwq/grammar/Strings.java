package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.QwqException;
import dev.qwq.grammar.SchemaParts.Part;
import java.util.List;

/** What schemas say about strings. */
final class Strings {
  private Strings() {}

  static boolean isConstrained(List<Part> parts) {
    return Keywords.any(parts, "minLength", "maxLength", "pattern", "format");
  }

  /** The texts for which all parts hold. */
  static Dfa texts(List<Part> parts) {
    int min = Keywords.atLeast(parts, "minLength");
    int max = Keywords.atMost(parts, "maxLength");
    Dfa texts = TextLengths.ANY;
    for (Part part : parts) {
      JsonNode node = part.node();
      if (node.has("pattern")) {
        texts = DfaOperations.intersection(texts, pattern(part, "pattern", node.get("pattern")));
      }
      if (node.has("format")) {
        texts = DfaOperations.intersection(texts, format(part));
      }
    }
    if (min > 0 || max != Regex.UNBOUNDED) {
      if (max != Regex.UNBOUNDED && max < min) {
        return DfaOperations.difference(texts, texts);
      }
      try {
        texts = DfaOperations.intersection(texts, TextLengths.between(min, max));
      } catch (QwqException e) {
        throw parts.getFirst().error("", String.valueOf(e.getMessage()));
      }
    }
    return texts;
  }

  /** The texts that contain what a pattern matches. */
  static Dfa pattern(Part part, String keyword, JsonNode pattern) {
    if (!pattern.isTextual()) {
      throw part.error(keyword, "expected a regular expression, found " + pattern);
    }
    try {
      return RegexAutomaton.anywhere(RegexParser.parse(pattern.textValue()));
    } catch (QwqException e) {
      throw part.error(keyword, String.valueOf(e.getMessage()));
    }
  }

  private static Dfa format(Part part) {
    String name = part.node().get("format").asText();
    Dfa format = Formats.find(name);
    if (format == null) {
      if (!ValueCompiler.types(List.of(part)).contains(ValueCompiler.Type.STRING)) {
        return TextLengths.ANY; // "int32" and its like, of numbers
      }
      throw part.error(
          "format",
          "the format \"" + name + "\" is not supported; supported are " + Formats.names());
    }
    return format;
  }
}
