package dev.qwq.bench.peers;

import dev.qwq.bench.JavaProcess;
import dev.qwq.bench.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** This project, as it is on the class path. */
final class QwqPeer implements Peer {
  @Override
  public String name() {
    return "qwq";
  }

  @Override
  public void install() {}

  @Override
  public List<String> command(Job job, Path folder) throws IOException {
    Path file = Files.writeString(folder.resolve("qwq-job.json"), Json.text(job));
    return JavaProcess.command(
        JavaProcess.ownClassPath(), QwqWorker.class.getName(), file.toString());
  }
}
