package dev.qwq.chat.jinja;

/** A template's text with line feeds for all line ends, and without one at its end. */
record Source(String text) {
  static Source of(String raw) {
    String text = raw;
    if (text.indexOf('\r') >= 0) {
      text = text.replace("\r\n", "\n").replace('\r', '\n');
    }
    if (text.endsWith("\n")) {
      text = text.substring(0, text.length() - 1);
    }
    return new Source(text);
  }

  /** The line of a position, from 1. */
  int line(int at) {
    int line = 1;
    for (int i = 0; i < at; i++) {
      if (text.charAt(i) == '\n') {
        line++;
      }
    }
    return line;
  }

  /** The column of a position in UTF-16 units, from 1. */
  int column(int at) {
    return at - text.lastIndexOf('\n', at - 1);
  }
}
