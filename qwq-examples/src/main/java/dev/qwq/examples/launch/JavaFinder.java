package dev.qwq.examples.launch;

import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Looks for an installed Java that is new enough, where installers put them. */
final class JavaFinder {
  private static final String[] VARIABLES = {"JAVA_HOME", "JDK_HOME"};

  /** Folders of runtimes, under the file system's root. */
  private static final String[] SHARED = {
    "usr/lib/jvm",
    "usr/lib64/jvm",
    "usr/java",
    "usr/local/java",
    "opt",
    "opt/java",
    "opt/jdk",
    "Library/Java/JavaVirtualMachines"
  };

  /** Folders of runtimes, under the user's home. */
  private static final String[] OWN = {
    ".jdks",
    ".sdkman/candidates/java",
    ".gradle/jdks",
    ".asdf/installs/java",
    ".local/share/mise/installs/java",
    "Library/Java/JavaVirtualMachines"
  };

  /** Folders of runtimes, under Windows' folders of programs. */
  private static final String[] VENDORS = {
    "Java", "Eclipse Adoptium", "Microsoft", "Amazon Corretto", "Zulu", "BellSoft", "GraalVM"
  };

  private final Map<String, String> environment;
  private final Path running;
  private final Path home;
  private final Path root;

  /**
   * Creates a finder.
   *
   * @param environment the environment variables
   * @param running the home of the Java that is running
   * @param home the user's home
   * @param root the root of the file system
   */
  JavaFinder(Map<String, String> environment, Path running, Path home, Path root) {
    this.environment = environment;
    this.running = running;
    this.home = home;
    this.root = root;
  }

  /**
   * Finds the Java to go on with: what {@code JAVA_HOME} or {@code JDK_HOME} names if it is new
   * enough, else the oldest that is, which is the one closest to what this program was tested on.
   *
   * @param feature the lowest feature release that will do
   * @return the runtime, or empty if there is none
   */
  Optional<JavaHome> find(int feature) {
    for (String variable : VARIABLES) {
      Optional<JavaHome> named = variable(variable).flatMap(JavaHome::at);
      if (named.isPresent() && named.get().feature() >= feature) {
        return named;
      }
    }
    List<JavaHome> found = new ArrayList<>();
    for (Path folder : folders()) {
      for (Path candidate : children(folder)) {
        addIfNew(found, candidate, feature);
        addIfNew(found, candidate.resolve("Contents").resolve("Home"), feature);
      }
    }
    Collections.sort(found);
    return found.isEmpty() ? Optional.empty() : Optional.of(found.get(0));
  }

  private static void addIfNew(List<JavaHome> found, Path candidate, int feature) {
    Optional<JavaHome> java = JavaHome.at(candidate);
    if (java.isPresent() && java.get().feature() >= feature) {
      found.add(java.get());
    }
  }

  private List<Path> folders() {
    List<Path> folders = new ArrayList<>();
    // Its siblings may be further up: a Java 8 is in jre, one for macOS in Contents/Home.
    Path above = running.getParent();
    for (int i = 0; i < 4 && above != null; i++) {
      folders.add(above);
      above = above.getParent();
    }
    for (String folder : SHARED) {
      folders.add(root.resolve(folder));
    }
    for (String folder : OWN) {
      folders.add(home.resolve(folder));
    }
    for (String variable : new String[] {"ProgramFiles", "ProgramFiles(x86)", "LOCALAPPDATA"}) {
      variable(variable)
          .ifPresent(
              programs -> {
                for (String vendor : VENDORS) {
                  folders.add(programs.resolve(vendor));
                  folders.add(programs.resolve("Programs").resolve(vendor));
                }
              });
    }
    return folders;
  }

  private Optional<Path> variable(String name) {
    String value = environment.get(name);
    if (value == null || value.trim().isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(root.getFileSystem().getPath(value));
    } catch (InvalidPathException e) {
      return Optional.empty();
    }
  }

  private static List<Path> children(Path folder) {
    List<Path> children = new ArrayList<>();
    if (Files.isDirectory(folder)) {
      try (DirectoryStream<Path> stream = Files.newDirectoryStream(folder)) {
        stream.forEach(children::add);
      } catch (IOException | DirectoryIteratorException e) {
        // A folder this user may not look into holds no Java for this user.
      }
    }
    Collections.sort(children);
    return children;
  }
}
