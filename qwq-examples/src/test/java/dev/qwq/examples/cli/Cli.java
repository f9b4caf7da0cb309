package dev.qwq.examples.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;

/** Runs commands in this process and keeps what they print. */
record Cli(int status, String out, String err) {
  static Cli run(Object... args) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    String[] words = new String[args.length];
    for (int i = 0; i < args.length; i++) {
      words[i] = String.valueOf(args[i]);
    }
    int status = QwqCommand.run(new PrintWriter(out), new PrintWriter(err), words);
    return new Cli(status, out.toString(), err.toString());
  }

  /** The keys of an object, in order. */
  static List<String> names(JsonNode object) {
    return object.properties().stream().map(Map.Entry::getKey).toList();
  }

  /** The one object on standard output. */
  JsonNode json() throws IOException {
    if (status != 0 || out.indexOf('\n') != out.length() - 1) {
      throw new AssertionError("no single line of JSON: " + this);
    }
    return new ObjectMapper().readTree(out);
  }
}
