import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Says in one sentence each what this machine lacks for a build, before anything else fails. Runs
 * on the JVM that runs Maven, which may be as old as 17.
 *
 * <p>One argument: {@code true} if the native library is not built, and its tools are not needed.
 */
final class Prerequisites {
  private static final int JAVA = 25;
  private static final int CMAKE_MAJOR = 3;
  private static final int CMAKE_MINOR = 25;

  private final List<String> missing = new ArrayList<>();

  public static void main(String[] args) throws IOException, InterruptedException {
    Prerequisites prerequisites = new Prerequisites();
    prerequisites.jdk();
    if (!Boolean.parseBoolean(args[0])) {
      prerequisites.cmake();
      prerequisites.ninja();
      prerequisites.compiler();
    }
    if (!prerequisites.missing.isEmpty()) {
      prerequisites.missing.forEach(System.err::println);
      System.exit(1);
    }
  }

  /** Looks where maven-toolchains-plugin looks; what toolchains.xml says is left to that plugin. */
  private void jdk() throws IOException {
    Path home = Path.of(System.getProperty("user.home"));
    if (Runtime.version().feature() >= JAVA || Files.exists(home.resolve(".m2/toolchains.xml"))) {
      return;
    }
    List<Path> candidates = new ArrayList<>();
    System.getenv()
        .forEach(
            (name, value) -> {
              if (name.matches("(JAVA|JDK).*")) {
                addIfPath(value, candidates);
              }
            });
    for (String parent :
        List.of(
            "/usr/lib/jvm",
            "/usr/java",
            "/opt/java",
            "/opt/jdk",
            "/usr/local/openjdk",
            "/Library/Java/JavaVirtualMachines",
            "C:/Program Files/Java",
            "C:/Program Files/Eclipse Adoptium",
            home + "/.jdks",
            home + "/.m2/jdks",
            home + "/.sdkman/candidates/java",
            home + "/.gradle/jdks",
            home + "/.jenv/versions",
            home + "/.jbang/cache/jdks",
            home + "/.asdf/installs/java",
            home + "/.jabba/jdk")) {
      addChildren(Path.of(parent), candidates);
    }
    for (Path candidate : candidates) {
      if (isJdk(candidate) || isJdk(candidate.resolve("Contents/Home"))) {
        return;
      }
    }
    missing.add(
        "JDK "
            + JAVA
            + " is missing (Maven runs on "
            + Runtime.version().feature()
            + "): install one beside it, e.g. 'apt install openjdk-25-jdk' or 'temurin-25-jdk' of"
            + " Adoptium's repository, or name one in ~/.m2/toolchains.xml.");
  }

  private static void addIfPath(String value, List<Path> to) {
    try {
      to.add(Path.of(value));
    } catch (InvalidPathException e) {
      // A variable that only looks as if it named a JDK.
    }
  }

  private static void addChildren(Path parent, List<Path> to) throws IOException {
    if (Files.isDirectory(parent)) {
      try (DirectoryStream<Path> children = Files.newDirectoryStream(parent)) {
        children.forEach(to::add);
      }
    }
  }

  private static boolean isJdk(Path home) {
    Path release = home.resolve("release");
    if (!Files.isRegularFile(release)) {
      return false;
    }
    try {
      Matcher version = Pattern.compile("JAVA_VERSION=\"(\\d+)").matcher(Files.readString(release));
      boolean compiles =
          Files.exists(home.resolve("bin/javac")) || Files.exists(home.resolve("bin/javac.exe"));
      return compiles && version.find() && Integer.parseInt(version.group(1)) >= JAVA;
    } catch (IOException e) {
      return false;
    }
  }

  private void cmake() throws InterruptedException {
    String needed = "CMake " + CMAKE_MAJOR + "." + CMAKE_MINOR + " or newer ";
    String install = ": 'apt install cmake' (Debian 12, Ubuntu 24.04 or newer).";
    String output = output("", "cmake", "--version");
    if (output == null) {
      missing.add(needed + "is missing" + install);
      return;
    }
    Matcher version = Pattern.compile("version (\\d+)\\.(\\d+)").matcher(output);
    if (version.find()) {
      int major = Integer.parseInt(version.group(1));
      int minor = Integer.parseInt(version.group(2));
      if (major < CMAKE_MAJOR || (major == CMAKE_MAJOR && minor < CMAKE_MINOR)) {
        missing.add(needed + "is needed, but cmake is " + major + "." + minor + install);
      }
    }
  }

  private void ninja() throws InterruptedException {
    if (output("", "ninja", "--version") == null) {
      missing.add("Ninja is missing: 'apt install ninja-build'.");
    }
  }

  private void compiler() throws InterruptedException {
    String named = System.getenv("CXX");
    List<String> compilers =
        named != null && !named.isBlank() ? List.of(named) : List.of("c++", "g++", "clang++");
    String program =
        """
        #include <bit>
        #include <concepts>
        #include <span>
        static_assert(std::endian::native == std::endian::little && std::integral<int>);
        """;
    for (String compiler : compilers) {
      List<String> command = new ArrayList<>(List.of(compiler.trim().split(" +")));
      command.addAll(List.of("-std=c++20", "-fsyntax-only", "-x", "c++", "-"));
      if (output(program, command.toArray(String[]::new)) != null) {
        return;
      }
    }
    missing.add(
        "A C++20 compiler is missing (none of "
            + String.join(", ", compilers)
            + " compiles C++20): 'apt install g++' (12 or newer), or name one in the environment"
            + " variable CXX.");
  }

  /** What the program writes, or null if there is no such program or it fails. */
  private static String output(String input, String... command) throws InterruptedException {
    try {
      Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
      try (var in = process.getOutputStream()) {
        in.write(input.getBytes(StandardCharsets.UTF_8));
      }
      String output;
      try (InputStream out = process.getInputStream()) {
        output = new String(out.readAllBytes(), StandardCharsets.UTF_8);
      }
      return process.waitFor() == 0 ? output : null;
    } catch (IOException e) {
      return null;
    }
  }
}
