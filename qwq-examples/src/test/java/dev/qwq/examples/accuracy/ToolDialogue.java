package dev.qwq.examples.accuracy;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import dev.qwq.agent.Agent;
import dev.qwq.agent.AgentReply;
import dev.qwq.examples.Golden;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * A question that needs a tool, what the tool then says, and the one answer that counts as right.
 *
 * @param question the user's message
 * @param call the one call that is right
 * @param result the tool's result
 * @param answer the exact answer
 */
record ToolDialogue(String question, ToolCall call, String result, String answer) {
  private static final String[] CITIES = {
    "Paris", "Berlin", "Tokyo", "Beijing", "Hangzhou", "London", "Madrid", "Rome", "Oslo", "Cairo",
    "Lima", "Delhi", "Sydney", "Boston", "Prague", "Vienna", "Dublin", "Seoul", "Athens", "Zurich"
  };
  private static final String[] SKIES = {"sunny", "cloudy", "rainy", "snowy", "windy"};

  private static final GenerationOptions GREEDY =
      GenerationOptions.builder().sampler(Sampler.greedy()).maxTokens(200).build();

  /** Draws dialogues; the same seed gives the same. */
  static List<ToolDialogue> draw(long seed, int count) {
    Random random = new Random(seed);
    List<ToolDialogue> dialogues = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      dialogues.add(
          switch (random.nextInt(3)) {
            case 0 -> weather(random);
            case 1 -> time(random);
            default -> calculation(random);
          });
    }
    return dialogues;
  }

  private static ToolDialogue weather(Random random) {
    String city = CITIES[random.nextInt(CITIES.length)];
    String sky = SKIES[random.nextInt(SKIES.length)];
    int degrees = random.nextInt(49) - 10;
    return new ToolDialogue(
        "What is the weather in " + city + "?",
        new ToolCall("get_weather", Map.of("city", city)),
        "{\"temperature\": %d, \"condition\": \"%s\"}".formatted(degrees, sky),
        "It is %s in %s, %d degrees.".formatted(sky, city, degrees));
  }

  private static ToolDialogue time(Random random) {
    String city = CITIES[random.nextInt(CITIES.length)];
    String time = String.format(Locale.ROOT, "%02d:%02d", random.nextInt(24), random.nextInt(60));
    return new ToolDialogue(
        "What time is it in " + city + "?",
        new ToolCall("get_time", Map.of("city", city)),
        "{\"time\": \"%s\"}".formatted(time),
        "It is %s in %s.".formatted(time, city));
  }

  private static ToolDialogue calculation(Random random) {
    int a = 100 + random.nextInt(99_900);
    int b = 100 + random.nextInt(9_900);
    String expression = a + " + " + b;
    return new ToolDialogue(
        "Use the calculator: " + expression,
        new ToolCall("calculator", Map.of("expression", expression)),
        String.valueOf(a + b),
        "%s = **%d**".formatted(expression, a + b));
  }

  /** Counts the dialogues in which an agent makes the right call and gives the right answer. */
  static int solved(Model model, List<ToolDialogue> dialogues) throws Exception {
    try (ExecutorService executor = Executors.newFixedThreadPool(64)) {
      List<Future<Boolean>> results = new ArrayList<>();
      for (ToolDialogue dialogue : dialogues) {
        Callable<Boolean> solve = () -> dialogue.isSolved(model);
        results.add(executor.submit(solve));
      }
      int solved = 0;
      for (Future<Boolean> result : results) {
        solved += result.get() ? 1 : 0;
      }
      return solved;
    }
  }

  private boolean isSolved(Model model) {
    SessionOptions options = SessionOptions.builder().tools(tool()).generation(GREEDY).build();
    try (Session session = model.newSession(options)) {
      AgentReply reply = Agent.of(session).send(question);
      return reply.answer().equals(answer)
          && reply.outcomes().size() == 1
          && reply.outcomes().getFirst().call().equals(call);
    }
  }

  /** The declaration the model was trained with, and the result. */
  private Tool tool() {
    Map<String, Tool> known = new LinkedHashMap<>();
    for (Golden.Case golden : Golden.cases()) {
      for (Tool tool : golden.tools()) {
        known.put(tool.name(), tool);
      }
    }
    Tool declared = known.get(call.name());
    if (declared == null) {
      throw new IllegalStateException("no golden case declares " + call.name());
    }
    return Tool.of(declared.name(), declared.description(), declared.parameters(), a -> result);
  }
}
