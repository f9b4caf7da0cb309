package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The README shows the code that the consumer project compiles and runs, and no other. */
class ReadmeTest {
  private static final Pattern SHOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("// README: \\w+\\n(.*?) *// README: end", Pattern.DOTALL);

  @Test
  void showsTheCodeThatRuns() throws IOException {
    Path root = TinyModel.root();
    List<String> shown = blocks(SHOWN, Files.readString(root.resolve("README.md")));
    List<String> run =
        blocks(
            RUN,
            Files.readString(
                root.resolve("qwq-core/src/it/consumer/src/main/java/consumer/Main.java")));
    assertThat(shown).hasSize(2).isEqualTo(run);
  }

  private static List<String> blocks(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1).stripTrailing().stripIndent())
        .toList();
  }
}
