package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** README and docs show the code that the consumer project compiles and runs, and no other. */
class ReadmeTest {
  private static final Pattern SHOWN = Pattern.compile("```java\\n(.*?)```", Pattern.DOTALL);
  private static final Pattern RUN =
      Pattern.compile("// (?:README|DOCS): \\w+\\n(.*?) *// (?:README|DOCS): end", Pattern.DOTALL);

  @ParameterizedTest
  @CsvSource({
    "README.md, Main, 2",
    "docs/thinking.md, Thinking, 6",
    "docs/conversations.md, Conversations, 11"
  })
  void showsTheCodeThatRuns(String page, String program, int examples) throws IOException {
    Path root = TinyModel.root();
    List<String> shown = blocks(SHOWN, Files.readString(root.resolve(page)));
    Path source =
        root.resolve("qwq-core/src/it/consumer/src/main/java/consumer").resolve(program + ".java");
    assertThat(shown).hasSize(examples).isEqualTo(blocks(RUN, Files.readString(source)));
    assertThat(shown).allSatisfy(code -> assertThat(code.lines().count()).isLessThan(13));
  }

  private static List<String> blocks(Pattern pattern, String text) {
    return pattern
        .matcher(text)
        .results()
        .map((MatchResult match) -> match.group(1).stripTrailing().stripIndent())
        .toList();
  }
}
