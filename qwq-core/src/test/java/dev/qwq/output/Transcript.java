package dev.qwq.output;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Records what a sink receives; neighbouring pieces of one kind are joined. */
final class Transcript implements OutputSink {
  private final List<String> parts = new ArrayList<>();

  @Override
  public void onReasoning(String text) {
    add("think:", text);
  }

  @Override
  public void onAnswer(String text) {
    add("answer:", text);
  }

  @Override
  public void onToolCall(String name, Map<String, Object> arguments) {
    parts.add("call:" + name + arguments);
  }

  private void add(String kind, String text) {
    if (text.isEmpty()) {
      throw new AssertionError("an empty piece of " + kind);
    }
    int last = parts.size() - 1;
    if (last >= 0 && parts.get(last).startsWith(kind)) {
      parts.set(last, parts.get(last) + text);
    } else {
      parts.add(kind + text);
    }
  }

  List<String> parts() {
    return parts;
  }
}
