package dev.qwq.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** An expression; {@link #at} is its position in the source. */
sealed interface Expr {
  int at();

  /** A constant: Text, number, boolean or None. */
  record Literal(int at, Object value) implements Expr {}

  record Name(int at, String name) implements Expr {}

  record ListOf(int at, List<Expr> items) implements Expr {}

  record TupleOf(int at, List<Expr> items) implements Expr {}

  record DictOf(int at, List<Pair> pairs) implements Expr {}

  record Pair(Expr key, Expr value) {}

  /** {@code then if condition else otherwise}. */
  record Conditional(int at, Expr condition, Expr then, @Nullable Expr otherwise) implements Expr {}

  record Or(int at, Expr left, Expr right) implements Expr {}

  record And(int at, Expr left, Expr right) implements Expr {}

  record Not(int at, Expr operand) implements Expr {}

  /** {@code first op operand op operand …}. */
  record Compare(int at, Expr first, List<Comparison> rest) implements Expr {}

  record Comparison(String operator, Expr operand) {}

  /** One of {@code + - * / // % **}. */
  record Binary(int at, String operator, Expr left, Expr right) implements Expr {}

  record Negative(int at, Expr operand) implements Expr {}

  record Positive(int at, Expr operand) implements Expr {}

  /** {@code a ~ b ~ …}. */
  record Concat(int at, List<Expr> parts) implements Expr {}

  record Attribute(int at, Expr object, String name) implements Expr {}

  record Item(int at, Expr object, Expr key) implements Expr {}

  /** A slice; only as the key of an item. */
  record Slice(int at, @Nullable Expr start, @Nullable Expr stop, @Nullable Expr step)
      implements Expr {}

  record Call(int at, Expr function, Arguments arguments) implements Expr {}

  /** A filter; without input it takes the body of its block. */
  record Filter(int at, @Nullable Expr input, String name, Arguments arguments) implements Expr {}

  record Test(int at, Expr input, String name, Arguments arguments) implements Expr {}

  /** What stands between the parentheses of a call. */
  record Arguments(
      List<Expr> positional,
      List<Keyword> keywords,
      @Nullable Expr star,
      @Nullable Expr doubleStar) {
    static final Arguments NONE = new Arguments(List.of(), List.of(), null, null);
  }

  record Keyword(String name, Expr value) {}
}
