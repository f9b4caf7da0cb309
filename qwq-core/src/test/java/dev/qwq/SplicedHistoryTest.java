package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A long conversation computes what is new, and nothing else. */
class SplicedHistoryTest {
  /** Shows every message as it was, so that each prompt begins with the last one and its reply. */
  private static final String PLAIN =
      "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
          + "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}";

  @TempDir Path folder;

  private Path plainModel() throws IOException {
    try (Stream<Path> files = Files.list(TinyModel.path())) {
      for (Path file : files.toList()) {
        Files.copy(file, folder.resolve(file.getFileName()));
      }
    }
    Files.deleteIfExists(folder.resolve("chat_template.jinja"));
    Path config = folder.resolve("tokenizer_config.json");
    ObjectMapper mapper = new ObjectMapper();
    ObjectNode json = (ObjectNode) mapper.readTree(config.toFile());
    json.put("chat_template", PLAIN);
    mapper.writeValue(config.toFile(), json);
    return folder;
  }

  @Test
  void everyTurnComputesWhatFollowsTheLast() throws IOException {
    ModelOptions options = ModelOptions.builder().contextLength(4096).build();
    try (Model model = Model.open(plainModel(), options);
        Session session = model.newSession()) {
      // Hot enough that the model writes words in other tokens than the tokenizer would.
      Sampler.Builder hot = Sampler.builder().temperature(1.1f).seed(11);
      Tokenizer tokenizer = model.tokenizer().orElseThrow();
      // Markers that a model writes are ordinary text in a message, and so are never spliced; half
      // characters say something else as text.
      IntStream.range(0, tokenizer.size())
          .filter(
              id ->
                  tokenizer.isAdded(id) && !tokenizer.isSpecial(id)
                      || tokenizer.decode(id).contains("\uFFFD"))
          .forEach(id -> hot.logitBias(id, Float.NEGATIVE_INFINITY));
      GenerationOptions generation =
          GenerationOptions.builder().sampler(hot.build()).maxTokens(120).build();
      int known = 0;
      int last = 0;
      int unusual = 0;
      List<Integer> spliced = new ArrayList<>(); // tokens of the prompt after each turn
      int turns = 0;
      while (last < 3600) {
        turns++;
        Reply reply = session.send("Go on: " + turns, generation);
        if (session.history().size() > 2) {
          assertThat(reply.usage().cachedTokens())
              .as("turn %d", turns)
              .isGreaterThanOrEqualTo(last - 1); // The token said last was never computed.
        }
        known = reply.usage().promptTokens() + reply.tokens().length;
        last = known;
        int[] written = tokenizer.encode(reply.text(), true);
        int shorter = Math.min(written.length, reply.tokens().length);
        spliced.add(session.plan(Message.user("Go on.")).promptTokens());
        unusual +=
            Arrays.equals(Arrays.copyOf(written, shorter), Arrays.copyOf(reply.tokens(), shorter))
                ? 0
                : 1;
      }
      assertThat(unusual).as("replies in other tokens than the tokenizer's").isPositive();
      List<Integer> anew = new ArrayList<>();
      for (int turn = 1; turn <= turns; turn++) {
        List<Message> history = List.copyOf(session.history().subList(0, 2 * turn));
        try (Session fresh = model.newSession(SessionOptions.builder().history(history).build())) {
          anew.add(fresh.plan(Message.user("Go on.")).promptTokens());
        }
      }
      assertThat(anew).as("encoded anew").isNotEqualTo(spliced);
    }
  }
}
