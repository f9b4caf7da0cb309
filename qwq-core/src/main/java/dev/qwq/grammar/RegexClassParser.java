package dev.qwq.grammar;

/** Reads what stands between brackets. */
final class RegexClassParser {
  private final RegexParser parser;

  RegexClassParser(RegexParser parser) {
    this.parser = parser;
  }

  /** Reads on from behind the opening bracket to behind the closing one. */
  CodePoints parse() {
    int start = parser.at() - 1;
    boolean negated = parser.peek() == '^';
    if (negated) {
      parser.next();
    }
    CodePoints set = CodePoints.NONE;
    while (parser.peek() != ']') {
      if (parser.peek() < 0) {
        throw parser.error("a class that is not closed", start);
      }
      if (parser.peek() == '[') {
        throw parser.unsupported(
            "a class inside a class (write \\[ for the character)", parser.at());
      }
      if (parser.follows("&&") || parser.follows("--")) {
        throw parser.unsupported("an operator between classes", parser.at());
      }
      set = set.union(item(negated));
    }
    parser.next();
    CodePoints result = negated ? set.complement() : set;
    if (result.isEmpty()) {
      throw parser.error("a class that no character is in", start);
    }
    return result;
  }

  private CodePoints item(boolean negated) {
    int start = parser.at();
    CodePoints first = element(negated);
    if (parser.peek() != '-' || parser.follows("-]")) {
      return first;
    }
    int from = single(first);
    parser.next();
    CodePoints last = element(negated);
    int to = single(last);
    if (from < 0 || to < 0) {
      throw parser.error("a range whose bound is no single character", start);
    }
    if (from > to) {
      throw parser.error("a range that runs backwards", start);
    }
    return CodePoints.of(from, to).minus(CodePoints.NONE);
  }

  private CodePoints element(boolean negated) {
    int start = parser.at();
    int c = parser.next();
    if (c != '\\') {
      return CodePoints.single(c);
    }
    if (parser.peek() == 'b') {
      parser.next();
      return CodePoints.single('\b');
    }
    return parser.escape(start, negated);
  }

  private static int single(CodePoints set) {
    int[] bounds = set.bounds();
    return bounds.length == 2 && bounds[0] == bounds[1] ? bounds[0] : -1;
  }
}
