package dev.qwq.output;

import java.math.BigDecimal;
import java.math.BigInteger;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * JSON that arrives in pieces, as plain Java values at any time. Takes what is valid JSON so far;
 * what comes after something else is ignored. Not thread-safe.
 */
public final class PartialJson {
  /** An array or object that is not closed. */
  private static final class Open {
    final @Nullable List<@Nullable Object> list;
    final @Nullable Map<String, @Nullable Object> map;
    @Nullable String key;

    Open(boolean isList) {
      list = isList ? new ArrayList<>() : null;
      map = isList ? null : new LinkedHashMap<>();
    }

    /** A copy with a last element or property that is not complete yet. */
    Object with(@Nullable Object unfinished) {
      if (list != null) {
        List<@Nullable Object> copy = new ArrayList<>(list);
        if (unfinished != null) {
          copy.add(unfinished);
        }
        return Collections.unmodifiableList(copy);
      }
      Map<String, @Nullable Object> copy = new LinkedHashMap<>(map == null ? Map.of() : map);
      if (unfinished != null && key != null) {
        copy.put(key, unfinished);
      }
      return Collections.unmodifiableMap(copy);
    }

    void add(@Nullable Object value) {
      if (list != null) {
        list.add(value);
      } else if (map != null && key != null) {
        map.put(key, value);
        key = null;
      }
    }
  }

  private final Deque<Open> open = new ArrayDeque<>();
  private final StringBuilder string = new StringBuilder();
  private final StringBuilder word = new StringBuilder(); // a number or literal
  private final StringBuilder escape = new StringBuilder();
  private boolean inString;
  private boolean isKey;
  private @Nullable Object root;
  private boolean changed;

  /**
   * Takes the next piece.
   *
   * @param piece any number of characters
   * @return whether {@link #value()} has changed
   */
  public boolean accept(String piece) {
    changed = false;
    for (int i = 0; i < piece.length(); i++) {
      accept(piece.charAt(i));
    }
    return changed;
  }

  /**
   * Returns what there is.
   *
   * @return maps, lists, strings, numbers and booleans, not modifiable; null: nothing yet
   */
  public @Nullable Object value() {
    if (open.isEmpty() && root != null) {
      return root;
    }
    Object value = inString && !isKey ? string.toString() : null;
    for (Open one : open) { // the innermost first
      value = one.with(value);
    }
    return value;
  }

  private void accept(char c) {
    if (inString) {
      acceptInString(c);
      return;
    }
    switch (c) {
      case '{', '[' -> {
        open.push(new Open(c == '['));
        changed = true;
      }
      case '}', ']' -> {
        endWord();
        if (!open.isEmpty()) {
          addShown(open.pop().with(null));
        }
      }
      case ',' -> endWord();
      case '"' -> {
        inString = true;
        Open top = open.peek();
        isKey = top != null && top.map != null && top.key == null;
        string.setLength(0);
        changed |= !isKey;
      }
      case ':', ' ', '\n', '\r', '\t' -> endWord();
      default -> word.append(c);
    }
  }

  private void acceptInString(char c) {
    if (!escape.isEmpty()) {
      escape.append(c);
      int wanted = escape.charAt(1) == 'u' ? 6 : 2;
      if (escape.length() == wanted) {
        append(unescaped());
        escape.setLength(0);
      }
    } else if (c == '\\') {
      escape.append(c);
    } else if (c == '"') {
      inString = false;
      Open top = open.peek();
      if (isKey && top != null) {
        top.key = string.toString();
      } else {
        addShown(string.toString());
      }
    } else {
      append(c);
    }
  }

  private void append(char c) {
    string.append(c);
    changed |= !isKey;
  }

  private char unescaped() {
    char c = escape.charAt(1);
    return switch (c) {
      case 'b' -> '\b';
      case 'f' -> '\f';
      case 'n' -> '\n';
      case 'r' -> '\r';
      case 't' -> '\t';
      case 'u' -> {
        try {
          yield (char) Integer.parseInt(escape, 2, 6, 16);
        } catch (NumberFormatException e) {
          yield '\uFFFD';
        }
      }
      default -> c;
    };
  }

  private void endWord() {
    if (word.isEmpty()) {
      return;
    }
    String text = word.toString();
    word.setLength(0);
    switch (text) {
      case "true" -> add(true);
      case "false" -> add(false);
      case "null" -> add(null);
      default -> {
        try {
          add(number(text));
        } catch (NumberFormatException e) {
          string.setLength(0); // no JSON: nothing to show
        }
      }
    }
  }

  private static Number number(String text) {
    if (text.matches("-?[0-9]+")) {
      BigInteger whole = new BigInteger(text);
      return whole.bitLength() < 32
          ? (Number) whole.intValue()
          : whole.bitLength() < 64 ? (Number) whole.longValue() : whole;
    }
    return new BigDecimal(text);
  }

  /** Adds what was to be seen before, as far as it had come. */
  private void addShown(Object value) {
    boolean before = changed;
    add(value);
    changed = before;
  }

  private void add(@Nullable Object value) {
    changed = true;
    Open top = open.peek();
    if (top == null) {
      root = value;
    } else {
      top.add(value);
    }
  }
}
