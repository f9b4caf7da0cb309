package dev.qwq.chat.jinja;

import java.util.Arrays;

/** Puts a {@link Text} together; adjacent parts of the template's own become one. */
final class TextBuilder {
  private final Context context;
  private final StringBuilder text = new StringBuilder();
  private int[] own = new int[8];
  private int used;

  /** A builder that fails where the text gets longer than the context's limit. */
  TextBuilder(Context context) {
    this.context = context;
  }

  int length() {
    return text.length();
  }

  TextBuilder append(Text part) {
    return append(part, 0, part.length());
  }

  /** Appends the part between two positions. */
  TextBuilder append(Text part, int from, int to) {
    context.checkLength((long) text.length() + (to - from));
    int shift = text.length() - from;
    text.append(part.value(), from, to);
    part.copyRanges(from, to, shift, this);
    return this;
  }

  TextBuilder append(String part, boolean isOwn) {
    context.checkLength((long) text.length() + part.length());
    int from = text.length();
    text.append(part);
    if (isOwn) {
      addOwn(from, text.length());
    }
    return this;
  }

  TextBuilder append(int codePoint, boolean isOwn) {
    context.checkLength(text.length() + 2L);
    int from = text.length();
    text.appendCodePoint(codePoint);
    if (isOwn) {
      addOwn(from, text.length());
    }
    return this;
  }

  TextBuilder repeat(Text part, long times) {
    if (times <= 0 || part.isEmpty()) {
      return this;
    }
    if (times > Integer.MAX_VALUE) {
      throw context.tooLong();
    }
    context.checkLength(text.length() + part.length() * times);
    for (long i = 0; i < times; i++) {
      append(part);
    }
    return this;
  }

  /** Marks a range at the end of those marked so far. */
  void addOwn(int from, int to) {
    if (from >= to) {
      return;
    }
    if (used > 0 && own[used - 1] == from) {
      own[used - 1] = to;
      return;
    }
    if (used == own.length) {
      own = Arrays.copyOf(own, 2 * used);
    }
    own[used++] = from;
    own[used++] = to;
  }

  Text toText() {
    return text.isEmpty() ? Text.EMPTY : new Text(text.toString(), Arrays.copyOf(own, used), false);
  }

  /** The characters alone. */
  @Override
  public String toString() {
    return text.toString();
  }
}
