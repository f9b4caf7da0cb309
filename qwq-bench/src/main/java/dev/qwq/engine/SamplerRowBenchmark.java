package dev.qwq.engine;

import java.lang.foreign.MemorySegment;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;

/** Making the sampler's row of a step ready, and noting what was drawn. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // JMH sets the fields up
public class SamplerRowBenchmark {
  private static final int VOCABULARY = 152_064;

  /** Tokens of the prompt; all penalties are on, and must not cost more with a long one. */
  @Param({"100", "30000"})
  public int context;

  /** Whether a grammar allows some tokens only. */
  @Param({"false", "true"})
  public boolean masked;

  private SamplerState state;
  private int[] tokens;
  private int draw;

  /** Begins a generation. */
  @Setup(Level.Iteration)
  public void begin() {
    Random random = new Random(1);
    tokens = random.ints(context, 0, VOCABULARY).toArray();
    int[] words = random.ints((VOCABULARY + 31) / 32).toArray();
    SamplingParameters parameters =
        new SamplingParameters(0.6f, 40, 0.95f, 0, 1, 0.1f, 1.1f, 1, 0, Map.of());
    state = new SamplerState(parameters, masked ? new OneMask(words) : null, tokens, VOCABULARY);
    draw = 0;
  }

  /** Gives the memory back. */
  @TearDown(Level.Iteration)
  public void end() {
    state.close();
  }

  /** One token. */
  @Benchmark
  public MemorySegment row() {
    MemorySegment row = state.prepare(draw);
    state.accept(tokens[draw++ % context]);
    return row;
  }

  /** The same tokens everywhere. */
  private record OneMask(int[] allowed) implements TokenMask {
    @Override
    public TokenMask after(int token) {
      return this;
    }
  }
}
