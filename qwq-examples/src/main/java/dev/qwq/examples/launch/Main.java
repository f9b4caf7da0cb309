package dev.qwq.examples.launch;

import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.nio.file.Path;
import java.nio.file.Paths;
import java.util.Optional;

/**
 * The program's entry point. Started by a Java that is too old, it goes on in a newer one on this
 * machine, or says what to install.
 */
public final class Main {
  private static final int NEEDED = 25;
  private static final String PROGRAM = "dev.qwq.examples.cli.QwqCommand";

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
      Class.forName(PROGRAM).getMethod("main", String[].class).invoke(null, (Object) args);
    } catch (InvocationTargetException e) {
      throw e.getCause() == null ? e : e.getCause();
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
