package dev.qwq.output;

/**
 * Drops blank space at the beginning and the end of a text that arrives in pieces: it is passed on
 * only once something visible follows. Not thread-safe.
 */
final class Trimmer {
  private final StringBuilder blank = new StringBuilder();
  private boolean begun;

  /** Takes the next piece and returns what is known to be inside the text. */
  String accept(String piece) {
    int end = piece.length();
    while (end > 0 && Character.isWhitespace(piece.charAt(end - 1))) {
      end--;
    }
    if (end == 0) {
      if (begun) {
        blank.append(piece);
      }
      return "";
    }
    int start = begun ? 0 : Markers.firstVisible(piece);
    String passed = blank + piece.substring(start, end);
    begun = true;
    blank.setLength(0);
    blank.append(piece, end, piece.length());
    return passed;
  }
}
