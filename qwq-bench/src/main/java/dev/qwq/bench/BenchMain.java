package dev.qwq.bench;

import dev.qwq.bench.gpu.GpuCommand;
import dev.qwq.bench.models.ModelsCommand;
import dev.qwq.bench.peers.PeersCommand;
import dev.qwq.bench.soak.SoakCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.Callable;
import org.openjdk.jmh.Main;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** The entry point: {@code java -jar qwq-bench.jar COMMAND}. */
@Command(
    name = "qwq-bench",
    description = "Measures qwq.",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    subcommands = {
      PeersCommand.class,
      ModelsCommand.class,
      OverheadCommand.class,
      ConversationCommand.class,
      SoakCommand.class,
      GpuCommand.class
    })
public final class BenchMain implements Runnable {
  @SuppressWarnings("NullAway.Init") // picocli sets it
  @CommandLine.Spec
  private CommandLine.Model.CommandSpec spec;

  private BenchMain() {}

  /**
   * Runs a command and ends the process: 0 if it succeeded, 2 if it was used wrongly, 1 if it
   * failed.
   *
   * @param args the command and its options
   */
  public static void main(String[] args) {
    int status =
        run(
            new PrintWriter(System.out, true, StandardCharsets.UTF_8),
            new PrintWriter(System.err, true, StandardCharsets.UTF_8),
            args);
    System.exit(status);
  }

  static int run(PrintWriter out, PrintWriter err, String... args) {
    CommandLine main = new CommandLine(new BenchMain());
    main.addSubcommand(new CommandLine(new Jmh()).setUnmatchedOptionsArePositionalParams(true));
    return main.setOut(out)
        .setErr(err)
        .setCaseInsensitiveEnumValuesAllowed(true)
        .setExecutionExceptionHandler(
            (e, command, parsed) -> {
              String name = command.getCommandSpec().qualifiedName();
              command.getErr().println(name + ": " + message(e));
              return CommandLine.ExitCode.SOFTWARE;
            })
        .execute(args);
  }

  private static String message(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage();
  }

  @Override
  public void run() {
    throw new CommandLine.ParameterException(spec.commandLine(), "a command is missing");
  }

  /** Runs JMH itself. */
  @Command(
      name = "jmh",
      description =
          "Runs the JMH benchmarks of the Java side; arguments are JMH's, such as -l, -h.")
  static final class Jmh implements Callable<Integer> {
    @Parameters(paramLabel = "ARG", arity = "0..*")
    private String[] args = {};

    @Override
    public Integer call() throws IOException {
      Main.main(args);
      return 0;
    }
  }
}
