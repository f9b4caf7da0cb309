package dev.qwq;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;

/**
 * What several replies to the same question agree in (self-consistency: Wang et al., 2022). A model
 * that reasons comes to a wrong answer in many ways, to the right one again and again.
 *
 * @param <T> what a reply votes for, with {@code equals} and {@code hashCode}
 * @param winner what got most votes, the first of several; empty if no reply voted
 * @param counts votes of each, in the order in which they came first; not modifiable
 * @param abstained replies that voted for nothing
 */
public record Votes<T>(Optional<T> winner, Map<T, Integer> counts, int abstained) {
  /** Copies the counts. */
  public Votes {
    counts = Collections.unmodifiableMap(new LinkedHashMap<>(counts));
  }

  /**
   * Counts.
   *
   * @param replies the replies, as {@link Session#sendTimes} gives them
   * @param vote what a reply votes for: its answer, or a part of it, in a form that is the same for
   *     the same answer; empty if it has none
   * @param <T> what is voted for
   * @return the result
   */
  public static <T> Votes<T> of(List<Reply> replies, Function<Reply, Optional<T>> vote) {
    Map<T, Integer> counts = new LinkedHashMap<>();
    int abstained = 0;
    for (Reply reply : replies) {
      Optional<T> choice = vote.apply(reply);
      if (choice.isPresent()) {
        counts.merge(choice.get(), 1, Integer::sum);
      } else {
        abstained++;
      }
    }
    int most = counts.values().stream().mapToInt(Integer::intValue).max().orElse(0);
    Optional<T> winner =
        counts.entrySet().stream()
            .filter(entry -> entry.getValue() == most)
            .map(Map.Entry::getKey)
            .findFirst();
    return new Votes<>(winner, counts, abstained);
  }
}
