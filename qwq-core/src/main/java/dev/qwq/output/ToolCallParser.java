package dev.qwq.output;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.json.JsonReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Cuts tool calls out of an answer that arrives in pieces: a JSON object with {@code name} and
 * {@code arguments} between {@code <tool_call>} and {@code </tool_call>}. Arguments that were
 * encoded twice are decoded; a marker inside a JSON string is part of the string, and a call whose
 * closing marker is missing, at the end or before the next call, still counts if its JSON is whole.
 * What does not parse stays text. Not thread-safe.
 */
final class ToolCallParser {
  private static final String OPEN = "<tool_call>";
  private static final String CLOSE = "</tool_call>";

  /** What a model writes is not trusted: one object, nothing after it. */
  private static final ObjectReader JSON =
      new ObjectMapper()
          .readerFor(JsonNode.class)
          .with(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .with(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          // Models write code and letters into strings as they are, line breaks included.
          .with(JsonReadFeature.ALLOW_UNESCAPED_CONTROL_CHARS)
          .without(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES);

  /** Where text and calls go. */
  interface Parts {
    void text(String text);

    void call(String name, Map<String, Object> arguments);
  }

  private final Parts parts;
  private final StringBuilder pending = new StringBuilder();
  private boolean inside;

  /** Where the next marker is looked for: those before it are part of a string. */
  private int tried;

  /** What was read of the call's JSON so far, never twice. */
  private int scanned;

  private boolean inString;
  private int firstVisible = -1; // none yet

  ToolCallParser(Parts parts) {
    this.parts = parts;
  }

  void accept(String piece) {
    pending.append(piece);
    boolean progress = true;
    while (progress) {
      progress = inside ? closeCall() : openCall();
    }
  }

  /** Ends the answer. */
  void finish() {
    if (inside) {
      if (call(pending.toString())) {
        pending.setLength(0);
      } else {
        pending.insert(0, OPEN);
      }
    }
    inside = false;
    emitText(pending.length());
  }

  private boolean openCall() {
    int at = pending.indexOf(OPEN);
    if (at < 0) {
      emitText(pending.length() - Markers.heldBack(pending, OPEN));
      return false;
    }
    emitText(at);
    pending.delete(0, OPEN.length());
    inside = true;
    tried = 0;
    scanned = 0;
    inString = false;
    firstVisible = -1;
    return true;
  }

  private boolean closeCall() {
    for (int at = nextMarker(); at >= 0; at = nextMarker()) {
      if (isInsideString(at)) {
        tried = at + 1; // the marker belongs to the string
        continue;
      }
      boolean closed = pending.charAt(at + 1) == '/';
      String body = pending.substring(0, at);
      if (!call(body)) {
        parts.text(OPEN + body + (closed ? CLOSE : ""));
      }
      pending.delete(0, closed ? at + CLOSE.length() : at);
      inside = false;
      return true;
    }
    tried = Math.max(tried, pending.length() - CLOSE.length() + 1);
    return false;
  }

  /** Where the call may end: at its closing marker, or where the next one opens. */
  private int nextMarker() {
    int close = pending.indexOf(CLOSE, tried);
    int open = pending.indexOf(OPEN, tried);
    return close < 0 || (open >= 0 && open < close) ? open : close;
  }

  /** Tells whether what comes before a place begins as JSON and breaks off within a string. */
  private boolean isInsideString(int end) {
    for (; scanned < end; scanned++) {
      char c = pending.charAt(scanned);
      if (firstVisible < 0 && !Character.isWhitespace(c)) {
        firstVisible = c;
      }
      if (inString && c == '\\') {
        scanned++;
      } else if (c == '"') {
        inString = !inString;
      }
    }
    return inString && firstVisible == '{';
  }

  private void emitText(int length) {
    if (length > 0) {
      parts.text(pending.substring(0, length));
      pending.delete(0, length);
    }
  }

  private boolean call(String json) {
    Optional<JsonNode> object = parse(json);
    if (object.isEmpty() || !object.get().path("name").isTextual()) {
      return false;
    }
    JsonNode arguments = object.get().path("arguments");
    if (arguments.isTextual()) {
      arguments = parse(arguments.textValue()).orElse(arguments);
    }
    boolean none = arguments.isMissingNode() || arguments.isNull();
    if (none || (arguments.isTextual() && arguments.textValue().isBlank())) {
      parts.call(object.get().path("name").textValue(), Map.of());
      return true;
    }
    if (!arguments.isObject()) {
      return false;
    }
    Map<String, Object> values = new LinkedHashMap<>();
    arguments
        .properties()
        .forEach(entry -> values.put(entry.getKey(), JsonValues.toJava(entry.getValue())));
    parts.call(object.get().path("name").textValue(), values);
    return true;
  }

  private static Optional<JsonNode> parse(String json) {
    try {
      JsonNode node = JSON.readValue(json);
      return Optional.ofNullable(node).filter(JsonNode::isObject);
    } catch (JsonProcessingException e) {
      return Optional.empty();
    }
  }
}
