package dev.qwq.examples.cli;

import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ModelInfo;
import dev.qwq.ReasoningFormat;
import dev.qwq.examples.Folders;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.ThreadLocalRandom;
import org.jline.terminal.Terminal;
import org.jline.terminal.TerminalBuilder;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Talks with a model. */
@Command(
    name = "chat",
    description =
        "Talks with a model: thinking dimmed, then the answer. Ctrl-C stops an answer, Ctrl-D"
            + " leaves, /help shows the commands.",
    footer = {
      "",
      "Examples:",
      "  qwq chat",
      "  qwq chat -m QwQ-32B-Q4_K_M.gguf --system 'Answer briefly.'",
      "  echo 'What is 12 + 30?' | qwq chat"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ChatCommand extends Subcommand {
  private static final String HISTORY = "chat-history";

  @Mixin private ModelOption model;
  @Mixin private ComputeOptions compute;
  @Mixin private ReplyOptions reply;

  @Option(names = "--system", paramLabel = "TEXT", description = "System prompt (default: none).")
  private @Nullable String system;

  @Option(names = "--hide-thinking", description = "Begin with thinking hidden; /think shows it.")
  private boolean hideThinking;

  @Override
  public Integer call() throws IOException {
    build(
        () -> {
          reply.check();
          return compute.builder().build();
        });
    boolean person = System.console() != null && System.console().isTerminal();
    try (Model opened = Models.open(model.path(), compute.builder(), bars());
        ChatInput input = person ? terminal() : new PipedInput(System.in)) {
      if (person) {
        err().println(greeting(opened.info()));
      }
      return talk(opened, input, out(), Terminals.outIsStyled()) ? 0 : 1;
    }
  }

  private boolean talk(Model opened, ChatInput input, PrintWriter out, boolean styled) {
    ChatScreen screen = new ChatScreen(out, styled);
    screen.showThinking(!hideThinking);
    try (Chat chat = new Chat(opened, input, screen, () -> options(opened), system, bars())) {
      return chat.run();
    }
  }

  private GenerationOptions options(Model opened) {
    return reply.options(
        opened.sampler(), ThreadLocalRandom.current().nextLong(1L << 31), ReasoningFormat.AUTO);
  }

  private static ChatInput terminal() throws IOException {
    Terminal terminal = TerminalBuilder.builder().system(true).dumb(true).build();
    return new TerminalInput(terminal, Folders.state().resolve(HISTORY));
  }

  private static String greeting(ModelInfo info) {
    return String.format(
        "%s, %s, %d layers, context of %,d tokens, %s on %d threads. /help shows the commands.",
        info.architecture(),
        Terminals.bytes(info.weightBytes()),
        info.layers(),
        info.contextLength(),
        info.cpuIsa(),
        info.threads());
  }
}
