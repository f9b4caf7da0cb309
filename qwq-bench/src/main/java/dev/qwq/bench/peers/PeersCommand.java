package dev.qwq.bench.peers;

import dev.qwq.bench.Json;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures qwq and other engines on the same files, in turn. */
@Command(
    name = "peers",
    description =
        "Measures qwq, npm's node-llama-cpp and Maven's de.kherud:llama on the same files with the"
            + " same threads, in turn, each in a process of its own. Installs them first; needs"
            + " node, npm and mvn on the path.",
    mixinStandardHelpOptions = true)
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class PeersCommand implements Callable<Integer> {
  enum Engine {
    QWQ,
    NODE,
    KHERUD
  }

  @Spec private CommandSpec spec;

  @Parameters(arity = "1..*", paramLabel = "MODEL.gguf", description = "The files.")
  private List<Path> models;

  @Option(
      names = {"-t", "--threads"},
      paramLabel = "N",
      description = "Threads that compute (default: one per processor).")
  private int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = {"-r", "--repeats"},
      paramLabel = "N",
      defaultValue = "5",
      description = "Processes of each engine (default: ${DEFAULT-VALUE}).")
  private int repeats;

  @Option(
      names = {"-p", "--prompts"},
      paramLabel = "N,N",
      split = ",",
      defaultValue = "64,512,2048",
      description = "Tokens of the prompts to prefill (default: ${DEFAULT-VALUE}).")
  private List<Integer> prompts;

  @Option(
      names = {"-n", "--generate"},
      paramLabel = "N",
      defaultValue = "64",
      description = "Tokens to decode; 0 decodes none (default: ${DEFAULT-VALUE}).")
  private int generate;

  @Option(
      names = {"-s", "--sequences"},
      paramLabel = "N",
      defaultValue = "16",
      description = "Sequences to decode together; 0 measures none (default: ${DEFAULT-VALUE}).")
  private int sequences;

  @Option(
      names = {"-e", "--engines"},
      paramLabel = "NAME,NAME",
      split = ",",
      defaultValue = "qwq,node,kherud",
      description = "Of ${COMPLETION-CANDIDATES} (default: all).")
  private List<Engine> engines;

  @Option(
      names = "--cpu-isa",
      paramLabel = "NAME",
      description = "Instruction set of qwq, such as avx2 (default: the best here).")
  private @Nullable String cpuIsa;

  @Option(names = "--no-amx", description = "node-llama-cpp without its variant that uses AMX.")
  private boolean noAmx;

  @Option(
      names = "--work-dir",
      paramLabel = "FOLDER",
      description = "Where peers are installed and logs lie (default: ~/.cache/qwq-bench).")
  private Path workDir = Path.of(System.getProperty("user.home"), ".cache", "qwq-bench");

  @Option(
      names = "--limit",
      paramLabel = "MINUTES",
      defaultValue = "60",
      description = "How long one process may take (default: ${DEFAULT-VALUE}).")
  private int limitMinutes;

  @Option(names = "--seed", defaultValue = "42", description = "Of the prompts.")
  private long seed;

  @Option(names = "--json", description = "Print one JSON array instead of tables.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    for (Path model : models) {
      if (!Files.isRegularFile(model)) {
        throw new ParameterException(spec.commandLine(), model + ": no such file");
      }
    }
    if (threads < 1 || repeats < 1 || prompts.stream().anyMatch(n -> n < 1)) {
      throw new ParameterException(
          spec.commandLine(), "--threads, --repeats and --prompts: expected 1 or more");
    }
    Path folder = Files.createDirectories(workDir.toAbsolutePath());
    List<Peer> peers = new ArrayList<>();
    Map<String, String> failures = new LinkedHashMap<>();
    for (Engine engine : engines) {
      Peer peer =
          switch (engine) {
            case QWQ -> new QwqPeer();
            case NODE -> new NodePeer(folder, !noAmx);
            case KHERUD -> new KherudPeer(folder);
          };
      try {
        say("installing " + peer.name() + " in " + folder);
        peer.install();
        peers.add(peer);
      } catch (IOException e) {
        fail(failures, peer, e);
      }
    }
    List<Object> all = new ArrayList<>();
    for (Path model : models) {
      Comparison comparison = compare(model, folder, peers, failures);
      if (json) {
        all.add(comparison.toMap());
      } else {
        out().println(comparison.table());
      }
    }
    if (json) {
      out().println(Json.text(all));
    }
    return failures.isEmpty() ? 0 : 1;
  }

  private Comparison compare(
      Path model, Path folder, List<Peer> peers, Map<String, String> failures) throws IOException {
    Comparison comparison = new Comparison(model, threads, peers.stream().map(Peer::name).toList());
    List<Peer> alive = new ArrayList<>(peers);
    for (int run = 0; run < repeats; run++) {
      // Other prompts each time, the same for all.
      Job job = Job.of(model, threads, prompts, generate, sequences, seed + run, cpuIsa);
      for (Peer peer : List.copyOf(alive)) {
        say(model + ": " + peer.name() + ", run " + (run + 1) + " of " + repeats);
        try {
          Path log = folder.resolve(peer.name().replaceAll("[^a-zA-Z0-9.]+", "-") + ".log");
          comparison.add(
              peer.name(),
              PeerProcess.run(peer.command(job, folder), log, Duration.ofMinutes(limitMinutes)));
        } catch (IOException e) {
          fail(failures, peer, e);
          alive.remove(peer);
        }
      }
    }
    comparison.failures().putAll(failures);
    return comparison;
  }

  private void fail(Map<String, String> failures, Peer peer, IOException e) {
    String message = e.getMessage() == null ? e.toString() : e.getMessage();
    failures.put(peer.name(), message);
    say(peer.name() + " is left out: " + message);
  }

  private void say(String line) {
    spec.commandLine().getErr().println(line);
  }

  private PrintWriter out() {
    return spec.commandLine().getOut();
  }
}
