package dev.qwq.output;

/**
 * Finds out that a text goes round in circles: that its end is one span of tokens repeated over and
 * over, exactly. Online, in constant time a token, and in memory that does not grow.
 *
 * <p>The end of a text of {@code length} tokens repeats with period {@code p} if it equals itself
 * shifted by {@code p}, which is one comparison of two rolling hashes. Periods worth a comparison
 * come from tables that say where the last few tokens stood last: the distance to there. In a loop,
 * that distance is the loop's period, unless those tokens come several times in a round; hence
 * tables for several numbers of tokens. Once these are at least the period, the distance is exact.
 * What the hashes find is compared token by token.
 *
 * <p>Not thread-safe.
 */
public final class RepetitionDetector {
  private static final long BASE = 0x9E3779B97F4A7C15L; // odd: no token is multiplied away
  private static final int[] GRAMS = {2, 8, 32, 128, 512, 2048, 8192};

  private final int minTokens;
  private final int minRepeats;
  private final int maxPeriod;

  // Rings over the last tokens: ids, and hashes of the whole text up to each, modulo 2^64.
  private final int ring;
  private final int[] tokens;
  private final long[] hashes;
  private final long[] powers; // of BASE
  private final int levels;
  private final int slots; // of each level's table
  private final int[] lastAt;

  private int count;
  private int since; // tokens before this one do not count
  private int period; // of the loop that was found and still goes on, or 0

  /**
   * Begins a text.
   *
   * @param minTokens how long the repeating end must be, in tokens, above 0
   * @param minRepeats how often the span must have come at least, above 1
   * @param maxPeriod longest span to find, in tokens, 1 or more
   */
  public RepetitionDetector(int minTokens, int minRepeats, int maxPeriod) {
    this.minTokens = minTokens;
    this.minRepeats = minRepeats;
    this.maxPeriod = maxPeriod;
    int longest = required(maxPeriod);
    ring = ceilPowerOfTwo(longest + 1);
    tokens = new int[ring];
    hashes = new long[ring];
    powers = new long[longest + 1];
    powers[0] = 1;
    for (int i = 1; i <= longest; i++) {
      powers[i] = powers[i - 1] * BASE;
    }
    int needed = 1;
    while (needed < GRAMS.length && GRAMS[needed - 1] < maxPeriod && GRAMS[needed] < longest) {
      needed++;
    }
    levels = needed;
    // Collisions only hide a distance until the next token.
    slots = ceilPowerOfTwo(4 * maxPeriod);
    lastAt = new int[levels * slots];
  }

  private int required(int candidate) {
    return Math.max(minTokens, Math.multiplyExact(minRepeats, candidate));
  }

  private static int ceilPowerOfTwo(int value) {
    return value <= 1 ? 1 : Integer.highestOneBit(value - 1) << 1;
  }

  /**
   * Takes the next token.
   *
   * @param token its id
   * @return the length of the span in tokens if with this token a loop is found, else 0; of a loop
   *     that goes on, once
   */
  public int accept(int token) {
    int at = ++count; // the first token has number 1, hashes[0] is of the empty text
    tokens[at & (ring - 1)] = token;
    hashes[at & (ring - 1)] = hashes[(at - 1) & (ring - 1)] * BASE + (token + 1L);
    int found = 0;
    for (int level = 0; level < levels && GRAMS[level] <= at; level++) {
      int slot = level * slots + slot(hash(at, GRAMS[level]));
      int distance = at - lastAt[slot];
      boolean seen = lastAt[slot] != 0;
      lastAt[slot] = at;
      if (seen && period == 0 && found == 0 && repeats(at, distance)) {
        found = distance;
      }
    }
    if (period != 0 && tokens[(at - period) & (ring - 1)] != token) {
      period = 0;
    }
    if (found != 0) {
      period = found;
    }
    return found;
  }

  /** Hash of the {@code length} tokens that end with number {@code at}. */
  private long hash(int at, int length) {
    return hashes[at & (ring - 1)] - hashes[(at - length) & (ring - 1)] * powers[length];
  }

  private int slot(long hash) {
    // The high bits: low bits of a product depend on low bits only.
    return (int) ((hash * BASE) >>> 40) & (slots - 1);
  }

  private boolean repeats(int at, int distance) {
    if (distance > maxPeriod) {
      return false;
    }
    int length = required(distance);
    if (at - since < length) {
      return false;
    }
    int compared = length - distance;
    if (hash(at, compared) != hash(at - distance, compared)) {
      return false;
    }
    for (int i = 0; i < compared; i++) {
      if (tokens[(at - i) & (ring - 1)] != tokens[(at - distance - i) & (ring - 1)]) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns how often the span had come when the loop was found.
   *
   * @param found what {@link #accept} returned
   * @return times, the last one perhaps incomplete and not counted
   */
  public int repeats(int found) {
    return required(found) / found;
  }

  /** Forgets: only a loop of tokens from here on is found next. */
  public void reset() {
    since = count;
    period = 0;
  }
}
