package dev.qwq.bench.jmh;

import dev.qwq.bench.TinyModel;
import dev.qwq.chat.ChatTemplate;
import dev.qwq.chat.RenderedPrompt;
import dev.qwq.model.ModelSource;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.Warmup;

/** A conversation to a prompt: template, then ids. */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 5, time = 1)
@Measurement(iterations = 5, time = 1)
@Fork(value = 1, jvmArgsAppend = "--enable-native-access=ALL-UNNAMED")
@SuppressWarnings("NullAway.Init") // JMH sets the fields up
public class TemplateBenchmark {
  /** Messages so far. */
  @Param({"1", "20", "200"})
  public int messages;

  private ChatTemplate template;
  private Tokenizer tokenizer;
  private Map<String, Object> variables;

  /** Makes a conversation up. */
  @Setup
  public void open() throws IOException {
    try (TinyModel tiny = TinyModel.unpack();
        ModelSource source = ModelSource.open(tiny.folder())) {
      template = ChatTemplate.parse(source.chatTemplate().orElseThrow());
      tokenizer = source.tokenizer().orElseThrow();
    }
    List<Map<String, Object>> conversation = new ArrayList<>();
    for (int i = 0; i < messages; i++) {
      Map<String, Object> message = new LinkedHashMap<>();
      message.put("role", i % 2 == 0 ? "user" : "assistant");
      message.put("content", MixedText.ofBytes(300, i));
      conversation.add(message);
    }
    variables = Map.of("messages", conversation, "add_generation_prompt", true);
  }

  /** Renders. */
  @Benchmark
  public RenderedPrompt render() {
    return template.render(variables);
  }

  /** Renders and encodes. */
  @Benchmark
  public int[] renderAndEncode() {
    RenderedPrompt prompt = template.render(variables);
    return tokenizer.encode(prompt.text(), prompt.trustedRanges());
  }

  /** Parses the template. */
  @Benchmark
  public ChatTemplate parse() {
    return ChatTemplate.parse(template.source());
  }
}
