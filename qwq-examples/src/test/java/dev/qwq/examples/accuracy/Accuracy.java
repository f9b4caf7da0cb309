package dev.qwq.examples.accuracy;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.Reply;
import dev.qwq.Sampler;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.Tool;
import dev.qwq.ToolCall;
import dev.qwq.examples.Golden;
import dev.qwq.examples.accuracy.Problem.Kind;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** How many problems a model solves, greedily, many at once. */
final class Accuracy {
  private static final int SESSIONS = 64;

  /** No right reply comes near it. */
  private static final int MAX_TOKENS = 400;

  private static final GenerationOptions GREEDY =
      GenerationOptions.builder().sampler(Sampler.greedy()).maxTokens(MAX_TOKENS).build();

  private Accuracy() {}

  /** Draws as many problems of each kind. */
  static Map<Kind, List<Problem>> problems(long seed, int perKind) {
    ProblemGenerator generator = new ProblemGenerator(seed);
    Map<Kind, List<Problem>> problems = new EnumMap<>(Kind.class);
    for (Kind kind : Kind.values()) {
      problems.put(kind, generator.problems(kind, perKind));
    }
    return problems;
  }

  /** Counts the problems that a model solves, by kind. */
  static Map<Kind, Integer> solved(
      Path path, ModelOptions.Builder options, Map<Kind, List<Problem>> problems)
      throws InterruptedException, ExecutionException {
    Map<Kind, Integer> solved = new EnumMap<>(Kind.class);
    try (Model model = Model.open(path, options.contextLength(1024).build());
        ExecutorService executor = Executors.newFixedThreadPool(SESSIONS)) {
      Map<Kind, List<Future<Boolean>>> results = new EnumMap<>(Kind.class);
      problems.forEach(
          (kind, list) -> {
            List<Future<Boolean>> futures = new ArrayList<>();
            list.forEach(problem -> futures.add(executor.submit(() -> isSolved(model, problem))));
            results.put(kind, futures);
          });
      for (Map.Entry<Kind, List<Future<Boolean>>> kind : results.entrySet()) {
        int count = 0;
        for (Future<Boolean> result : kind.getValue()) {
          count += result.get() ? 1 : 0;
        }
        solved.put(kind.getKey(), count);
      }
    }
    return solved;
  }

  static int sum(Map<Kind, Integer> solved) {
    return solved.values().stream().mapToInt(Integer::intValue).sum();
  }

  private static boolean isSolved(Model model, Problem problem) {
    SessionOptions.Builder options = SessionOptions.builder().generation(GREEDY);
    boolean usesTool = !problem.tool().isEmpty();
    if (usesTool) {
      options.tools(tool(problem.tool()));
    }
    try (Session session = model.newSession(options.build())) {
      Reply reply = session.send(problem.question(), GREEDY);
      if (!usesTool) {
        return reply.answer().equals(problem.answer());
      }
      List<ToolCall> calls = reply.toolCalls();
      return calls.size() == 1
          && calls.getFirst().name().equals(problem.tool())
          && List.copyOf(calls.getFirst().arguments().values()).equals(List.of(problem.answer()));
    }
  }

  private static Tool tool(String name) {
    return Golden.cases().stream()
        .flatMap(golden -> List.of(golden.tools()).stream())
        .filter(tool -> tool.name().equals(name))
        .findFirst()
        .orElseThrow();
  }
}
