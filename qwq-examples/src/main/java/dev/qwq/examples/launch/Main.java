package dev.qwq.examples.launch;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.reflect.InvocationTargetException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Optional;

/**
 * The program's entry point. Started by a Java that is too old, it goes on in a newer one on this
 * machine, or says what to install.
 *
 * <p>The program is the command line, unless the jar names another class with a {@code main} in its
 * file {@code META-INF/qwq-program}.
 */
public final class Main {
  private static final int NEEDED = 25;
  private static final String COMMAND_LINE = "dev.qwq.examples.cli.QwqCommand";
  private static final String OTHER_PROGRAM = "/META-INF/qwq-program";

  private Main() {}

  /**
   * Runs the command line.
   *
   * @param args the command and its options
   * @throws Throwable what the command throws
   */
  public static void main(String[] args) throws Throwable {
    String[] typed = Arguments.typed(args);
    int running = JavaHome.version(System.getProperty("java.specification.version", ""))[0];
    if (running >= NEEDED) {
      runHere(typed);
    } else {
      System.exit(runElsewhere(running, typed));
    }
  }

  // By name: the program's classes are too new for the compiler's view of this one.
  private static void runHere(String[] args) throws Throwable {
    try {
      Class.forName(program()).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
    }
  }

  private static String program() throws IOException {
    try (InputStream named = Main.class.getResourceAsStream(OTHER_PROGRAM)) {
      if (named == null) {
        return COMMAND_LINE;
      }
      BufferedReader reader =
          new BufferedReader(new InputStreamReader(named, StandardCharsets.UTF_8));
      return String.valueOf(reader.readLine()).trim();
    }
  }

  private static int runElsewhere(int running, String[] args) {
    Path home = Paths.get(System.getProperty("java.home", ""));
    String mark = System.getProperty(Relaunch.MARK);
    if (mark != null) {
      System.err.println(
          "qwq: expected Java " + NEEDED + " or newer in " + mark + ", found Java " + running);
      return 1;
    }
    Optional<JavaHome> java =
        new JavaFinder(
                System.getenv(),
                home,
                Paths.get(System.getProperty("user.home", "")),
                home.isAbsolute() ? home.getRoot() : Paths.get("/"))
            .find(NEEDED);
    if (!java.isPresent()) {
      System.err.println(
          "qwq: expected Java "
              + NEEDED
              + " or newer, found Java "
              + running
              + " in "
              + home
              + " and no other: install a JDK "
              + NEEDED
              + " (for example from https://adoptium.net), or let JAVA_HOME name one");
      return 1;
    }
    try {
      return Relaunch.run(java.get(), args);
    } catch (IOException e) {
      System.err.println("qwq: " + java.get() + " cannot be started: " + e.getMessage());
      return 1;
    }
  }
}
