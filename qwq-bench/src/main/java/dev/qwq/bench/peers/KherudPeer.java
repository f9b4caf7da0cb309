package dev.qwq.bench.peers;

import dev.qwq.bench.JavaProcess;
import dev.qwq.bench.Resources;
import dev.qwq.bench.Tool;
import java.io.File;
import java.io.IOException;
import java.io.Writer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;
import java.util.stream.Collectors;

/**
 * llama.cpp as Maven's de.kherud:llama brings it. Its worker is compiled when it is installed, so
 * that this project's build does without that library. It decodes one sequence at a time.
 */
final class KherudPeer implements Peer {
  static final String VERSION = "4.2.0";

  private static final String COPY_GOAL =
      "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies";

  private final Path folder;

  KherudPeer(Path workDir) {
    folder = workDir.resolve("de.kherud-llama-" + VERSION);
  }

  @Override
  public String name() {
    return "de.kherud:llama " + VERSION;
  }

  @Override
  public void install() throws IOException {
    Path libraries = folder.resolve("lib");
    if (!Files.isDirectory(libraries)) {
      Files.createDirectories(folder);
      Files.writeString(
          folder.resolve("pom.xml"),
          """
          <project xmlns="http://maven.apache.org/POM/4.0.0">
            <modelVersion>4.0.0</modelVersion>
            <groupId>dev.qwq.bench</groupId>
            <artifactId>peer</artifactId>
            <version>1</version>
            <dependencies>
              <dependency><groupId>de.kherud</groupId><artifactId>llama</artifactId><version>%s</version></dependency>
            </dependencies>
          </project>
          """
              .formatted(VERSION));
      Tool.run(folder, List.of("mvn", "-q", "-B", COPY_GOAL, "-DoutputDirectory=" + libraries));
    }
    Path source =
        Files.writeString(
            folder.resolve("KherudPeer.java"),
            Resources.text(KherudPeer.class, "KherudPeer.java.txt"));
    Tool.run(
        folder,
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "javac").toString(),
            "-proc:none",
            "-cp",
            libraries + "/*",
            "-d",
            folder.resolve("classes").toString(),
            source.toString()));
  }

  @Override
  public List<String> command(Job job, Path scratch) throws IOException {
    Properties properties = new Properties();
    properties.setProperty("model", job.model());
    properties.setProperty("threads", String.valueOf(job.threads()));
    // A text may have some tokens more than the ids it was made of.
    properties.setProperty("context", String.valueOf(job.context() + 256));
    properties.setProperty("generate", String.valueOf(job.generate()));
    properties.setProperty("warmup", ids(job.warmup()));
    properties.setProperty("decodePrompt", ids(job.decodePrompt()));
    for (int i = 0; i < job.prompts().size(); i++) {
      properties.setProperty("prompt." + i, ids(job.prompts().get(i)));
    }
    Path file = scratch.resolve("kherud-job.properties");
    try (Writer writer = Files.newBufferedWriter(file)) {
      properties.store(writer, null);
    }
    return JavaProcess.command(
        folder.resolve("classes") + File.pathSeparator + folder.resolve("lib") + "/*",
        "KherudPeer",
        file.toString());
  }

  private static String ids(int[] ids) {
    return Arrays.stream(ids).mapToObj(String::valueOf).collect(Collectors.joining(","));
  }
}
