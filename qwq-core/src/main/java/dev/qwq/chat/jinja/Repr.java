package dev.qwq.chat.jinja;

import java.util.List;
import java.util.Locale;

/**
 * {@code repr} of values: what a list shows of its elements. The result counts as the template's
 * own only if every part is a string of the template's own, or a collection of such.
 */
final class Repr {
  private static final int SHORT = 60;

  private final Context context;
  private final TextBuilder out;
  private boolean own = true;

  private Repr(Context context) {
    this.context = context;
    out = new TextBuilder(context);
  }

  static Text repr(Context context, Object value) {
    Repr repr = new Repr(context);
    repr.append(value);
    return Text.of(repr.out.toString(), repr.own);
  }

  /** A value for an error message. */
  static String shortened(Object value) {
    String text =
        switch (value) {
          case Text string ->
              quote(
                  string.value().length() > SHORT
                      ? string.value().substring(0, SHORT)
                      : string.value());
          case Long l -> l.toString();
          case Boolean b -> b ? "True" : "False";
          case Double d -> NumberText.repr(d);
          case None none -> "None";
          default -> "a value of type " + Values.typeName(value);
        };
    return text;
  }

  private void append(Object value) {
    context.step();
    switch (value) {
      case Text text -> {
        own &= text.isOwn();
        write(text.isMarkup() ? "Markup(" + quote(text.value()) + ")" : quote(text.value()));
      }
      case PyList list -> items("[", list.items(), "]");
      case PyTuple tuple -> items("(", tuple.items(), tuple.items().size() == 1 ? ",)" : ")");
      case PyDict dict -> dict(dict);
      case DictView view -> items(view.name() + "([", view.items(), "])");
      default -> {
        own = false;
        write(plain(value));
      }
    }
  }

  private String plain(Object value) {
    return switch (value) {
      case Boolean b -> b ? "True" : "False";
      case Double d -> NumberText.repr(d);
      case PyRange range -> range.repr();
      case PyIterator iterator -> "<" + iterator.name() + ">";
      case Undefined undefined -> "Undefined";
      case Macro macro -> "<Macro " + quote(macro.name()) + ">";
      case Namespace namespace -> {
        PyDict dict = new PyDict();
        namespace.attributes.forEach((k, v) -> dict.put(context, Text.foreign(k), v));
        yield "<Namespace " + repr(context, dict).value() + ">";
      }
      case Callable callable -> callable instanceof Loop ? callable.toString() : "<function>";
      default -> value.toString();
    };
  }

  private void items(String begin, List<Object> items, String end) {
    context.enter();
    try {
      write(begin);
      String separator = "";
      for (Object item : items) {
        write(separator);
        append(item);
        separator = ", ";
      }
      write(end);
    } finally {
      context.leave();
    }
  }

  private void dict(PyDict dict) {
    context.enter();
    try {
      write("{");
      String separator = "";
      for (PyDict.Entry entry : dict.entries()) {
        write(separator);
        append(entry.key());
        write(": ");
        append(entry.value());
        separator = ", ";
      }
      write("}");
    } finally {
      context.leave();
    }
  }

  private void write(String part) {
    out.append(part, false);
  }

  /** A string in quotes, what cannot be printed escaped. */
  static String quote(String value) {
    char quote = value.indexOf('\'') >= 0 && value.indexOf('"') < 0 ? '"' : '\'';
    StringBuilder text = new StringBuilder(value.length() + 2).append(quote);
    value
        .codePoints()
        .forEach(
            c -> {
              if (c == quote || c == '\\') {
                text.append('\\').appendCodePoint(c);
              } else if (c >= ' ' && c < 0x7F || c >= 0x7F && Chars.isPrintable(c)) {
                text.appendCodePoint(c);
              } else {
                text.append(escape(c));
              }
            });
    return text.append(quote).toString();
  }

  /** As {@link #quote}, everything beyond ASCII escaped. */
  static String quoteAscii(String value) {
    StringBuilder text = new StringBuilder();
    quote(value)
        .codePoints()
        .forEach(
            c -> {
              if (c < 0x80) {
                text.append((char) c);
              } else {
                text.append(escape(c));
              }
            });
    return text.toString();
  }

  private static String escape(int c) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      default ->
          String.format(
              Locale.ROOT, c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x", c);
    };
  }
}
