package dev.qwq.bench.peers;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** An engine that can be measured. */
interface Peer {
  /** Returns name and version. */
  String name();

  /**
   * Fetches what it needs; quick if that was done before.
   *
   * @throws IOException if it cannot be had, with the reason
   */
  void install() throws IOException;

  /**
   * Writes a job down for its worker.
   *
   * @param job the job
   * @param folder where files may be written
   * @return the command that runs it
   * @throws IOException if it cannot be written
   */
  List<String> command(Job job, Path folder) throws IOException;
}
