package dev.qwq.examples.cli;

import dev.qwq.FinishReason;
import dev.qwq.GenerationOptions;
import dev.qwq.Model;
import dev.qwq.ReasoningFormat;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import java.util.Arrays;
import java.util.concurrent.ThreadLocalRandom;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Answers one prompt. */
@Command(
    name = "generate",
    description = "Answers one prompt, thinking first. Ctrl-C stops it and keeps what came.",
    footer = {
      "",
      "Examples:",
      "  qwq generate --prompt 'How many r'\\''s are in the word \"strawberry\"'",
      "  qwq generate -m QwQ-32B-Q4_K_M.gguf --prompt 'Why is the sky blue?' --json",
      "  qwq generate --raw --prompt 'Once upon a time' --max-tokens 50",
      "",
      "Exit status: 0; 1 if it failed; 2 for wrong options; 130 after Ctrl-C."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class GenerateCommand extends Subcommand {
  @ArgGroup(multiplicity = "1")
  private Prompt prompt;

  @Mixin private ModelOption model;
  @Mixin private ComputeOptions compute;
  @Mixin private ReplyOptions reply;

  private static final class Prompt {
    @Option(
        names = {"-p", "--prompt"},
        required = true,
        paramLabel = "TEXT",
        description = "What to answer.")
    private @Nullable String text;

    @Option(
        names = "--prompt-tokens",
        required = true,
        split = ",",
        paramLabel = "ID",
        description = "The prompt's token ids, taken as they are: no chat template.")
    private int @Nullable [] tokens;
  }

  @Option(names = "--system", paramLabel = "TEXT", description = "System prompt (default: none).")
  private @Nullable String system;

  @Option(
      names = "--raw",
      description = "Continue the prompt: no chat template, thinking not told from the answer.")
  private boolean raw;

  @Option(
      names = "--json",
      description =
          "Print one JSON object: reasoning and answer (with --raw text instead), tokens,"
              + " finish_reason, usage.")
  private boolean json;

  @Override
  public Integer call() {
    build(
        () -> {
          reply.check();
          return compute.builder().build();
        });
    if (system != null && (raw || prompt.tokens != null)) {
      throw wrongUse("--system needs a chat template: use it with --prompt and without --raw");
    }
    try (Model opened = Models.open(model.path(), compute.builder(), bars())) {
      return answer(opened);
    }
  }

  private int answer(Model opened) {
    long seed = ThreadLocalRandom.current().nextLong(1L << 31);
    GenerationOptions options =
        reply.options(opened.sampler(), seed, raw ? ReasoningFormat.NONE : ReasoningFormat.AUTO);
    boolean hasText = opened.tokenizer().isPresent();
    try (Session session = session(opened);
        ReplyStream stream = stream(opened, session, options);
        Interrupts interrupts = Interrupts.call(stream::cancel)) {
      Reply done = Replies.show(stream, viewer(), bars());
      if (json) {
        printJson(Replies.toJson(done, raw, hasText));
      } else {
        if (!hasText) {
          out()
              .println(
                  Arrays.stream(done.tokens())
                      .mapToObj(Integer::toString)
                      .collect(Collectors.joining(",")));
        }
        out().flush();
        err().println(Replies.summary(done) + (reply.hasSeed() ? "" : ", seed " + seed));
      }
      boolean stopped = interrupts.came() && done.finishReason() == FinishReason.CANCELLED;
      return stopped ? Interrupts.STATUS : 0;
    }
  }

  private @Nullable Session session(Model opened) {
    if (raw || prompt.text == null) {
      return null;
    }
    SessionOptions.Builder options = SessionOptions.builder();
    if (system != null) {
      options.systemPrompt(system);
    }
    return opened.newSession(options.build());
  }

  private ReplyStream stream(Model opened, @Nullable Session session, GenerationOptions options) {
    if (prompt.tokens != null) {
      return opened.stream(prompt.tokens, options);
    }
    String text = prompt.text == null ? "" : prompt.text;
    return session == null ? opened.stream(text, options) : session.stream(text, options);
  }

  private Replies.Viewer viewer() {
    if (json) {
      return new Silence();
    }
    return raw
        ? new PlainText(out(), Terminals.outIsTerminal())
        : new ChatScreen(out(), Terminals.outIsStyled());
  }
}
