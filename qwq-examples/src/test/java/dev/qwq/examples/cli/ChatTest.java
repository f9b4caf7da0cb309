package dev.qwq.examples.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.Sampler;
import dev.qwq.examples.BundledModel;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Conversations with the bundled model, on a terminal and from a file. */
class ChatTest {
  private static final String QUESTION = "How many r's are in the word \"strawberry\"";

  private static Model model;

  @TempDir Path folder;

  @BeforeAll
  static void open() {
    model = Model.open(BundledModel.path());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  @Test
  void thinksAndAnswersOnATerminal() throws Exception {
    Path history = folder.resolve("a/history");
    try (var executor = Executors.newVirtualThreadPerTaskExecutor();
        FakeTerminal terminal = new FakeTerminal()) {
      Future<Boolean> chat = executor.submit(on(terminal, model, history));
      terminal.awaits("> ");
      terminal.types(QUESTION + "\r");
      terminal.awaits("\033[2mLet me spell");
      terminal.awaits("\033[0m\nThere are **3** r's");
      terminal.awaits("tokens/s]");
      terminal.types("/thi\t");
      terminal.awaits("/think");
      terminal.types("off\r");
      terminal.awaits("Thinking is hidden.");
      terminal.types("/exit\r");
      assertThat(chat.get()).isTrue();
    }
    assertThat(Files.readString(history)).contains("strawberry").contains("/exit");
    if (history.getFileSystem().supportedFileAttributeViews().contains("posix")) {
      assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(history)))
          .isEqualTo("rw-------");
    }
  }

  @Test
  void ctrlCStopsTheAnswerAndNotTheProgram() throws Exception {
    Path talkative = folder.resolve("random.gguf");
    assertThat(Cli.run("synth", "--seed", 5, talkative).status()).isZero();
    try (Model random = Model.open(talkative);
        var executor = Executors.newVirtualThreadPerTaskExecutor();
        FakeTerminal terminal = new FakeTerminal()) {
      Future<Boolean> chat = executor.submit(on(terminal, random, null));
      terminal.awaits("> ");
      for (int i = 0; i < 2; i++) {
        terminal.types("talk\r");
        terminal.awaits("talk");
        terminal.awaitsMore(300 * i); // at once, and in the middle
        terminal.types("\003");
        terminal.awaits("cancelled]");
        terminal.awaits("> ");
      }
      terminal.types("half a li");
      terminal.awaits("half a li");
      terminal.types("\003");
      terminal.awaits("^C");
      terminal.awaits("> ");
      terminal.types("\003");
      terminal.awaits("/exit leaves");
      terminal.types("\004");
      assertThat(chat.get()).isTrue();
    }
  }

  @Test
  void talksWithPipes() throws IOException {
    Path saved = folder.resolve("saved.json");
    String out =
        pipe(
            true,
            "/system Be careful.",
            "What is\\",
            "12 + 30?",
            "",
            "/save " + saved,
            "/think off",
            "What is 5 + 6?",
            "/nonsense",
            "/help");
    assertThat(out)
        .contains("The system prompt is set")
        .contains("[thinking] ")
        .contains("[answer] 12 + 30 = **42**")
        .contains("(thinking…)\n5 + 6 = **11**")
        .contains("There is no command /nonsense")
        .contains("/reset");
    JsonNode messages = new ObjectMapper().readTree(saved.toFile());
    assertThat(messages).hasSize(3);
    assertThat(messages.get(0).get("role").textValue()).isEqualTo("system");
    assertThat(messages.get(1).get("content").textValue()).isEqualTo("What is\n12 + 30?");
    assertThat(messages.get(2).get("reasoning_content").textValue()).isNotEmpty();
    assertThat(Cli.run("render", "--messages", saved).out()).contains("12 + 30 = **42**");
  }

  @Test
  void limitsThinkingWhenTold() {
    String out =
        pipe(
            true,
            "/think 0",
            "What is 5 + 6?",
            "/think 3,5m",
            "What is 5 + 6?",
            "/think free",
            "What is 5 + 6?");
    assertThat(out)
        .contains("Thinking ends after 0 tokens.")
        .contains("Thinking ends after 3,5m.")
        .contains("Thinking has no limit.");
    assertThat(out.lines().filter(line -> line.contains("thinking +")).toList())
        .satisfiesExactly(
            none -> assertThat(none).contains(" + 2 thinking +"),
            few -> assertThat(few).contains(" + 5 thinking +"),
            free -> assertThat(free).doesNotContain(" + 5 thinking +"));
  }

  @Test
  void remembersUntilToldNotTo() {
    String again = "\\[(\\d+) prompt";
    String out = pipe(true, "What is 5 + 6?", "What is 5 + 6?", "/reset", "What is 5 + 6?");
    int[] prompts =
        java.util.regex.Pattern.compile(again)
            .matcher(out)
            .results()
            .mapToInt(match -> Integer.parseInt(match.group(1)))
            .toArray();
    assertThat(prompts).hasSize(3);
    assertThat(prompts[1]).isGreaterThan(prompts[0]);
    assertThat(prompts[2]).isEqualTo(prompts[0]);
  }

  @Test
  void goesOnAfterAFailure() {
    String out =
        pipe(
            false,
            "word ".repeat(5000),
            "/save " + folder.resolve("none/file"),
            "/save",
            "/think maybe",
            "What is 5 + 6?");
    assertThat(out)
        .contains("expected")
        .contains("no such file")
        .contains("/save: expected a file, found nothing")
        .contains("/think: expected on, off, free, tokens (500) or a time (90s), found maybe")
        .contains("[answer] 5 + 6 = **11**");
  }

  private String pipe(boolean expected, String... lines) {
    StringWriter text = new StringWriter();
    ChatScreen screen = new ChatScreen(new PrintWriter(text), false);
    byte[] bytes = String.join("\n", lines).getBytes(UTF_8);
    try (ChatInput input = new PipedInput(new ByteArrayInputStream(bytes));
        Chat chat = new Chat(model, input, screen, ChatTest::greedy, null, null)) {
      assertThat(chat.run()).as("%s", text).isEqualTo(expected);
    }
    return text.toString();
  }

  private static Callable<Boolean> on(FakeTerminal fake, Model model, @Nullable Path history) {
    return () -> {
      try (ChatInput input = new TerminalInput(fake.terminal(), history);
          Chat chat =
              new Chat(
                  model,
                  input,
                  new ChatScreen(fake.terminal().writer(), true),
                  ChatTest::greedy,
                  null,
                  null)) {
        return chat.run();
      }
    };
  }

  private static GenerationOptions greedy() {
    return GenerationOptions.builder().sampler(Sampler.greedy()).build();
  }
}
