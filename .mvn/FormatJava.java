import com.google.googlejavaformat.java.Formatter;
import com.google.googlejavaformat.java.FormatterException;
import com.google.googlejavaformat.java.ImportOrderer;
import com.google.googlejavaformat.java.JavaFormatterOptions;
import com.google.googlejavaformat.java.RemoveUnusedImports;
import com.google.googlejavaformat.java.StringWrapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Checks or applies google-java-format, as its command line does by default. The build runs this on
 * the JDK that compiles the sources, since the formatter reads the language level it runs on and
 * Maven itself may run on an older one.
 *
 * <p>Arguments: {@code check} or {@code apply}; a folder, which need not exist; the file to write
 * what is wrong to, which is absent afterwards if nothing is.
 */
final class FormatJava {
  /** The bindings stay as jextract writes them, so that regeneration gives the same bytes. */
  private static final Path GENERATED = Path.of("dev", "qwq", "nativelib", "ffi");

  private static final Set<Path> BUILD_OUTPUT = Set.of(Path.of("target"), Path.of("build"));

  private FormatJava() {}

  public static void main(String[] args) throws IOException {
    boolean apply = args[0].equals("apply");
    Path report = Path.of(args[2]);
    List<String> problems = new ArrayList<>();
    for (Path file : sources(Path.of(args[1]))) {
      String source = Files.readString(file);
      try {
        String formatted = format(source);
        if (formatted.equals(source)) {
          continue;
        }
        if (apply) {
          Files.writeString(file, formatted);
          System.out.println("Formatted " + file);
        } else {
          problems.add("Not formatted: " + file);
        }
      } catch (FormatterException e) {
        problems.add(file + ": " + e.getMessage());
      }
    }
    Files.deleteIfExists(report);
    if (!problems.isEmpty()) {
      problems.add("'mvn -q -N -Pformat process-sources' formats all sources.");
      Files.createDirectories(report.getParent());
      Files.writeString(report, String.join("\n", problems));
    }
  }

  private static List<Path> sources(Path root) throws IOException {
    if (!Files.isDirectory(root)) {
      return List.of();
    }
    try (Stream<Path> files = Files.walk(root)) {
      return files
          .filter(file -> file.toString().endsWith(".java"))
          .filter(file -> !file.getParent().endsWith(GENERATED))
          .filter(file -> !isBuildOutput(root.relativize(file)))
          .sorted()
          .toList();
    }
  }

  private static boolean isBuildOutput(Path file) {
    for (Path name : file) {
      if (BUILD_OUTPUT.contains(name)) {
        return true;
      }
    }
    return false;
  }

  private static String format(String source) throws FormatterException {
    Formatter formatter = new Formatter();
    String imports =
        ImportOrderer.reorderImports(
            RemoveUnusedImports.removeUnusedImports(source), JavaFormatterOptions.Style.GOOGLE);
    return StringWrapper.wrap(formatter.formatSource(imports), formatter);
  }
}
