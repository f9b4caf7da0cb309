package dev.qwq.output;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** JSON values while they grow. */
class PartialJsonTest {
  private static final String DOCUMENT =
      "{\"name\": \"Ada \\\"L\\\" \\u00e9漢\", \"n\": [1, -2.5, 12345678901, true, null],\n"
          + "  \"in\": {\"a\": {}, \"b\": []}, \"last\": \"x\"}";

  @Test
  void isTheValueAtTheEndHoweverThePiecesAreCut() throws Exception {
    Object expected = new ObjectMapper().readValue(DOCUMENT, Object.class);
    Random random = new Random(5);
    for (int i = 0; i < 200; i++) {
      PartialJson partial = new PartialJson();
      for (int at = 0; at < DOCUMENT.length(); ) {
        int end = Math.min(DOCUMENT.length(), at + 1 + random.nextInt(9));
        partial.accept(DOCUMENT.substring(at, end));
        at = end;
      }
      assertThat(new ObjectMapper().valueToTree(partial.value()).toString())
          .isEqualTo(new ObjectMapper().valueToTree(expected).toString());
    }
  }

  @Test
  void showsWhatThereIs() {
    List<Object> seen = new ArrayList<>();
    PartialJson partial = new PartialJson();
    for (char c : "{\"a\": \"xy\", \"b\": [12, tr".toCharArray()) {
      if (partial.accept(String.valueOf(c))) {
        seen.add(partial.value());
      }
    }
    assertThat(seen)
        .containsExactly(
            Map.of(),
            Map.of("a", ""),
            Map.of("a", "x"),
            Map.of("a", "xy"),
            Map.of("a", "xy", "b", List.of()),
            Map.of("a", "xy", "b", List.of(12)));
  }

  @Test
  void doesNotChangeWhatItShowedBefore() {
    PartialJson partial = new PartialJson();
    partial.accept("{\"a\": [1,");
    Object before = partial.value();
    partial.accept("2]}");
    assertThat(before).isEqualTo(Map.of("a", Arrays.asList(1)));
    assertThat(partial.value()).isEqualTo(Map.of("a", List.of(1, 2)));
  }

  @Test
  void bearsWhatIsNoJson() {
    for (String text :
        List.of("}", "]", "{]", "\"\\uZZZZ\"", "{\"a\" 1 2}", "1.2.3 ", ",,,", "tru ")) {
      new PartialJson().accept(text);
    }
    assertThat(new PartialJson().value()).isNull();
  }
}
