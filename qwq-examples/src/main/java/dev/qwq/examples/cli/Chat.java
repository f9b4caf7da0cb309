package dev.qwq.examples.cli;

import dev.qwq.GenerationOptions;
import dev.qwq.Message;
import dev.qwq.Model;
import dev.qwq.QwqException;
import dev.qwq.Reply;
import dev.qwq.ReplyStream;
import dev.qwq.Session;
import dev.qwq.SessionOptions;
import dev.qwq.ThinkingBudget;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** A conversation with a person, or with lines from a file: reads, answers, obeys commands. */
final class Chat implements AutoCloseable {
  private final Model model;
  private final ChatInput input;
  private final ChatScreen screen;
  private final Supplier<GenerationOptions> generation;
  private final @Nullable PrintWriter bars;
  private @Nullable String system;
  private @Nullable ThinkingBudget budget;
  private Session session;
  private boolean failed;

  /**
   * Begins a conversation.
   *
   * @param generation how each reply is generated
   * @param system the system prompt; null for none
   * @param bars where progress bars go; null for none
   */
  Chat(
      Model model,
      ChatInput input,
      ChatScreen screen,
      Supplier<GenerationOptions> generation,
      @Nullable String system,
      @Nullable PrintWriter bars) {
    this.model = model;
    this.input = input;
    this.screen = screen;
    this.generation = generation;
    this.system = system;
    this.bars = bars;
    session = open();
  }

  /**
   * Goes on until the input ends or the person leaves.
   *
   * @return whether every message was answered
   */
  boolean run() {
    while (true) {
      try {
        Optional<String> message = message();
        if (message.isEmpty() || !react(message.get())) {
          return !failed;
        }
      } catch (ChatInput.Interrupted e) {
        if (!e.hadText()) {
          screen.note("Ctrl-D or /exit leaves.");
        }
      }
    }
  }

  /** Reads a message of one line, or of more if they end in a backslash. */
  private Optional<String> message() throws ChatInput.Interrupted {
    StringBuilder message = new StringBuilder();
    Optional<String> line = input.read(ChatInput.PROMPT);
    while (line.isPresent() && line.get().endsWith("\\")) {
      message.append(line.get(), 0, line.get().length() - 1).append('\n');
      line = input.read(ChatInput.CONTINUATION);
    }
    if (line.isEmpty() && message.isEmpty()) {
      return line;
    }
    return Optional.of(message.append(line.orElse("")).toString());
  }

  /** Answers a message or obeys a command; false to leave. */
  private boolean react(String message) {
    if (SlashCommand.looksLikeOne(message)) {
      Optional<SlashCommand.Call> call = SlashCommand.parse(message);
      if (call.isEmpty()) {
        screen.note("There is no command " + message.strip() + "; /help shows them all.");
        return true;
      }
      return obey(call.get());
    }
    if (!message.isBlank()) {
      answer(message);
    }
    return true;
  }

  private void answer(String message) {
    StopSwitch stop = new StopSwitch();
    try (ChatInput.Handle _ = input.onInterrupt(stop::press);
        ReplyStream stream = session.stream(message, options())) {
      stop.connect(stream);
      Reply reply = Replies.show(stream, screen, bars);
      screen.note("[" + Replies.summary(reply) + "]");
    } catch (QwqException e) {
      failed = true;
      screen.note(Failures.sentence(e));
    }
  }

  private GenerationOptions options() {
    GenerationOptions options = generation.get();
    return budget == null ? options : options.toBuilder().thinkingBudget(budget).build();
  }

  private boolean obey(SlashCommand.Call call) {
    String argument = call.argument();
    switch (call.command()) {
      case HELP -> screen.note(SlashCommand.help());
      case RESET -> {
        restart();
        screen.note("The conversation is forgotten.");
      }
      case SYSTEM -> {
        system = argument.isEmpty() ? null : argument;
        restart();
        screen.note(
            system == null
                ? "No system prompt; the conversation begins anew."
                : "The system prompt is set; the conversation begins anew.");
      }
      case THINK -> think(argument);
      case SAVE -> save(argument);
      case EXIT -> {
        return false;
      }
    }
    return true;
  }

  private void think(String argument) {
    switch (argument.toLowerCase(Locale.ROOT)) {
      case "" -> screen.showThinking(!screen.showsThinking());
      case "on" -> screen.showThinking(true);
      case "off" -> screen.showThinking(false);
      default -> {
        limit(argument);
        return;
      }
    }
    screen.note(screen.showsThinking() ? "Thinking is shown." : "Thinking is hidden.");
  }

  private void limit(String argument) {
    Optional<String> nudge = options().thinkingBudget().nudge();
    ThinkingBudget limit = ThinkingBudget.unlimited();
    if (!argument.equalsIgnoreCase("free")) {
      try {
        limit = ThinkingLimit.parse(argument);
      } catch (QwqException e) {
        screen.note(
            "/think: expected on, off, free, tokens (500) or a time (90s), found " + argument);
        return;
      }
    }
    budget = nudge.isPresent() ? limit.withNudge(nudge.get()) : limit;
    screen.note(
        argument.equalsIgnoreCase("free")
            ? "Thinking has no limit."
            : "Thinking ends after " + argument + (limit.time().isPresent() ? "." : " tokens."));
  }

  private void save(String file) {
    if (file.isEmpty()) {
      screen.note("/save: expected a file, found nothing");
      return;
    }
    try {
      List<Map<String, Object>> messages = new ArrayList<>();
      if (system != null) {
        messages.add(json(Message.system(system)));
      }
      session.history().forEach(message -> messages.add(json(message)));
      Files.writeString(Path.of(file), Json.text(messages) + System.lineSeparator());
      screen.note("Saved " + messages.size() + " messages in " + file + ".");
    } catch (IOException e) {
      screen.note(Failures.sentence(e));
    } catch (InvalidPathException e) {
      screen.note("/save: expected a file, found " + file + ": " + e.getReason());
    }
  }

  /** A message as chat templates, and so {@code render}, read it. */
  private static Map<String, Object> json(Message message) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("role", message.role().name().toLowerCase(Locale.ROOT));
    json.put("content", message.content());
    if (!message.reasoning().isEmpty()) {
      json.put("reasoning_content", message.reasoning());
    }
    if (!message.toolCalls().isEmpty()) {
      json.put(
          "tool_calls",
          Replies.toJson(message.toolCalls()).stream()
              .map(call -> Map.of("type", "function", "function", call))
              .toList());
    }
    return json;
  }

  private Session open() {
    SessionOptions.Builder options = SessionOptions.builder();
    if (system != null) {
      options.systemPrompt(system);
    }
    return model.newSession(options.build());
  }

  private void restart() {
    session.close();
    session = open();
  }

  @Override
  public void close() {
    session.close();
  }
}
