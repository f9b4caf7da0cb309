package dev.qwq.examples.launch;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

import dev.qwq.examples.Processes;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class RelaunchTest {
  private static final String MARK = "-Dqwq.launcher.java=/jdk/bin/java";

  @Test
  void passesOptionsAndWordsOn() {
    assertThat(
            Relaunch.command(
                "/jdk/bin/java",
                List.of("-Da=b c", "-Xmx1g", "-XX:+UseZGC", "-javaagent:x.jar", "-Xlog"),
                "qwq.jar",
                new String[] {"generate", "--prompt", "hi there", ""}))
        .containsExactly(
            "/jdk/bin/java",
            "-Da=b c",
            "-Xmx1g",
            MARK,
            "-jar",
            "qwq.jar",
            "generate",
            "--prompt",
            "hi there",
            "");
  }

  @Test
  void runsFromClassFolders() {
    String path = "classes" + java.io.File.pathSeparator + "a.jar";
    assertThat(Relaunch.command("/jdk/bin/java", List.of(), path, new String[] {"chat"}))
        .containsExactly(
            "/jdk/bin/java",
            MARK,
            "--enable-native-access=ALL-UNNAMED",
            "-cp",
            path,
            "dev.qwq.examples.launch.Main",
            "chat");
  }

  @Test
  void keepsWordsThatTheLocaleWouldLose() {
    String[] words = {"--prompt", "3加4等于多少？", "", "é"};
    List<String> command = Relaunch.command("/jdk/bin/java", List.of(), "qwq.jar", words);
    assertThat(command).hasSize(5);
    String property = command.get(2);
    assertThat(property).startsWith("-Dqwq.launcher.arguments=");
    assertThat(Arguments.decode(property.substring(property.indexOf('=') + 1)))
        .containsExactly(words);
  }

  @Test
  void readsTheWordsOfAProcess() {
    byte[] commandLine = "java\0-jar\0qwq.jar\0--text\0边\0\0".getBytes(UTF_8);
    assertThat(Arguments.last(commandLine, new String[] {"--text", "??", ""}))
        .containsExactly("--text", "边", "");
    assertThat(Arguments.last(commandLine, new String[0])).isEmpty();
    assertThat(Arguments.last(new byte[0], new String[] {"a"})).containsExactly("a");
  }

  @Test
  void goesOnInANewJavaWithTheSameWordsAndStatus() throws IOException, InterruptedException {
    Optional<Path> old = Processes.oldJava();
    assumeThat(old).as("a Java older than 25 beside this one").isPresent();
    String java = old.get().toString();
    Processes.Result result = Processes.run(javaHome(), java, "tokenize", "--text", "é", "--json");
    assertThat(result.err()).isEmpty();
    assertThat(result.out())
        .isEqualTo("{\"tokens\":[127,102],\"pieces\":[\"<0xC3>\",\"<0xA9>\"]}\n");
    assertThat(result.status()).isZero();
    assertThat(Processes.run(javaHome(), java, "nonsense").status()).isEqualTo(2);
  }

  @Test
  void readsWordsInALocaleWithoutThem() throws IOException, InterruptedException {
    String java = Path.of(javaHome(), "bin", "java").toString();
    Processes.Result result = Processes.run(javaHome(), java, "tokenize", "--text", "é", "--json");
    assertThat(result.out()).contains("[127,102]");
  }

  private static String javaHome() {
    return System.getProperty("java.home");
  }
}
