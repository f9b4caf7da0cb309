package dev.qwq.examples.launch;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Finds runtimes in a file tree made for the purpose. */
class JavaFinderTest {
  @TempDir Path folder;

  private Path root;
  private Path running;
  private Path home;

  @BeforeEach
  void install17() throws IOException {
    // The search climbs from the running one: not so far as to meet what others left.
    root = Files.createDirectories(folder.resolve("some/way/down"));
    running = install("apps/java-17", "17.0.15");
    home = Files.createDirectories(root.resolve("home/me"));
  }

  @Test
  void findsNothingWhereNothingIsNewEnough() throws IOException {
    install("usr/lib/jvm/java-21", "21.0.2");
    install("usr/lib/jvm/zulu-24", "24.0.1");
    assertThat(find(Map.of())).isEmpty();
  }

  @Test
  void findsBesideTheRunningOne() throws IOException {
    Path jdk = install("apps/jdk-25", "25.0.3");
    assertThat(find(Map.of())).hasValue(jdk);
  }

  @Test
  void findsBesideAnOldLayoutAndAMacBundle() throws IOException {
    Path jdk = install("mac/temurin-25.jdk/Contents/Home", "25");
    running = install("mac/old.jdk/Contents/Home/jre", "1.8.0_442");
    assertThat(find(Map.of())).hasValue(jdk);
  }

  @Test
  void findsWhereInstallersPutThem() throws IOException {
    for (String place :
        new String[] {
          "usr/lib/jvm/temurin-25-jdk-amd64",
          "Library/Java/JavaVirtualMachines/x.jdk/Contents/Home",
          "home/me/.sdkman/candidates/java/25.0.3-tem",
          "home/me/.jdks/openjdk-25",
          "opt/java/openjdk"
        }) {
      Path jdk = install(place, "25.0.3");
      assertThat(find(Map.of())).as(place).hasValue(jdk);
      Files.delete(jdk.resolve("release"));
    }
  }

  @Test
  void findsInWindowsProgramFolders() throws IOException {
    Path programs = root.resolve("Programs");
    Path jdk = install("Programs/Eclipse Adoptium/jdk-25.0.3.9-hotspot", "25.0.3");
    Files.move(jdk.resolve("bin/java"), jdk.resolve("bin/java.exe"));
    assertThat(find(Map.of("ProgramFiles", programs.toString()))).hasValue(jdk);
  }

  @Test
  void theEnvironmentWins() throws IOException {
    install("usr/lib/jvm/java-25", "25.0.3");
    Path named = install("elsewhere/java-26", "26");
    assertThat(find(Map.of("JDK_HOME", named.toString()))).hasValue(named);
    assertThat(find(Map.of("JAVA_HOME", named.toString()))).hasValue(named);
  }

  @Test
  void anUnfitEnvironmentIsPassedOver() throws IOException {
    Path jdk = install("usr/lib/jvm/java-25", "25.0.3");
    for (String value : new String[] {"", "/nowhere", running.toString(), "\0"}) {
      assertThat(find(Map.of("JAVA_HOME", value))).as(value).hasValue(jdk);
    }
  }

  @Test
  void prefersTheOldestReleaseAndItsNewestUpdate() throws IOException {
    install("usr/lib/jvm/a-26", "26.0.1");
    install("usr/lib/jvm/b-25", "25");
    Path best = install("usr/lib/jvm/c-25", "25.0.10");
    install("usr/lib/jvm/d-25", "25.0.9");
    assertThat(find(Map.of())).hasValue(best);
  }

  @Test
  void doesNotTakeWhatCannotRun() throws IOException {
    Files.delete(install("usr/lib/jvm/a", "25").resolve("bin/java"));
    Files.delete(install("usr/lib/jvm/b", "25").resolve("release"));
    install("usr/lib/jvm/c", "next");
    Files.writeString(install("usr/lib/jvm/d", "25").resolve("release"), "JAVA_VERSION=\\u12");
    assertThat(find(Map.of())).isEmpty();
  }

  @Test
  void readsVersions() {
    assertThat(JavaHome.version("\"25.0.3\"")).containsExactly(25, 0, 3);
    assertThat(JavaHome.version("1.8.0_442")).containsExactly(8, 0, 442);
    assertThat(JavaHome.version("26-ea")).containsExactly(26, 0, 0);
    assertThat(JavaHome.version("25+36")).containsExactly(25, 36, 0);
    assertThat(JavaHome.version("")).containsExactly(0, 0, 0);
    assertThat(JavaHome.version("99999999999.1")).containsExactly(0, 0, 0);
  }

  private Optional<Path> find(Map<String, String> environment) {
    return new JavaFinder(environment, running, home, root).find(25).map(JavaHome::path);
  }

  private Path install(String place, String version) throws IOException {
    Path path = root.resolve(place);
    Path executable = path.resolve("bin/java");
    Files.createDirectories(executable.getParent());
    Files.writeString(executable, "");
    assertThat(executable.toFile().setExecutable(true)).isTrue();
    Files.writeString(path.resolve("release"), "JAVA_VERSION=\"" + version + "\"\nOS_NAME=\"X\"\n");
    return path;
  }
}
