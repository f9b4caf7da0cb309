package dev.qwq.grammar;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.OutputFormat;
import dev.qwq.Reply;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.TinyModel;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.Test;

/** What a model that knows nothing of schemas writes, hot, is a value of each of them. */
class TinyModelSchemasTest {
  private static final int SEEDS = 4;
  private static final int MAX_TOKENS = 300;

  private static GenerationOptions options(SchemaCases one, long seed) {
    return GenerationOptions.builder()
        .sampler(Sampler.builder().temperature(1.5f).topK(0).topP(1).seed(seed).build())
        .outputFormat(OutputFormat.jsonSchema(one.schema()))
        .thinking(false)
        .maxTokens(MAX_TOKENS)
        .build();
  }

  @Test
  void everyAnswerIsValid() {
    List<SchemaCases> cases =
        SchemaCases.read(false).stream().filter(SchemaCases::hasOracle).toList();
    int whole = 0;
    int all = 0;
    try (Model model = TinyModel.open()) {
      for (SchemaCases one : cases) {
        List<Session> sessions = new ArrayList<>();
        List<CompletableFuture<Reply>> replies = new ArrayList<>();
        for (int seed = 0; seed < SEEDS; seed++) {
          Session session = model.newSession();
          sessions.add(session);
          replies.add(session.sendAsync("Write one.", options(one, seed)));
        }
        for (int seed = 0; seed < SEEDS; seed++) {
          Reply reply = replies.get(seed).join();
          all++;
          if (reply.finishReason() == FinishReason.STOP) {
            whole++;
            assertThat(one.complaints(reply.answer()))
                .as("%s, seed %d: %s", one.schema(), seed, reply.answer())
                .isEmpty();
          } else { // Random words can be long.
            assertThat(reply.finishReason()).isEqualTo(FinishReason.LENGTH);
            assertThat(reply.tokens()).hasSize(MAX_TOKENS);
          }
        }
        sessions.forEach(Session::close);
      }
    }
    assertThat(cases).hasSizeGreaterThan(80);
    assertThat(whole).as("whole ones of %d", all).isGreaterThan(all * 3 / 4);
  }
}
