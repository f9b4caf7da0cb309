package dev.qwq.examples.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.ThinkingBudget;
import dev.qwq.examples.BundledModel;
import dev.qwq.examples.Golden;
import dev.qwq.examples.SimulatorLibrary;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerateCommandTest {
  private static final String QUESTION = "How many r's are in the word \"strawberry\"";

  @TempDir Path folder;

  @Test
  void answersAsTheGoldenRepliesDo() throws IOException {
    Golden.Case golden = Golden.strawberry();
    JsonNode reply =
        generate("--prompt", QUESTION, "--temperature", 0, "--backend", "reference").json();
    checkGolden(reply, golden);
    assertThat(Cli.names(reply))
        .containsExactly("reasoning", "answer", "tokens", "finish_reason", "usage");
    JsonNode usage = reply.get("usage");
    assertThat(Cli.names(usage))
        .containsExactly(
            "prompt_tokens",
            "cached_tokens",
            "thinking_tokens",
            "answer_tokens",
            "forced_tokens",
            "thinking_seconds",
            "time_to_first_token_seconds",
            "tokens_per_second");
    assertThat(usage.get("prompt_tokens").intValue()).isEqualTo(golden.promptTokens().length);
    assertThat(usage.get("thinking_tokens").intValue() + usage.get("answer_tokens").intValue())
        .isEqualTo(golden.tokens().length);
    assertThat(usage.get("time_to_first_token_seconds").doubleValue()).isPositive();
    assertThat(usage.get("tokens_per_second").doubleValue()).isPositive();
  }

  @ParameterizedTest
  @ValueSource(strings = {"reference", "cpu"})
  void takesTokensAsTheyAre(String backend) throws IOException {
    Golden.Case golden = Golden.strawberry();
    JsonNode reply =
        generate(
                "--prompt-tokens",
                join(golden.promptTokens()),
                "--temperature",
                0,
                "--backend",
                backend)
            .json();
    if (backend.equals("reference")) {
      checkGolden(reply, golden);
    }
    assertThat(reply.get("answer").textValue()).isEqualTo(golden.answer());
  }

  @Test
  void aSimulatedDeviceAnswersAsTheGoldenRepliesDo() throws IOException {
    assumeTrue(SimulatorLibrary.isThere(), "the simulator is built with the native library");
    Cli reply =
        generate(
            "--prompt",
            QUESTION,
            "--temperature",
            0,
            "--backend",
            "cuda",
            "--device",
            "sim",
            "--ctx",
            256);
    checkGolden(reply.json(), Golden.strawberry());
  }

  private static void checkGolden(JsonNode reply, Golden.Case golden) {
    assertThat(new ObjectMapper().convertValue(reply.get("tokens"), int[].class))
        .isEqualTo(golden.tokens());
    assertThat(reply.get("reasoning").textValue()).isEqualTo(golden.reasoning());
    assertThat(reply.get("answer").textValue()).isEqualTo(golden.answer());
    assertThat(reply.get("finish_reason").textValue()).isEqualTo("stop");
  }

  @Test
  void rawContinuesThePrompt() throws IOException {
    String prompt = Golden.strawberry().promptText();
    JsonNode reply = generate("--raw", "--prompt", prompt, "--temperature", 0).json();
    assertThat(Cli.names(reply)).containsExactly("text", "tokens", "finish_reason", "usage");
    assertThat(reply.get("text").textValue()).contains("</think>").contains("**3**");
    Cli plain = Cli.run("generate", "--raw", "--prompt", prompt, "--temperature", 0);
    assertThat(plain.out()).isEqualTo(reply.get("text").textValue());
  }

  @Test
  void obeysLimitsStopStringsAndSystemPrompt() throws IOException {
    JsonNode limited = generate("--prompt", QUESTION, "--max-tokens", 7).json();
    assertThat(limited.get("tokens")).hasSize(7);
    assertThat(limited.get("finish_reason").textValue()).isEqualTo("length");
    JsonNode stopped =
        generate("--prompt", QUESTION, "--temperature", 0, "--stop", "zzz", "--stop", "**3").json();
    assertThat(stopped.get("answer").textValue()).isEqualTo("There are");
    assertThat(stopped.get("finish_reason").textValue()).isEqualTo("stop");
    JsonNode framed = generate("--prompt", QUESTION, "--system", "Be careful.").json();
    assertThat(framed.get("usage").get("prompt_tokens").intValue())
        .isGreaterThan(Golden.strawberry().promptTokens().length);
  }

  @Test
  void theSameSeedGivesTheSameReply() throws IOException {
    // So hot that no two seeds agree.
    Object[] words = {
      "--prompt", "hi", "--seed", 7, "--temperature", 5, "--top-p", 1, "--top-k", 0, "-n", 20
    };
    JsonNode first = generate(words).json();
    assertThat(generate(words).json().get("tokens")).isEqualTo(first.get("tokens"));
    words[3] = 8;
    assertThat(generate(words).json().get("tokens")).isNotEqualTo(first.get("tokens"));
  }

  @Test
  void showsThinkingBeforeTheAnswer() {
    Cli cli = Cli.run("generate", "--prompt", QUESTION, "--temperature", 0);
    assertThat(cli.status()).isZero();
    assertThat(cli.out()).startsWith("[thinking] Let me spell").contains("\n[answer] There are");
    assertThat(cli.err()).contains("prompt", "tokens/s", "seed ");
    Cli seeded = Cli.run("generate", "--prompt", QUESTION, "--temperature", 0, "--seed", 1);
    assertThat(seeded.err()).doesNotContain("seed ");
  }

  @Test
  void aModelWithoutTokenizerAnswersIdsWithIds() throws IOException {
    for (String file : List.of("config.json", "generation_config.json", "model.safetensors")) {
      Files.copy(BundledModel.path().resolve(file), folder.resolve(file));
    }
    String ids = join(Golden.strawberry().promptTokens());
    JsonNode reply =
        generate(
                "--model",
                folder,
                "--prompt-tokens",
                ids,
                "--temperature",
                0,
                "--backend",
                "reference")
            .json();
    assertThat(reply.get("reasoning").isNull()).isTrue();
    assertThat(reply.get("answer").isNull()).isTrue();
    assertThat(reply.get("tokens")).hasSize(Golden.strawberry().tokens().length);
    JsonNode raw =
        generate("--model", folder, "--prompt-tokens", ids, "--raw", "--max-tokens", 3).json();
    assertThat(raw.get("text").isNull()).isTrue();
    Cli plain = Cli.run("generate", "-m", folder, "--prompt-tokens", ids, "-n", 2);
    assertThat(plain.out()).matches("\\d+,\\d+\\R");
    Cli text = Cli.run("generate", "--model", folder, "--prompt", "hello");
    assertThat(text.status()).isEqualTo(1);
    assertThat(text.err().strip().lines()).hasSize(1);
  }

  @Test
  void wrongOptionsAreWrongUse() {
    for (List<Object> words :
        List.of(
            List.<Object>of(),
            List.<Object>of("--prompt", "a", "--prompt-tokens", "1"),
            List.<Object>of("--prompt-tokens", "1,x"),
            List.<Object>of("--prompt", "a", "--temperature", -1),
            List.<Object>of("--prompt", "a", "--top-p", 0),
            List.<Object>of("--prompt", "a", "--max-tokens", 0),
            List.<Object>of("--prompt", "a", "--stop", ""),
            List.<Object>of("--prompt", "a", "--thinking-budget", "5 minutes"),
            List.<Object>of("--prompt", "a", "--thinking-budget", "5,6"),
            List.<Object>of("--prompt", "a", "--thinking-budget", "-1"),
            List.<Object>of("--prompt", "a", "--thinking-nudge", "so</think>"),
            List.<Object>of("--prompt", "a", "--on-loop", "panic"),
            List.<Object>of("--prompt", "a", "--threads", 0),
            List.<Object>of("--prompt", "a", "--ctx", -1),
            List.<Object>of("--prompt", "a", "--backend", "gpu"),
            List.<Object>of("--prompt", "a", "--kv", "q9"),
            List.<Object>of("--prompt", "a", "--raw", "--system", "s"))) {
      Cli cli = generate(words.toArray());
      assertThat(cli.status()).as("%s: %s", words, cli.err()).isEqualTo(2);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.err().strip().lines()).hasSize(1);
    }
    assertThat(generate("--prompt", "a", "--top-p", 2).err())
        .contains("--top-p: expected above 0 and at most 1, found 2.0");
  }

  @Test
  void thinkingIsLimitedSwitchedOffAndNudged() throws IOException {
    JsonNode limited =
        generate("--prompt", QUESTION, "--temperature", 0, "--thinking-budget", "9,1h").json();
    assertThat(limited.get("usage").get("thinking_tokens").intValue()).isEqualTo(11);
    assertThat(limited.get("usage").get("forced_tokens").intValue()).isEqualTo(3);
    assertThat(limited.get("answer").textValue()).isNotEmpty();
    JsonNode nudged =
        generate(
                "--prompt",
                QUESTION,
                "--temperature",
                0,
                "--thinking-budget",
                "9",
                "--thinking-nudge",
                "So \"r\" appears 3 times.")
            .json();
    assertThat(nudged.get("reasoning").textValue()).endsWith("\n\nSo \"r\" appears 3 times.");
    assertThat(nudged.get("answer").textValue()).contains("**3**");
    JsonNode usual =
        generate("--thinking-budget", "9", "--thinking-nudge", "--prompt", QUESTION).json();
    assertThat(usual.get("reasoning").textValue()).endsWith(ThinkingBudget.DEFAULT_NUDGE);
    JsonNode off = generate("--prompt", QUESTION, "--no-thinking").json();
    assertThat(off.get("reasoning").textValue()).isEmpty();
    assertThat(off.get("usage").get("thinking_tokens").intValue()).isZero();
    assertThat(off.get("answer").textValue()).isNotEmpty();
  }

  @Test
  void loopsEndTheReplyWhenTold() throws IOException {
    // Random weights, always the most likely token: sooner or later it has been here before.
    Path random = folder.resolve("random.gguf");
    assertThat(Cli.run("synth", "--seed", 5, random).status()).isZero();
    JsonNode stopped = greedyToTheLimit(random, "stop");
    assertThat(stopped.get("finish_reason").textValue()).isEqualTo("repetition");
    assertThat(stopped.get("tokens").size()).isBetween(512, 1199);
    JsonNode endless = greedyToTheLimit(random, "ignore");
    assertThat(endless.get("finish_reason").textValue()).isEqualTo("length");
    assertThat(endless.get("tokens")).hasSize(1200);
  }

  private static JsonNode greedyToTheLimit(Path model, String onLoop) throws IOException {
    return generate(
            "-m", model, "--prompt", "a", "--temperature", 0, "-n", 1200, "--on-loop", onLoop)
        .json();
  }

  @Test
  void answersFromAQuantisedKvCacheOnPinnedThreads() throws IOException {
    Cli cli = generate("--prompt", QUESTION, "--temperature", 0, "--kv", "q8_0", "--pin");
    assertThat(cli.status()).as(cli.err()).isZero();
    assertThat(cli.json().get("answer").asText()).contains("**");
  }

  @Test
  void failuresAreOneSentence() {
    for (List<Object> words :
        List.of(
            List.<Object>of("--prompt", "a", "--cpu-isa", "abacus"),
            List.<Object>of("--prompt-tokens", "1,99999"),
            List.<Object>of("--prompt", "word ".repeat(300), "--ctx", 64))) {
      Cli cli = generate(words.toArray());
      assertThat(cli.status()).as("%s: %s", words, cli.err()).isEqualTo(1);
      assertThat(cli.out()).isEmpty();
      assertThat(cli.err().strip().lines()).hasSize(1);
      assertThat(cli.err()).doesNotContain("internal error");
    }
  }

  private static Cli generate(Object... words) {
    Object[] all = new Object[words.length + 2];
    all[0] = "generate";
    all[1] = "--json";
    System.arraycopy(words, 0, all, 2, words.length);
    return Cli.run(all);
  }

  private static String join(int[] ids) {
    return Arrays.stream(ids).mapToObj(Integer::toString).collect(Collectors.joining(","));
  }
}
