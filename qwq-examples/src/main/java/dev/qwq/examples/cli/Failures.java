package dev.qwq.examples.cli;

import dev.qwq.QwqException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ParseResult;

/** What users see when a command cannot do its work: one sentence, and an exit status. */
final class Failures {
  private Failures() {}

  /** Wrong options: status 2. */
  static int wrongUse(ParameterException e, String[] args) {
    CommandLine command = e.getCommandLine();
    String name = command.getCommandSpec().qualifiedName();
    command.getErr().println(name + ": " + oneLine(e.getMessage()) + " (see " + name + " --help)");
    return CommandLine.ExitCode.USAGE;
  }

  /** Anything else: status 1. */
  static int failed(Exception e, CommandLine command, ParseResult parsed) {
    command.getErr().println(command.getCommandSpec().qualifiedName() + ": " + sentence(e));
    if (command.getCommand() instanceof Subcommand sub && sub.verbose()) {
      e.printStackTrace(command.getErr());
    }
    return CommandLine.ExitCode.SOFTWARE;
  }

  /** Says in one line what an exception means to a user. */
  static String sentence(Throwable e) {
    if (e instanceof QwqException) {
      return oneLine(e.getMessage());
    }
    if (e instanceof UncheckedIOException unchecked) {
      return sentence(Objects.requireNonNull(unchecked.getCause()));
    }
    if (e instanceof FileSystemException file && file.getFile() != null) {
      String reason =
          switch (file) {
            case NoSuchFileException _ -> "no such file";
            case AccessDeniedException _ -> "access denied";
            default ->
                file.getReason() == null ? file.getClass().getSimpleName() : file.getReason();
          };
      return file.getFile() + ": " + oneLine(reason);
    }
    if (e instanceof IOException) {
      return oneLine(e.getMessage() == null ? e.getClass().getSimpleName() : e.getMessage());
    }
    if (e instanceof CancellationException) {
      return "stopped";
    }
    if (e instanceof OutOfMemoryError) {
      return "out of Java heap memory (java -Xmx8g -jar … gives it more): "
          + oneLine(e.getMessage());
    }
    return "internal error: " + oneLine(String.valueOf(e));
  }

  private static String oneLine(@Nullable String message) {
    return String.valueOf(message).strip().replaceAll("\\s*\\R\\s*", " ");
  }
}
