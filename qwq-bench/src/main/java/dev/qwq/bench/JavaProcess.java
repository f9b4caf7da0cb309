package dev.qwq.bench;

import java.io.File;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/** Commands that run Java programs on the Java that runs this one. */
public final class JavaProcess {
  private JavaProcess() {}

  /**
   * Returns a command.
   *
   * @param classPath where classes are
   * @param mainClass the program
   * @param args its arguments
   * @return program and arguments
   */
  public static List<String> command(String classPath, String mainClass, String... args) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-cp");
    command.add(classPath);
    command.add(mainClass);
    command.addAll(List.of(args));
    return command;
  }

  /**
   * Returns where this program's own classes are.
   *
   * @return a class path that holds in any working directory
   */
  public static String ownClassPath() {
    return Arrays.stream(System.getProperty("java.class.path").split(File.pathSeparator))
        .map(entry -> Path.of(entry).toAbsolutePath().toString())
        .collect(Collectors.joining(File.pathSeparator));
  }
}
