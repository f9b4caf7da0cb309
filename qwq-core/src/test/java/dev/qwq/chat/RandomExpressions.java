package dev.qwq.chat;

import java.util.List;
import java.util.Random;

/** Random template expressions over literals and user strings. */
final class RandomExpressions {
  /** Operations on one string; {@code $} is the string, {@code ?} another one. */
  private static final List<String> OPERATIONS =
      List.of(
          "($)|upper",
          "($)|lower",
          "($)|title",
          "($)|capitalize",
          "($)|trim",
          "($)|trim(?)",
          "($)|replace(?, ?)",
          "($)|replace(?, ?, 1)",
          "($)|center(9)",
          "($)|indent(2, true)",
          "($)|indent(?, true)",
          "($)|truncate(6, true, ?, 0)",
          "($)|truncate(9, false, '', 1)",
          "($)|wordwrap(4)",
          "($)|wordwrap(5, wrapstring=?)",
          "($)|reverse",
          "($)|string",
          "($)|default(?)",
          "($)|list|join(?)",
          "[$, ?]|join(?)",
          "[$, ?, ?]|sort|join",
          "($)|e",
          "($)|forceescape",
          "($)|safe",
          "($)|striptags",
          "($)|urlencode",
          "{$: ?}|xmlattr",
          "[$, ?]|tojson",
          "{$: ?}|tojson(indent=1)",
          "($)|format(?)",
          "'A%sB%5sA' % ($, ?)",
          "'A%-7rB' % ($)",
          "[$, ?]|map('upper')|join(?)",
          "[$, ?]|unique|join(?)",
          "[$, ?]|min",
          "[$, ?]|max",
          "[$, ?]|first",
          "[$, ?]|last",
          "[$, [?]]",
          "{$: [?]}",
          "($)[1:]",
          "($)[:-1]",
          "($)[::2]",
          "($)[::-1]",
          "($)[1:4]",
          "($)[0:1]",
          "($)[-1:]",
          "($) + (?)",
          "(?) ~ ($)",
          "($) * 2",
          "($) if (?) else (?)",
          "($) or (?)",
          "($) and (?)",
          "($).split(?)|join(?)",
          "($).split()|join(?)",
          "($).rsplit(?, 1)|join('AB')",
          "($).splitlines()|join(?)",
          "($).partition(?)|join(?)",
          "($).rpartition(?)|join",
          "($).strip(?)",
          "($).lstrip(?)",
          "($).rstrip(?)",
          "($).removeprefix(?)",
          "($).removesuffix(?)",
          "($).replace(?, ?)",
          "($).replace('', ?)",
          "(?).join([$, ?])",
          "($).upper()",
          "($).lower()",
          "($).title()",
          "($).swapcase()",
          "($).casefold()",
          "($).center(9)",
          "($).center(9, 'A')",
          "($).ljust(8)",
          "($).rjust(8)",
          "($).zfill(8)",
          "($).expandtabs()",
          "'A{}B{:>5}'.format($, ?)",
          "'{0!r}{1}'.format($, ?)",
          "($).format(?)",
          "[$, ?]|batch(1)|list",
          "[$, ?]|slice(2)|list",
          "[$, ?]|reverse|join",
          "[{'A': $}, {'A': ?}]|map(attribute='A')|join(?)",
          "{'A': $}['A']",
          "{'A': $}|dictsort",
          "{'A': $, 'B': ?}.values()|join(?)",
          "m($, ?)",
          "namespace(a=$).a",
          "[$, ?]|select('ne', ?)|join",
          "($)|groupby(0)",
          "cycler($, ?).next()");

  private final Random random;
  private final List<String> leaves;

  RandomExpressions(Random random, List<String> leaves) {
    this.random = random;
    this.leaves = leaves;
  }

  String next(int depth) {
    if (depth == 0 || random.nextInt(8) == 0) {
      return leaves.get(random.nextInt(leaves.size()));
    }
    StringBuilder expression = new StringBuilder();
    String operation = OPERATIONS.get(random.nextInt(OPERATIONS.size()));
    for (int i = 0; i < operation.length(); i++) {
      char c = operation.charAt(i);
      switch (c) {
        case '$' -> expression.append(next(depth - 1));
        case '?' -> expression.append(next(random.nextInt(depth)));
        default -> expression.append(c);
      }
    }
    return expression.toString();
  }
}
