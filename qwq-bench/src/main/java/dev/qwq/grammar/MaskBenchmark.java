package dev.qwq.grammar;

import dev.qwq.bench.jmh.TokenizerFolder;
import dev.qwq.engine.TokenMask;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
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
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * The mask of one token and the step to the next, along an answer that is given: an operation is a
 * token. {@code warm} knows the grammar from replies before; {@code cold} sees it for the first
 * time, but for the strings and punctuation that all grammars share; {@code compile} is what the
 * caller's thread does before.
 */
@State(Scope.Thread)
@BenchmarkMode({Mode.SampleTime, Mode.AverageTime})
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // JMH sets the fields up
public class MaskBenchmark {
  private static final int VOCABULARY = 152_064;

  /** A folder with the tokenizer. */
  @Param({"../shared/data/tokenizer"})
  public String tokenizer;

  /** Which schema: a record with nested lists, any JSON, lengths and patterns, recursion. */
  @Param({"record", "json", "limits", "tree"})
  public String schema;

  private AnswerGrammar answer;
  private TokenTrie trie;
  private Grammar grammar;
  private int[] endTokens;
  private int[] tokens;
  private TokenMask mask;
  private int at;

  /** Builds the tree of the vocabulary and tokenizes the answer. */
  @Setup
  public void prepare() throws IOException {
    Tokenizer words;
    try (TokenizerFolder folder = TokenizerFolder.of(Path.of(tokenizer))) {
      words = Tokenizer.open(folder.path());
    }
    trie = new TokenTrie(words, Math.max(VOCABULARY, words.size()));
    endTokens = new int[] {words.size() - 1};
    answer = AnswerGrammar.jsonSchema(GrammarExamples.schema(schema));
    tokens = words.encode(GrammarExamples.answer(schema), false);
    grammar = answer.over(trie);
  }

  /** Back to the beginning. */
  @Setup(Level.Iteration)
  public void begin() {
    at = tokens.length;
  }

  /** A token of a grammar that is known. */
  @Benchmark
  public int @Nullable [] warm() {
    if (at == tokens.length) {
      at = 0;
      mask = GrammarMasks.answer(grammar, false, VOCABULARY, endTokens);
    }
    int[] allowed = mask.allowed();
    mask = mask.after(tokens[at++]);
    return allowed;
  }

  /** A token of a grammar that is new. */
  @Benchmark
  public int @Nullable [] cold() {
    if (at == tokens.length) {
      at = 0;
      mask = GrammarMasks.answer(answer.over(trie), false, VOCABULARY, endTokens);
    }
    int[] allowed = mask.allowed();
    mask = mask.after(tokens[at++]);
    return allowed;
  }

  /** From the schema's text to the grammar over the vocabulary. */
  @Benchmark
  public void compile(Blackhole sink) {
    sink.consume(AnswerGrammar.jsonSchema(GrammarExamples.schema(schema)).over(trie));
  }
}
