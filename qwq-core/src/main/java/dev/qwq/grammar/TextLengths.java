package dev.qwq.grammar;

import org.jspecify.annotations.Nullable;

/** Texts by their number of characters (code points). */
final class TextLengths {
  /** Any text at all. */
  static final Dfa ANY = RegexAutomaton.whole(Regex.ANYTHING);

  private TextLengths() {}

  private record Count(int characters, int utf8State) {}

  /**
   * Accepts texts of at least {@code min} and at most {@code max} characters.
   *
   * @param max {@link Regex#UNBOUNDED}: any number
   */
  static Dfa between(int min, int max) {
    return new Automaton<Count>() {
      @Override
      public Count start() {
        return new Count(0, 0);
      }

      @Override
      public boolean accepts(Count count) {
        return count.utf8State == 0 && count.characters >= min;
      }

      @Override
      public @Nullable Count next(Count count, int unsignedByte) {
        int characters = count.characters;
        if (count.utf8State == 0) { // a character begins
          if (characters == max) {
            return null;
          }
          characters = max == Regex.UNBOUNDED ? Math.min(characters + 1, min) : characters + 1;
        }
        int utf8State = ANY.next(count.utf8State, unsignedByte);
        return utf8State < 0 ? null : new Count(characters, utf8State);
      }

      @Override
      public ByteClasses classes() {
        return ByteClasses.of(ANY);
      }
    }.toDfa();
  }
}
