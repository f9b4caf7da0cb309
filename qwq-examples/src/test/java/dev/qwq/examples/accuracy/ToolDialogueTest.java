package dev.qwq.examples.accuracy;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.Backend;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.Reply;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.Tool;
import dev.qwq.agent.Agent;
import dev.qwq.agent.AgentReply;
import dev.qwq.agent.AgentRound;
import dev.qwq.examples.Golden;
import dev.qwq.examples.cli.TestModels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * Whole dialogues with tools, by an agent. {@code -Dqwq.dialogues=200} compares the backends on 200
 * fresh ones instead of 40.
 */
class ToolDialogueTest {
  private static final long SEED = 1;
  private static final int COUNT = Integer.getInteger("qwq.dialogues", 40);

  @Test
  void solvesAsManyAsTheReferenceBackend() throws Exception {
    List<ToolDialogue> dialogues = ToolDialogue.draw(SEED, COUNT);
    int reference = solved(Backend.REFERENCE, dialogues);
    int cpu = solved(Backend.CPU, dialogues);
    System.out.printf(
        "tool dialogues solved of %d (seed %d): reference %d, cpu %d%n",
        COUNT, SEED, reference, cpu);
    assertThat(cpu).as("seed %d", SEED).isGreaterThanOrEqualTo(reference);
    // Calls and answers are what the model does best: nine of ten at least.
    assertThat(reference).isGreaterThanOrEqualTo(COUNT * 9 / 10);
  }

  private static int solved(Backend backend, List<ToolDialogue> dialogues) throws Exception {
    try (Model model = open(backend)) {
      return ToolDialogue.solved(model, dialogues);
    }
  }

  /** An agent's replies are those of the golden file, where the tools say the same. */
  @Test
  void dialoguesAreTheGoldenOnesTokenForToken() {
    List<Golden.Case> cases = Golden.cases();
    int dialogues = 0;
    try (Model model = open(Backend.REFERENCE)) {
      for (int i = 0; i + 1 < cases.size(); i++) {
        Golden.Case asks = cases.get(i);
        Golden.Case answers = cases.get(i + 1);
        if (asks.callsTool() && answers.messages().size() == asks.messages().size() + 2) {
          check(model, asks, answers);
          dialogues++;
        }
      }
    }
    assertThat(dialogues).isGreaterThanOrEqualTo(4);
  }

  private static void check(Model model, Golden.Case asks, Golden.Case answers) {
    String result = answers.messages().getLast().content();
    List<Tool> tools = new ArrayList<>();
    for (Tool tool : asks.tools()) {
      tools.add(Tool.of(tool.name(), tool.description(), tool.parameters(), a -> result));
    }
    SessionOptions options =
        SessionOptions.builder()
            .tools(tools)
            .generation(GenerationOptions.builder().sampler(Sampler.greedy()).build())
            .build();
    assertThat(asks.messages()).hasSize(1);
    try (Session session = model.newSession(options)) {
      AgentReply reply = Agent.of(session).send(asks.messages().getFirst().content());
      assertThat(reply.rounds().stream().map(AgentRound::reply).map(Reply::tokens))
          .as("%s", asks)
          .usingElementComparator(Arrays::compare)
          .containsExactly(asks.tokens(), answers.tokens());
      assertThat(reply.answer()).isEqualTo(answers.answer());
    }
  }

  private static Model open(Backend backend) {
    return Model.open(
        TestModels.bundled(), ModelOptions.builder().backend(backend).contextLength(1024).build());
  }
}
