package dev.qwq.examples.cli;

import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** What all commands have. */
@SuppressWarnings("NullAway.Init") // picocli sets the field
abstract class Subcommand implements Callable<Integer> {
  /** Options that are not named like the fields of the API. */
  private static final Map<String, String> OPTIONS =
      Map.of(
          "context-length",
          "ctx",
          "yarn-factor",
          "yarn",
          "stop-strings",
          "stop",
          "thinking-budget.nudge",
          "thinking-nudge",
          "cuda-devices",
          "device",
          "device-reserve",
          "gpu-reserve");

  @Spec private CommandSpec spec;

  @Option(names = "--verbose", description = "Log more, and show where a failure comes from.")
  private boolean verbose;

  boolean verbose() {
    return verbose;
  }

  PrintWriter out() {
    return spec.commandLine().getOut();
  }

  PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Returns where progress bars go; null if nobody watches. */
  @Nullable PrintWriter bars() {
    return Terminals.errorIsTerminal() ? err() : null;
  }

  /** Prints the one object that {@code --json} promises. */
  void printJson(Object value) {
    out().println(Json.text(value));
  }

  /** Makes the exception for a wrong option: exit status 2. */
  ParameterException wrongUse(String message) {
    return new ParameterException(spec.commandLine(), message);
  }

  /** Builds options of the API from those of the command line; a wrong value is wrong use. */
  <T> T build(Supplier<T> options) {
    try {
      return options.get();
    } catch (QwqException e) {
      if (e.code() != ErrorCode.INVALID_ARGUMENT) {
        throw e;
      }
      String[] parts = String.valueOf(e.getMessage()).split(":", 2);
      String name = parts[0].replaceAll("([A-Z])", "-$1").toLowerCase(Locale.ROOT);
      throw wrongUse(
          parts.length < 2 ? parts[0] : "--" + OPTIONS.getOrDefault(name, name) + ":" + parts[1]);
    }
  }
}
