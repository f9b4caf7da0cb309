package dev.qwq.bench.jmh;

import ai.djl.huggingface.tokenizers.HuggingFaceTokenizer;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.qwq.bench.TinyModel;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;

/**
 * Ten megabytes of mixed text to ids, by qwq and by Hugging Face's tokenizers, document by document
 * on one thread.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.SingleShotTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3)
@Measurement(iterations = 9)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // JMH sets the fields up
public class TokenizerBenchmark {
  private static final int BYTES = 10_000_000;
  private static final int DOCUMENT = 10_000;

  /**
   * A folder with tokenizer.json, or a folder with vocab.json and merges; "tiny": the examples'.
   */
  @Param("tiny")
  public String tokenizer;

  private Tokenizer ours;
  private HuggingFaceTokenizer theirs;
  private List<String> documents;
  private @Nullable TinyModel tiny;
  private @Nullable TokenizerFolder made;

  /** Opens both and checks that they agree. */
  @Setup
  public void open() throws IOException {
    tiny = tokenizer.equals("tiny") ? TinyModel.unpack() : null;
    Path folder = tiny == null ? Path.of(tokenizer) : tiny.folder();
    made = TokenizerFolder.of(folder);
    ours = Tokenizer.open(made.path());
    theirs =
        HuggingFaceTokenizer.builder()
            .optTokenizerPath(made.path().resolve("tokenizer.json"))
            .optAddSpecialTokens(false)
            .optTruncation(false)
            .build();
    documents = new ArrayList<>();
    for (int i = 0; i < BYTES / DOCUMENT; i++) {
      documents.add(MixedText.ofBytes(DOCUMENT, i));
    }
    for (String document : documents) {
      int[] own = ours.encode(document, false);
      long[] other = theirs.encode(document, false, false).getIds();
      if (!Arrays.equals(own, Arrays.stream(other).mapToInt(Math::toIntExact).toArray())) {
        throw new IllegalStateException("the two tokenizers do not agree on: " + document);
      }
    }
  }

  /** Deletes what was unpacked. */
  @TearDown
  public void close() throws IOException {
    theirs.close();
    if (made != null) {
      made.close();
    }
    if (tiny != null) {
      tiny.close();
    }
  }

  /** Encodes with qwq. */
  @Benchmark
  public void qwq(Blackhole sink) {
    for (String document : documents) {
      sink.consume(ours.encode(document, false));
    }
  }

  /** Encodes with DJL. */
  @Benchmark
  public void huggingFace(Blackhole sink) {
    for (String document : documents) {
      sink.consume(theirs.encode(document, false, false).getIds());
    }
  }

  /** The same without what DJL reads beside the ids: tokens as strings, offsets, masks. */
  @Benchmark
  public void huggingFaceIdsOnly(Blackhole sink) {
    for (String document : documents) {
      long encoding = TokenizersLibrary.LIB.encode(theirs.getHandle(), document, false);
      sink.consume(TokenizersLibrary.LIB.getTokenIds(encoding));
      TokenizersLibrary.LIB.deleteEncoding(encoding);
    }
  }
}
