package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Backend;
import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.Reply;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.Golden;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** On the reference backend the bundled model says, token for token, what transformers says. */
class GoldenRepliesTest {
  @Test
  void everyReplyTokenForToken() throws Exception {
    ModelOptions options =
        ModelOptions.builder().backend(Backend.REFERENCE).contextLength(1024).build();
    List<Golden.Case> cases = new ArrayList<>(Golden.cases());
    cases.add(Golden.strawberry());
    assertThat(cases).hasSize(50);
    try (Model model = Model.open(BundledModel.path(), options);
        var executor = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Reply>> replies = new ArrayList<>();
      for (Golden.Case golden : cases) {
        Callable<Reply> reply = () -> reply(model, golden);
        replies.add(executor.submit(reply));
      }
      for (int i = 0; i < cases.size(); i++) {
        check(cases.get(i), replies.get(i).get());
      }
    }
  }

  private static Reply reply(Model model, Golden.Case golden) {
    GenerationOptions greedy = GenerationOptions.builder().sampler(Sampler.greedy()).build();
    SessionOptions options = SessionOptions.builder().tools(golden.tools()).build();
    try (Session session = model.newSession(options)) {
      List<Message> messages = golden.messages();
      return session.send(messages, greedy);
    }
  }

  private static void check(Golden.Case golden, Reply reply) throws Exception {
    assertThat(reply.usage().promptTokens())
        .as("%s", golden)
        .isEqualTo(golden.promptTokens().length);
    assertThat(reply.tokens()).as("%s", golden).isEqualTo(golden.tokens());
    assertThat(reply.reasoning()).isEqualTo(golden.reasoning());
    if (golden.callsTool()) {
      assertThat(reply.toolCalls()).containsExactly(golden.toolCall());
      assertThat(reply.answer()).isEmpty();
      assertThat(reply.finishReason()).isEqualTo(FinishReason.TOOL_CALLS);
    } else {
      assertThat(reply.answer()).isEqualTo(golden.answer());
      assertThat(reply.finishReason()).isEqualTo(FinishReason.STOP);
    }
    assertThat(reply.usage().generatedTokens()).isEqualTo(golden.tokens().length);
  }
}
