package dev.qwq.chat.jinja;

/**
 * A piece of a template.
 *
 * @param text as written; the content of a string literal
 * @param value of a number
 * @param at its position in the source
 */
record Token(Kind kind, String text, Object value, int at) {
  enum Kind {
    DATA("text"),
    VARIABLE_BEGIN("'{{'"),
    VARIABLE_END("'}}'"),
    BLOCK_BEGIN("'{%'"),
    BLOCK_END("'%}'"),
    NAME("a name"),
    STRING("a string"),
    NUMBER("a number"),
    OPERATOR("an operator"),
    END("the end of the template");

    final String description;

    Kind(String description) {
      this.description = description;
    }
  }

  boolean is(Kind other) {
    return kind == other;
  }

  boolean isName(String name) {
    return kind == Kind.NAME && text.equals(name);
  }

  boolean isOperator(String operator) {
    return kind == Kind.OPERATOR && text.equals(operator);
  }

  String describe() {
    return switch (kind) {
      case NAME, OPERATOR -> "'" + text + "'";
      case NUMBER -> "number " + text;
      default -> kind.description;
    };
  }
}
