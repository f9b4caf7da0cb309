package dev.qwq.grammar;

import java.util.ArrayList;
import java.util.List;

/** Regular expressions that are not parsed. */
final class Regexes {
  private Regexes() {}

  /** Matches one text. */
  static Regex literal(String text) {
    List<Regex> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(new Regex.Chars(CodePoints.single(c))));
    return new Regex.Concatenation(parts);
  }

  /** Matches one of several texts. */
  static Regex oneOf(List<String> texts) {
    return new Regex.Alternation(texts.stream().map(Regexes::literal).toList());
  }
}
