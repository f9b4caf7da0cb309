package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** docs/structured-output.md shows the code that the consumer project compiles and runs. */
class StructuredOutputDocTest {
  private static final String CODE =
      "qwq-core/src/it/consumer/src/main/java/consumer/StructuredOutput.java";
  private static final Pattern SHOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("// DOC: \\w+\\n(.*?) *// DOC: end", Pattern.DOTALL);

  @Test
  void showsTheCodeThatRunsEachPieceInUnderTwelveLines() throws IOException {
    Path root = TinyModel.root();
    List<String> shown = blocks(SHOWN, Files.readString(root.resolve("docs/structured-output.md")));
    assertThat(shown).hasSize(6).isEqualTo(blocks(RUN, Files.readString(root.resolve(CODE))));
    assertThat(shown).allMatch(code -> code.lines().count() < 12);
  }

  private static List<String> blocks(Pattern pattern, String text) {
    return pattern.matcher(text).results().map(match -> code(match.group(1))).toList();
  }

  private static String code(String block) {
    return block.stripTrailing().stripIndent().strip();
  }
}
