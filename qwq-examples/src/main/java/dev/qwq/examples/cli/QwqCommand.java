package dev.qwq.examples.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ScopeType;

/** The command line's entry point: {@code qwq COMMAND [OPTIONS]}. */
@Command(
    name = "qwq",
    description = "Reasoning models inside the JVM.",
    mixinStandardHelpOptions = true,
    scope = ScopeType.INHERIT,
    versionProvider = QwqCommand.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      ChatCommand.class,
      GenerateCommand.class,
      TokenizeCommand.class,
      RenderCommand.class,
      PerplexityCommand.class,
      InspectCommand.class,
      QuantizeCommand.class,
      BenchCommand.class,
      DoctorCommand.class,
      PlanCommand.class,
      SynthCommand.class,
    },
    footer = {
      "",
      "Examples:",
      "  qwq chat",
      "  qwq generate --prompt 'How many r'\\''s are in the word \"strawberry\"'",
      "  qwq chat --model QwQ-32B-Q4_K_M.gguf",
    })
public final class QwqCommand implements Runnable {
  @SuppressWarnings("NullAway.Init") // picocli sets it
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  private QwqCommand() {}

  /**
   * Runs a command and ends the process: 0 if it succeeded, 2 if it was used wrongly, 1 if it
   * failed.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    if (Arrays.asList(args).contains("--verbose")) {
      System.setProperty("org.slf4j.simpleLogger.defaultLogLevel", "debug");
    }
    // Always UTF-8: what a locale without it would make of an answer is no JSON and no text.
    int status =
        run(
            new PrintWriter(
                new FileOutputStream(FileDescriptor.out), false, StandardCharsets.UTF_8),
            new PrintWriter(new FileOutputStream(FileDescriptor.err), true, StandardCharsets.UTF_8),
            args);
    System.exit(status);
  }

  /**
   * Runs a command.
   *
   * @param out where its answer goes
   * @param err where progress and errors go
   * @param args the command and its options
   * @return 0 if it succeeded, 2 if it was used wrongly, 1 if it failed
   */
  public static int run(PrintWriter out, PrintWriter err, String... args) {
    try {
      return new CommandLine(new QwqCommand())
          .setOut(out)
          .setErr(err)
          .setCaseInsensitiveEnumValuesAllowed(true)
          .setParameterExceptionHandler(Failures::wrongUse)
          .setExecutionExceptionHandler(Failures::failed)
          .execute(args);
    } catch (OutOfMemoryError | StackOverflowError | LinkageError e) { // picocli lets errors pass
      err.println("qwq: " + Failures.sentence(e));
      if (Arrays.asList(args).contains("--verbose")) {
        e.printStackTrace(err);
      }
      return CommandLine.ExitCode.SOFTWARE;
    } finally {
      out.flush();
      err.flush();
    }
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  /** Reads the version from the jar's manifest. */
  static final class Version implements CommandLine.IVersionProvider {
    @Override
    public String[] getVersion() {
      String version = QwqCommand.class.getPackage().getImplementationVersion();
      return new String[] {"qwq " + (version == null ? "(development)" : version)};
    }
  }
}
