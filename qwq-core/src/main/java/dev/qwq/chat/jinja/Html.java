package dev.qwq.chat.jinja;

/** Escaping, and what goes with it. */
final class Html {
  private Html() {}

  /** Escapes a text unless it counts as HTML already; every character keeps its origin. */
  static Text escape(Context context, Text text) {
    return text.isMarkup() ? text : forceEscape(context, text);
  }

  static Text forceEscape(Context context, Text text) {
    TextBuilder out = new TextBuilder(context);
    String value = text.value();
    int done = 0;
    for (int i = 0; i < value.length(); i++) {
      String escaped =
          switch (value.charAt(i)) {
            case '&' -> "&amp;";
            case '<' -> "&lt;";
            case '>' -> "&gt;";
            case '"' -> "&#34;";
            case '\'' -> "&#39;";
            default -> "";
          };
      if (!escaped.isEmpty()) {
        out.append(text, done, i).append(escaped, text.ownAt(i));
        done = i + 1;
      }
    }
    return out.append(text, done, value.length()).toText().withMarkup(true);
  }

  /** {@code striptags}: comments and tags go, blank space becomes single spaces. */
  static Text stripTags(Text text) {
    String value = text.value();
    StringBuilder kept = new StringBuilder(value.length());
    int at = 0;
    while (at < value.length()) {
      int comment = value.indexOf("<!--", at);
      int end = comment < 0 ? -1 : value.indexOf("-->", comment);
      if (end < 0) {
        break;
      }
      kept.append(value, at, comment);
      at = end + 3;
    }
    String rest = kept.append(value, at, value.length()).toString();
    kept.setLength(0);
    at = 0;
    while (at < rest.length()) {
      int tag = rest.indexOf('<', at);
      int end = tag < 0 ? -1 : rest.indexOf('>', tag);
      if (end < 0) {
        break;
      }
      kept.append(rest, at, tag);
      at = end + 1;
    }
    kept.append(rest, at, rest.length());
    return Text.of(unescape(spaced(kept)), text.isOwn());
  }

  private static String spaced(CharSequence text) {
    StringBuilder spaced = new StringBuilder(text.length());
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      if (Chars.isSpace(text.charAt(i))) {
        gap = !spaced.isEmpty();
      } else {
        spaced.append(gap ? " " : "").append(text.charAt(i));
        gap = false;
      }
    }
    return spaced.toString();
  }

  private static String unescape(String text) {
    if (text.indexOf('&') < 0) {
      return text;
    }
    StringBuilder out = new StringBuilder(text.length());
    for (int i = 0; i < text.length(); i++) {
      int end = text.charAt(i) == '&' ? text.indexOf(';', i) : -1;
      int code = end < 0 || end - i > 10 ? -1 : entity(text.substring(i + 1, end));
      if (code >= 0) {
        out.appendCodePoint(code);
        i = end;
      } else {
        out.append(text.charAt(i));
      }
    }
    return out.toString();
  }

  private static int entity(String name) {
    return switch (name) {
      case "amp" -> '&';
      case "lt" -> '<';
      case "gt" -> '>';
      case "quot" -> '"';
      case "apos" -> '\'';
      case "nbsp" -> 0xA0;
      default -> {
        if (!name.startsWith("#")) {
          yield -1;
        }
        boolean hex = name.startsWith("#x") || name.startsWith("#X");
        try {
          int code = Integer.parseInt(name.substring(hex ? 2 : 1), hex ? 16 : 10);
          yield Character.isValidCodePoint(code) && code > 0 ? code : -1;
        } catch (NumberFormatException e) {
          yield -1;
        }
      }
    };
  }

  /** {@code xmlattr}: {@code key="value"} for what is neither None nor undefined. */
  static Text attributes(Context context, PyDict dict, boolean space) {
    TextBuilder out = new TextBuilder(context);
    for (PyDict.Entry entry : dict.entries()) {
      Object value = entry.value();
      if (value == None.NONE || value instanceof Undefined) {
        continue;
      }
      Text key = Values.softText(context, entry.key());
      if (key.value().chars().anyMatch(c -> c < 128 && Chars.isSpace(c) || "/>=".indexOf(c) >= 0)) {
        throw new TemplateError("invalid character in attribute name: " + Repr.shortened(key));
      }
      Text text = Values.softText(context, value);
      boolean own = key.isOwn() && text.isOwn();
      if (space || out.length() > 0) {
        out.append(" ", own);
      }
      out.append(escape(context, key))
          .append("=\"", own)
          .append(escape(context, text))
          .append("\"", own);
    }
    return out.toText();
  }

  /**
   * Percent-encodes UTF-8 for a URL; {@code form} makes spaces {@code +} and slashes {@code %2F}.
   */
  static String percentEncode(String text, boolean form) {
    StringBuilder out = new StringBuilder(text.length());
    for (byte b : text.getBytes(java.nio.charset.StandardCharsets.UTF_8)) {
      char c = (char) (b & 0xFF);
      if (c < 128
          && (Character.isLetterOrDigit(c) || "_.-~".indexOf(c) >= 0 || c == '/' && !form)) {
        out.append(c);
      } else if (c == ' ' && form) {
        out.append('+');
      } else {
        out.append('%').append(Character.toUpperCase(Character.forDigit(c >> 4, 16)));
        out.append(Character.toUpperCase(Character.forDigit(c & 15, 16)));
      }
    }
    return out.toString();
  }
}
