package dev.qwq.chat.jinja;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement; {@link #at} is its position in the source. */
sealed interface Statement {
  int at();

  /** Text outside of tags. */
  record Data(int at, Text text) implements Statement {}

  /** {@code {{ value }}}. */
  record Print(int at, Expr value) implements Statement {}

  record If(int at, List<Branch> branches, List<Statement> otherwise) implements Statement {}

  record Branch(Expr condition, List<Statement> body) {}

  record For(
      int at,
      Target target,
      Expr iterable,
      @Nullable Expr test,
      boolean recursive,
      List<Statement> body,
      List<Statement> otherwise)
      implements Statement {}

  record Break(int at) implements Statement {}

  record Continue(int at) implements Statement {}

  record Set(int at, Target target, Expr value) implements Statement {}

  record SetBlock(int at, Target target, Expr.@Nullable Filter filter, List<Statement> body)
      implements Statement {}

  record Macro(int at, String name, Signature signature) implements Statement {}

  /** {@code {% call(parameters) function(…) %}}. */
  record CallBlock(int at, Signature caller, Expr.Call call) implements Statement {}

  record FilterBlock(int at, Expr.Filter filter, List<Statement> body) implements Statement {}

  record With(int at, List<Target> targets, List<Expr> values, List<Statement> body)
      implements Statement {}

  /** {@code {% generation %}}: text as the model would write it, in a scope of its own. */
  record Generation(int at, List<Statement> body) implements Statement {}

  /**
   * Parameters and body of a macro.
   *
   * @param usesCaller whether the body speaks of {@code caller}; likewise the others
   */
  record Signature(
      List<Parameter> parameters,
      List<Statement> body,
      boolean usesCaller,
      boolean usesKwargs,
      boolean usesVarargs) {}

  record Parameter(String name, @Nullable Expr otherwise) {}

  /** What a value can be assigned to. */
  sealed interface Target {}

  record NameTarget(String name) implements Target {}

  record TupleTarget(List<Target> targets) implements Target {}

  /** {@code namespace.attribute}. */
  record AttributeTarget(int at, String namespace, String attribute) implements Target {}
}
