package dev.qwq.bench;

import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.ModelOptions;
import dev.qwq.Reply;
import dev.qwq.Session;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** Measures what a long conversation costs beside its tokens: turns, forks, files. */
@Command(
    name = "conversation",
    description =
        "Measures a long conversation: what its second turn computes, how long a fork takes, and"
            + " saving and restoring it, on the tiny model (or another).",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ConversationCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;

  @Option(
      names = {"-m", "--model"},
      paramLabel = "PATH",
      description = "Model (default: the tiny one that comes with the examples).")
  private @Nullable Path path;

  @Option(
      names = {"-n", "--tokens"},
      paramLabel = "N",
      defaultValue = "3800",
      description = "Tokens of the conversation, about (default: ${DEFAULT-VALUE}).")
  private int tokens;

  @Option(
      names = "--repeats",
      paramLabel = "N",
      defaultValue = "200",
      description = "Forks (default: ${DEFAULT-VALUE}).")
  private int repeats;

  @Override
  public Integer call() throws IOException {
    try (TinyModel tiny = path == null ? TinyModel.unpack() : null) {
      Path folder = Objects.requireNonNull(tiny == null ? path : tiny.folder());
      ModelOptions options =
          ModelOptions.builder().contextLength(tokens + 200).kvCacheTokens(4L * tokens).build();
      try (Model model = Model.open(folder, options);
          Session session = model.newSession()) {
        measure(model, session);
      }
    }
    return 0;
  }

  private void measure(Model model, Session session) throws IOException {
    GenerationOptions brief =
        session.options().generation().toBuilder().maxTokens(8).thinking(false).build();
    List<Message> history = new ArrayList<>(List.of(Message.user("Count.")));
    while (session.plan(history.toArray(Message[]::new)).promptTokens() < tokens - 100) {
      history.add(Message.user("What comes after " + history.size() + "?"));
      history.add(Message.assistant("The next number, as always, is " + (history.size() + 1)));
    }
    session.append(history.toArray(Message[]::new));
    Reply first = session.send("And now?", brief);
    Reply second = session.send("And then?", brief);
    line("first turn", "%d tokens computed".formatted(computed(first)));
    line(
        "second turn",
        "%d tokens, %d computed".formatted(second.usage().promptTokens(), computed(second)));
    forks(session, brief);
    files(model, session);
  }

  private static int computed(Reply reply) {
    return reply.usage().promptTokens() - reply.usage().cachedTokens();
  }

  private void forks(Session session, GenerationOptions brief) {
    List<Double> micros = new ArrayList<>();
    List<Double> firstTokens = new ArrayList<>();
    for (int i = 0; i < repeats; i++) {
      long start = System.nanoTime();
      try (Session fork = session.fork()) {
        micros.add((System.nanoTime() - start) / 1e3);
        if (i % 20 == 0) {
          Reply reply = fork.send("Go on, " + i, brief);
          firstTokens.add(reply.usage().timeToFirstToken().toNanos() / 1e3);
        }
      }
    }
    line("fork", spread(micros, "us"));
    line("a fork's first token", spread(firstTokens, "us"));
  }

  private void files(Model model, Session session) throws IOException {
    Path file = Files.createTempFile("qwq-bench", ".session");
    try {
      List<Double> saves = new ArrayList<>();
      List<Double> restores = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        long start = System.nanoTime();
        session.save(file);
        long saved = System.nanoTime();
        model.restoreSession(file).close();
        saves.add((saved - start) / 1e6);
        restores.add((System.nanoTime() - saved) / 1e6);
      }
      line("file", Files.size(file) + " bytes");
      line("save, to the disk", spread(saves, "ms"));
      line("restore", spread(restores, "ms"));
    } finally {
      Files.delete(file);
    }
  }

  private static String spread(List<Double> values, String unit) {
    Spread spread = Spread.of(values);
    return String.format(
        Locale.ROOT, "%.1f %s (%.1f to %.1f)", spread.median(), unit, spread.min(), spread.max());
  }

  private void line(String what, String value) {
    spec.commandLine().getOut().printf("%-22s %s%n", what, value);
  }
}
