package dev.qwq.examples.cli;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Arrays;
import java.util.Optional;
import org.jline.reader.EndOfFileException;
import org.jline.reader.LineReader;
import org.jline.reader.LineReaderBuilder;
import org.jline.reader.UserInterruptException;
import org.jline.reader.impl.DefaultParser;
import org.jline.reader.impl.completer.StringsCompleter;
import org.jline.terminal.Size;
import org.jline.terminal.Terminal;
import org.jline.terminal.Terminal.Signal;
import org.jspecify.annotations.Nullable;

/** Lines that a person edits, with those of former chats at hand. */
final class TerminalInput implements ChatInput {
  private static final Size ORDINARY = new Size(80, 24);

  private final Terminal terminal;
  private final LineReader reader;
  private @Nullable Runnable action;
  private boolean pending;

  /**
   * Creates an input.
   *
   * @param terminal closed together with this input
   * @param history the file to keep lines in; null for none
   */
  TerminalInput(Terminal terminal, @Nullable Path history) {
    this.terminal = terminal;
    if (terminal.getWidth() <= 0 || terminal.getHeight() <= 0) {
      terminal.setSize(ORDINARY); // some consoles do not know theirs, and no line fits in nothing
    }
    LineReaderBuilder builder =
        LineReaderBuilder.builder()
            .terminal(terminal)
            .appName("qwq")
            // Messages are no shell commands: quotes, backslashes and '!' mean themselves.
            .parser(new DefaultParser().quoteChars(new char[0]).escapeChars(new char[0]))
            .completer(
                new StringsCompleter(
                    Arrays.stream(SlashCommand.values()).map(SlashCommand::word).toList()))
            .option(LineReader.Option.DISABLE_EVENT_EXPANSION, true);
    if (history != null && isWritable(history)) {
      builder.variable(LineReader.HISTORY_FILE, history);
    }
    reader = builder.build();
    // For the whole chat: between prompt and answer too, Ctrl-C must not end the program.
    terminal.handle(Signal.INT, _ -> interrupted());
  }

  /** Makes the file if need be: what people ask is nobody else's business. */
  private static boolean isWritable(Path history) {
    try {
      if (!Files.exists(history)) {
        Files.createDirectories(history.toAbsolutePath().getParent());
        Files.createFile(history);
        if (history.getFileSystem().supportedFileAttributeViews().contains("posix")) {
          Files.setPosixFilePermissions(history, PosixFilePermissions.fromString("rw-------"));
        }
      }
      return Files.isWritable(history);
    } catch (IOException e) {
      return false;
    }
  }

  @Override
  public Optional<String> read(String prompt) throws Interrupted {
    synchronized (this) {
      pending = false;
    }
    try {
      return Optional.of(reader.readLine(prompt));
    } catch (UserInterruptException e) {
      throw new Interrupted(!e.getPartialLine().isEmpty());
    } catch (EndOfFileException e) {
      return Optional.empty();
    }
  }

  @Override
  public synchronized Handle onInterrupt(Runnable newAction) {
    action = newAction;
    if (pending) {
      newAction.run();
    }
    return () -> {
      synchronized (this) {
        action = null;
      }
    };
  }

  private synchronized void interrupted() {
    if (action == null) {
      pending = true;
    } else {
      action.run();
    }
  }

  @Override
  public void close() {
    try {
      terminal.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
