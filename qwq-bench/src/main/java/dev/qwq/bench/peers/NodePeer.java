package dev.qwq.bench.peers;

import dev.qwq.bench.Json;
import dev.qwq.bench.Resources;
import dev.qwq.bench.Tool;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/** llama.cpp as npm's node-llama-cpp brings it, prebuilt for each kind of processor. */
final class NodePeer implements Peer {
  static final String VERSION = "3.22.1";

  /** What the variants for processors with AMX have in their names. */
  private static final String AMX = "sapphirerapids";

  private final Path folder;
  private final boolean amx;

  /**
   * Creates the peer.
   *
   * @param workDir where it is installed
   * @param amx false: without the variant that uses AMX
   */
  NodePeer(Path workDir, boolean amx) {
    this.amx = amx;
    folder = workDir.resolve("node-llama-cpp-" + VERSION + (amx ? "" : "-no-amx"));
  }

  @Override
  public String name() {
    return "node-llama-cpp " + VERSION + (amx ? "" : " without AMX");
  }

  @Override
  public void install() throws IOException {
    Files.createDirectories(folder);
    Files.writeString(folder.resolve("peer.mjs"), Resources.text(NodePeer.class, "node-peer.mjs"));
    if (Files.exists(folder.resolve("installed"))) {
      return;
    }
    Map<String, Object> dependencies = new LinkedHashMap<>();
    dependencies.put("node-llama-cpp", VERSION);
    // The optional dependencies are all platforms and GPUs; this is the one that is needed.
    dependencies.put("@node-llama-cpp/" + platform(), VERSION);
    Map<String, Object> description = new LinkedHashMap<>();
    description.put("name", "qwq-bench-peer");
    description.put("private", true);
    description.put("type", "module");
    description.put("dependencies", dependencies);
    Files.writeString(folder.resolve("package.json"), Json.text(description));
    Tool.run(
        folder,
        List.of(
            "npm", "install", "--ignore-scripts", "--omit=optional", "--no-audit", "--no-fund"));
    if (!amx) {
      removeAmx();
    }
    Files.createFile(folder.resolve("installed"));
  }

  private void removeAmx() throws IOException {
    List<Path> libraries;
    try (Stream<Path> files =
        Files.walk(folder.resolve("node_modules/@node-llama-cpp/" + platform()))) {
      libraries = files.filter(file -> file.getFileName().toString().contains(AMX)).toList();
    }
    if (libraries.isEmpty()) {
      throw new IOException(folder + ": found no library named *" + AMX + "* to remove");
    }
    for (Path library : libraries) {
      Files.delete(library);
    }
  }

  private static String platform() {
    String os = System.getProperty("os.name").toLowerCase(Locale.ROOT);
    String arch = System.getProperty("os.arch").equals("aarch64") ? "arm64" : "x64";
    return (os.contains("mac") ? "mac" : os.contains("win") ? "win" : "linux") + "-" + arch;
  }

  @Override
  public List<String> command(Job job, Path scratch) throws IOException {
    Path file = Files.writeString(scratch.resolve("node-job.json"), Json.text(job));
    return List.of("node", folder.resolve("peer.mjs").toString(), file.toString());
  }
}
