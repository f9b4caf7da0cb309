package dev.qwq.bench.peers;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.ReasoningFormat;
import dev.qwq.ReplyStream;
import dev.qwq.Sampler;
import dev.qwq.Usage;
import dev.qwq.bench.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * Measures qwq on one job, through the API that users have. Tells what it measured line by line;
 * after each line it waits for one on standard input, so that the memory at that moment can be
 * read.
 */
final class QwqWorker {
  private final Job job;
  private final PrintStream out;
  private final BufferedReader in;

  private QwqWorker(Job job, PrintStream out, BufferedReader in) {
    this.job = job;
    this.out = out;
    this.in = in;
  }

  /**
   * Measures.
   *
   * @param args the job's file
   * @throws IOException if it cannot be read
   */
  public static void main(String[] args) throws IOException {
    BufferedReader in =
        new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    new QwqWorker(Json.read(Path.of(args[0]), Job.class), System.out, in).run();
  }

  private void run() throws IOException {
    ModelOptions.Builder options =
        ModelOptions.builder()
            .threads(job.threads())
            .contextLength(job.context())
            .kvCacheTokens(Math.max(job.context(), batchTokens()));
    if (job.cpuIsa() != null) {
      options.cpuIsa(job.cpuIsa());
    }
    long start = System.nanoTime();
    try (Model model = Model.open(Path.of(job.model()), options.build())) {
      tell(Map.of("event", "open", "seconds", (System.nanoTime() - start) / 1e9));
      generate(model, List.of(job.warmup()), 4);
      for (int[] prompt : job.prompts()) {
        Usage usage = generate(model, List.of(prompt), 1).getFirst().usage;
        tell(
            Map.of(
                "event",
                "prefill",
                "asked",
                prompt.length,
                "tokens",
                usage.promptTokens() - usage.cachedTokens(),
                "seconds",
                usage.timeToFirstToken().toNanos() / 1e9));
      }
      if (job.generate() > 0) {
        Run run = generate(model, List.of(job.decodePrompt()), job.generate() + 1).getFirst();
        tell(
            Map.of(
                "event",
                "decode",
                "tokens",
                run.usage.generatedTokens() - 1,
                "seconds",
                run.decodeSeconds()));
      }
      if (!job.batch().isEmpty()) {
        batch(generate(model, job.batch(), job.generate() + 1));
      }
      tell(Map.of("event", "done"));
    }
  }

  private long batchTokens() {
    return job.batch().stream().mapToLong(prompt -> prompt.length + job.generate() + 64L).sum();
  }

  /** From the moment all sequences decode. */
  private void batch(List<Run> runs) throws IOException {
    double begin = runs.stream().mapToDouble(Run::firstToken).max().orElseThrow();
    double end = runs.stream().mapToDouble(Run::end).max().orElseThrow();
    // Of a sequence that ended before the last one began, none.
    double tokens =
        runs.stream()
            .mapToDouble(run -> Math.max(0, run.end() - begin) * run.usage.tokensPerSecond())
            .sum();
    tell(
        Map.of(
            "event", "batch", "sequences", runs.size(), "tokens", tokens, "seconds", end - begin));
  }

  /** A reply, and when it was asked for, in seconds. */
  private record Run(Usage usage, double asked) {
    double firstToken() {
      return asked + usage.timeToFirstToken().toNanos() / 1e9;
    }

    double decodeSeconds() {
      return (usage.generatedTokens() - 1) / usage.tokensPerSecond();
    }

    double end() {
      return firstToken() + decodeSeconds();
    }
  }

  private List<Run> generate(Model model, List<int[]> prompts, int tokens) {
    Sampler.Builder greedy = Sampler.builder().temperature(0);
    job.endTokens().forEach(id -> greedy.logitBias(id, Float.NEGATIVE_INFINITY));
    GenerationOptions options =
        GenerationOptions.builder()
            .sampler(greedy.build())
            .maxTokens(tokens)
            .reasoningFormat(ReasoningFormat.NONE)
            .build();
    List<ReplyStream> streams = new ArrayList<>();
    List<Double> asked = new ArrayList<>();
    List<Run> runs = new ArrayList<>();
    try {
      for (int[] prompt : prompts) {
        asked.add(System.nanoTime() / 1e9);
        streams.add(model.stream(prompt, options));
      }
      for (int i = 0; i < streams.size(); i++) {
        runs.add(new Run(streams.get(i).reply().usage(), asked.get(i)));
      }
    } finally {
      streams.forEach(ReplyStream::close);
    }
    return runs;
  }

  private void tell(Map<String, Object> event) throws IOException {
    out.println(PeerProcess.MARK + Json.line(event));
    in.readLine();
  }
}
