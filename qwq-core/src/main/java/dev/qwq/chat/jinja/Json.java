package dev.qwq.chat.jinja;

import java.math.BigInteger;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/**
 * Python's {@code json.dumps} with the arguments Hugging Face gives it. The result counts as the
 * template's own only if all strings in it are and it has nothing else.
 */
final class Json {
  private final Context context;
  private final TextBuilder out;
  private final boolean ascii;
  private final boolean sortKeys;
  private final boolean multiline;
  private final String indent;
  private final String itemSeparator;
  private final String keySeparator;
  private boolean own = true;
  private int level;

  private Json(Context context, Args.Bound bound) {
    this.context = context;
    out = new TextBuilder(context);
    ascii = bound.flag(0);
    Object indentation = bound.get(1);
    multiline = indentation != None.NONE;
    indent =
        switch (indentation) {
          case None none -> "";
          case Text text -> text.value();
          default -> " ".repeat(Math.clamp(bound.integer(1, 0), 0, 1000));
        };
    if (bound.some(2) == null) {
      itemSeparator = multiline ? "," : ", ";
      keySeparator = ": ";
    } else {
      List<Object> separators = Values.list(context, bound.get(2));
      if (separators.size() != 2
          || !(separators.get(0) instanceof Text item)
          || !(separators.get(1) instanceof Text key)) {
        throw new TemplateError("tojson(): argument 'separators': expected two strings");
      }
      itemSeparator = item.value();
      keySeparator = key.value();
    }
    sortKeys = bound.flag(3);
  }

  /** The filter {@code tojson(ensure_ascii=False, indent, separators, sort_keys)}. */
  static Text dump(Context context, Object value, Args args) {
    Json json =
        new Json(
            context, args.bind("tojson", 0, "ensure_ascii", "indent", "separators", "sort_keys"));
    json.write(value);
    return Text.of(json.out.toString(), json.own);
  }

  private void write(Object value) {
    context.step();
    switch (value) {
      case Text text -> {
        own &= text.isOwn();
        string(text.value());
      }
      case Sequence sequence -> array(sequence.items());
      case PyDict dict -> object(dict);
      default -> {
        own = false;
        put(scalar(value));
      }
    }
  }

  private static String scalar(Object value) {
    return switch (value) {
      case None none -> "null";
      case Boolean b -> b.toString();
      case Long l -> l.toString();
      case BigInteger b -> b.toString();
      case Double d ->
          Double.isNaN(d)
              ? "NaN"
              : Double.isInfinite(d) ? d > 0 ? "Infinity" : "-Infinity" : NumberText.repr(d);
      default ->
          throw new TemplateError(
              "Object of type " + Values.typeName(value) + " is not JSON serializable");
    };
  }

  private void array(List<Object> items) {
    if (items.isEmpty()) {
      put("[]");
      return;
    }
    begin("[");
    boolean first = true;
    for (Object item : items) {
      next(first);
      first = false;
      write(item);
    }
    end("]");
  }

  private void object(PyDict dict) {
    if (dict.size() == 0) {
      put("{}");
      return;
    }
    begin("{");
    boolean first = true;
    for (PyDict.Entry entry : sorted(dict)) {
      next(first);
      first = false;
      if (entry.key() instanceof Text key) {
        own &= key.isOwn();
        string(key.value());
      } else {
        own = false;
        if (entry.key() instanceof PyTuple) {
          throw new TemplateError("keys must be str, int, float, bool or None, not tuple");
        }
        string(scalar(entry.key()));
      }
      put(keySeparator);
      write(entry.value());
    }
    end("}");
  }

  private List<PyDict.Entry> sorted(PyDict dict) {
    List<PyDict.Entry> entries = new ArrayList<>(dict.entries());
    if (sortKeys) {
      Comparator<Object> order = Sorting.order(context);
      entries.sort((a, b) -> order.compare(a.key(), b.key()));
    }
    return entries;
  }

  private void begin(String bracket) {
    context.enter();
    level++;
    put(bracket);
  }

  private void next(boolean first) {
    if (!first) {
      put(itemSeparator);
    }
    newLine();
  }

  private void end(String bracket) {
    level--;
    newLine();
    put(bracket);
    context.leave();
  }

  private void newLine() {
    if (multiline) {
      put("\n");
      for (int i = 0; i < level; i++) {
        put(indent);
      }
    }
  }

  private void put(String text) {
    out.append(text, false);
  }

  private void string(String value) {
    StringBuilder text = new StringBuilder(value.length() + 2).append('"');
    for (int i = 0; i < value.length(); i++) {
      char c = value.charAt(i);
      switch (c) {
        case '"' -> text.append("\\\"");
        case '\\' -> text.append("\\\\");
        case '\n' -> text.append("\\n");
        case '\r' -> text.append("\\r");
        case '\t' -> text.append("\\t");
        case '\f' -> text.append("\\f");
        case '\b' -> text.append("\\b");
        default -> {
          if (c < ' ' || ascii && c > '~') {
            text.append(String.format(Locale.ROOT, "\\u%04x", (int) c));
          } else {
            text.append(c);
          }
        }
      }
    }
    put(text.append('"').toString());
  }
}
