package dev.qwq.bench.jmh;

import dev.qwq.bench.TinyModel;
import dev.qwq.output.OutputParser;
import dev.qwq.output.OutputSink;
import dev.qwq.output.ReasoningStart;
import dev.qwq.tokenizer.IncrementalDetokenizer;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/** Tokens to text, and text to thinking, answer and tool calls; a token is an operation. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // JMH sets the fields up
public class OutputBenchmark {
  private static final int TOKENS = 4096;

  private Tokenizer tokenizer;
  private int[] ids;

  /** Tokenizes what a model might say. */
  @Setup
  public void tokenize() throws IOException {
    try (TinyModel tiny = TinyModel.unpack()) {
      tokenizer = Tokenizer.open(tiny.folder());
    }
    String thinking = MixedText.ofBytes(20_000, 2);
    String call =
        """

        </think>

        So.
        <tool_call>
        {"name": "f", "arguments": {"x": 1}}
        </tool_call>
        """;
    int[] head = tokenizer.encode(thinking, false);
    int[] tail = tokenizer.encode(call);
    ids = new int[TOKENS];
    System.arraycopy(head, 0, ids, 0, TOKENS - tail.length);
    System.arraycopy(tail, 0, ids, TOKENS - tail.length, tail.length);
  }

  /** Text only. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void detokenize(Blackhole sink) {
    IncrementalDetokenizer detokenizer = tokenizer.newDetokenizer();
    for (int id : ids) {
      sink.consume(detokenizer.accept(id));
    }
    sink.consume(detokenizer.finish());
  }

  /** All that happens to a token before an application sees it. */
  @Benchmark
  @OperationsPerInvocation(TOKENS)
  public void parse(Blackhole sink) {
    OutputParser parser =
        new OutputParser(
            tokenizer, List.of("<stop>"), ReasoningStart.THINKING, true, new Parts(sink));
    for (int id : ids) {
      parser.accept(id);
    }
    parser.finish();
  }

  private record Parts(Blackhole sink) implements OutputSink {
    @Override
    public void onReasoning(String text) {
      sink.consume(text);
    }

    @Override
    public void onAnswer(String text) {
      sink.consume(text);
    }

    @Override
    public void onToolCall(String name, Map<String, Object> arguments) {
      sink.consume(arguments);
    }
  }
}
