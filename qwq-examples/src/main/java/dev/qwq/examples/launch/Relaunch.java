package dev.qwq.examples.launch;

import java.io.File;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;

/** The same program in another Java: same options, words, streams and folder. */
final class Relaunch {
  /** Set in the new process, so that a Java that lies about its version is not started forever. */
  static final String MARK = "qwq.launcher.java";

  private Relaunch() {}

  /**
   * Runs the program to its end.
   *
   * @param java what to run it with
   * @param args its words
   * @return its exit status
   * @throws IOException if it cannot be started
   */
  static int run(JavaHome java, String[] args) throws IOException {
    List<String> command =
        command(
            java.executable().toString(),
            runtimeOptions(),
            System.getProperty("java.class.path", ""),
            args);
    Process child = new ProcessBuilder(command).inheritIO().start();
    Signals.passTo(child);
    while (true) {
      try {
        return child.waitFor();
      } catch (InterruptedException e) {
        child.destroy();
      }
    }
  }

  /**
   * Composes the command.
   *
   * @param executable the {@code java} to run
   * @param options the options this Java was started with
   * @param classPath where this program is
   * @param args the program's words
   * @return the words of the command
   */
  static List<String> command(
      String executable, List<String> options, String classPath, String[] args) {
    List<String> command = new ArrayList<>();
    command.add(executable);
    for (String option : options) {
      if (isPassedOn(option)) {
        command.add(option);
      }
    }
    command.add("-D" + MARK + "=" + executable);
    boolean plain = Arguments.isAscii(args);
    if (!plain) {
      command.add("-D" + Arguments.PROPERTY + "=" + Arguments.encode(args));
    }
    if (classPath.endsWith(".jar") && !classPath.contains(File.pathSeparator)) {
      command.add("-jar");
      command.add(classPath);
    } else {
      command.add("--enable-native-access=ALL-UNNAMED");
      command.add("-cp");
      command.add(classPath);
      command.add(Main.class.getName());
    }
    if (plain) {
      command.addAll(Arrays.asList(args));
    }
    return command;
  }

  // Others, such as -XX or -javaagent, may not suit another Java.
  private static boolean isPassedOn(String option) {
    return option.startsWith("-D")
        || option.startsWith("-Xmx")
        || option.startsWith("-Xms")
        || option.startsWith("-Xss");
  }

  private static List<String> runtimeOptions() {
    try {
      return ManagementFactory.getRuntimeMXBean().getInputArguments();
    } catch (LinkageError e) {
      return Collections.emptyList(); // a runtime cut down to less than that
    }
  }
}
