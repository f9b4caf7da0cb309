package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class StopMatcherTest {
  @Test
  void stopsAtTheFirstWhereverTextIsCut() {
    Random random = new Random(4);
    for (int round = 0; round < 2000; round++) {
      List<String> stops = List.of(random(random, 3), random(random, 2));
      String text = random(random, 12);
      StopMatcher matcher = new StopMatcher(stops);
      StringBuilder passed = new StringBuilder();
      int at = 0;
      while (at < text.length()) {
        int next = Math.min(text.length(), at + 1 + random.nextInt(3));
        passed.append(matcher.accept(text.substring(at, next)));
        at = next;
      }
      passed.append(matcher.finish());
      // Whichever ends first is seen first; of those seen at once, the one that begins first.
      int end = firstEnd(text, stops);
      assertThat(matcher.stopped()).as("%s in %s", stops, text).isEqualTo(end >= 0);
      if (end < 0) {
        assertThat(passed).asString().isEqualTo(text);
      } else {
        assertThat(text).startsWith(passed);
        assertThat(stops.stream().anyMatch(stop -> text.startsWith(stop, passed.length())))
            .as("%s in %s: passed %s", stops, text, passed)
            .isTrue();
        assertThat(stops).noneMatch(stop -> passed.indexOf(stop) >= 0);
      }
    }
  }

  @Test
  void passesTextOnAtOnceWhereNothingCanFollow() {
    StopMatcher matcher = new StopMatcher(List.of("END"));
    assertThat(matcher.accept("the E")).isEqualTo("the ");
    assertThat(matcher.accept("N")).isEmpty();
    assertThat(matcher.accept("D of")).isEmpty();
    assertThat(matcher.stopped()).isTrue();
    assertThat(matcher.accept("more")).isEmpty();
    assertThat(matcher.finish()).isEmpty();
  }

  private static int firstEnd(String text, List<String> stops) {
    return stops.stream()
        .filter(text::contains)
        .mapToInt(stop -> text.indexOf(stop) + stop.length())
        .min()
        .orElse(-1);
  }

  private static String random(Random random, int length) {
    StringBuilder text = new StringBuilder();
    for (int i = 0; i < length; i++) {
      text.append((char) ('a' + random.nextInt(2)));
    }
    return text.toString();
  }
}
