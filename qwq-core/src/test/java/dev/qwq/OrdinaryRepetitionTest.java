package dev.qwq;

import static org.assertj.core.api.Assertions.assertThat;

import dev.qwq.output.RepetitionDetector;
import dev.qwq.tokenizer.Shared;
import dev.qwq.tokenizer.Tokenizer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.StringJoiner;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What repeats itself for good reason is no loop by the default thresholds; what loops is one. */
class OrdinaryRepetitionTest {
  @TempDir Path folder;

  /** With the tiny vocabulary nearly every character is a token: the hardest case. */
  @Test
  void isNoLoopInTheTinyVocabulary() {
    check(Tokenizer.open(TinyModel.path()));
  }

  @Test
  void isNoLoopInTheQwen2Vocabulary() throws IOException {
    check(Shared.qwen2(folder));
  }

  private static void check(Tokenizer tokenizer) {
    for (String text : ordinary()) {
      assertThat(loops(tokenizer, text)).as(text).isZero();
    }
    for (String span : spans()) {
      assertThat(loops(tokenizer, "Let me see. " + span.repeat(600))).as(span).isEqualTo(1);
    }
  }

  private static int loops(Tokenizer tokenizer, String text) {
    RepetitionPolicy policy = RepetitionPolicy.report();
    RepetitionDetector detector =
        new RepetitionDetector(policy.minTokens(), policy.minRepeats(), policy.maxPeriod());
    int found = 0;
    for (int token : tokenizer.encode(text)) {
      found += detector.accept(token) > 0 ? 1 : 0;
    }
    return found;
  }

  private static List<String> ordinary() {
    StringJoiner list = new StringJoiner("\n");
    IntStream.rangeClosed(1, 400).forEach(i -> list.add(i + ". Check the next case, it holds."));
    StringJoiner code = new StringJoiner("\n");
    IntStream.range(0, 60)
        .forEach(
            i ->
                code.add("            case " + i + ":")
                    .add("                return value;")
                    .add("            // fall through is not wanted here")
                    .add(""));
    return List.of(
        "One googol is 1" + "0".repeat(100) + ".",
        "10^300 = 1" + "0".repeat(300),
        "Title\n" + "=".repeat(80) + "\n\n" + "-".repeat(80) + "\n" + "#".repeat(120) + "\n",
        ("+" + "-".repeat(18)).repeat(4) + "+\n" + ("|" + " ".repeat(18)).repeat(4) + "|\n",
        "| a | b | c | d |\n|---|---|---|---|\n" + "| 0 | 0 | 0 | 0 |\n".repeat(20),
        "[" + "[0, 0, 0, 0, 0, 0, 0, 0],\n ".repeat(8) + "]",
        list.toString(),
        code.toString(),
        "}\n".repeat(40),
        "        ".repeat(40) + "x",
        "Ha" + "ha".repeat(50) + "!",
        "\n".repeat(60),
        "We all live in a yellow submarine,\n".repeat(8),
        "<td></td>".repeat(24));
  }

  private static List<String> spans() {
    return List.of(
        "0",
        "ha",
        "Wait, let me check that again. ",
        "Wait, maybe the answer is 3. Let me count again: s-t-r-a-w-b-e-r-r-y, that is 3.\n\n",
        "Alternatively, I could try another way to see it. Hmm, no, that gives the same. ");
  }
}
