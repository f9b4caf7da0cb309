package dev.qwq.grammar;

import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * JSON's spelling of strings. A character is written as itself where JSON allows that; quote,
 * backslash, slash and control characters have the short escapes, and control characters the long
 * one with four digits too. Other long escapes are not written: the characters themselves are.
 */
final class JsonStrings {
  private static final String SHORT = "\"\\/bfnrt";
  private static final String MEANING = "\"\\/\b\f\n\r\t";
  private static final String HEX = "0123456789abcdefABCDEF";

  private JsonStrings() {}

  private enum Kind {
    OPENING,
    CHARACTERS,
    ESCAPE,
    UNICODE,
    UNICODE_0,
    UNICODE_00,
    UNICODE_000,
    UNICODE_001,
    END
  }

  /** Where in the spelling, and where in the spelled text. */
  private record Place(Kind kind, int state) {}

  /** The spellings, quotes included, of the texts an automaton accepts. */
  static Dfa spellings(Dfa texts) {
    return texts.isEmpty() ? texts : new Spelling(texts).toDfa();
  }

  /** The shortest spelling of a text. */
  static String spelling(String text) {
    StringBuilder spelled = new StringBuilder(text.length() + 2).append('"');
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      int at = c == '/' ? -1 : MEANING.indexOf(c);
      if (at >= 0) {
        spelled.append('\\').append(SHORT.charAt(at));
      } else if (c < ' ') {
        spelled.append(String.format("\\u%04x", (int) c));
      } else {
        spelled.append(c);
      }
    }
    return spelled.append('"').toString();
  }

  /** The bytes of a text's shortest spelling. */
  static byte[] bytes(String text) {
    return spelling(text).getBytes(StandardCharsets.UTF_8);
  }

  private record Spelling(Dfa texts) implements Automaton<Place> {
    @Override
    public Place start() {
      return new Place(Kind.OPENING, 0);
    }

    @Override
    public boolean accepts(Place place) {
      return place.kind == Kind.END;
    }

    @Override
    public @Nullable Place next(Place place, int c) {
      return switch (place.kind) {
        case OPENING -> c == '"' ? new Place(Kind.CHARACTERS, 0) : null;
        case CHARACTERS -> character(place, c);
        case ESCAPE -> escaped(place, c);
        case UNICODE -> c == '0' ? new Place(Kind.UNICODE_0, place.state) : null;
        case UNICODE_0 -> c == '0' ? new Place(Kind.UNICODE_00, place.state) : null;
        case UNICODE_00 ->
            c == '0'
                ? new Place(Kind.UNICODE_000, place.state)
                : c == '1' ? new Place(Kind.UNICODE_001, place.state) : null;
        case UNICODE_000 -> control(place, 0, c);
        case UNICODE_001 -> control(place, 16, c);
        case END -> null;
      };
    }

    private @Nullable Place character(Place place, int c) {
      if (c == '"') {
        return texts.accepts(place.state) ? new Place(Kind.END, 0) : null;
      }
      if (c == '\\') {
        return new Place(Kind.ESCAPE, place.state);
      }
      return c < ' ' ? null : read(place, c);
    }

    private @Nullable Place escaped(Place place, int c) {
      int at = SHORT.indexOf(c);
      if (at >= 0) {
        return read(place, MEANING.charAt(at));
      }
      return c == 'u' ? new Place(Kind.UNICODE, place.state) : null;
    }

    private @Nullable Place control(Place place, int base, int c) {
      int digit = HEX.indexOf(c) < 0 ? -1 : Character.digit(c, 16);
      return digit < 0 ? null : read(place, base + digit);
    }

    /** The spelled text goes on with a byte; those of escapes are never inside a character. */
    private @Nullable Place read(Place place, int textByte) {
      int next = texts.next(place.state, textByte);
      return next < 0 ? null : new Place(Kind.CHARACTERS, next);
    }

    @Override
    public ByteClasses classes() {
      int[] below = new int[256];
      java.util.Arrays.fill(below, 0, ' ', 1);
      return ByteClasses.meet(
          List.of(
              ByteClasses.of(texts), ByteClasses.of(below), ByteClasses.apart(SHORT + "u" + HEX)));
    }
  }
}
