package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Takes schemas apart: follows {@code $ref} and {@code allOf}, keeps {@code anyOf} and {@code
 * oneOf} for later, and refuses what is not supported.
 */
final class SchemaParts {
  private static final Set<String> ASSERTIONS =
      Set.of(
          "type",
          "enum",
          "const",
          "properties",
          "required",
          "additionalProperties",
          "patternProperties",
          "propertyNames",
          "minProperties",
          "maxProperties",
          "items",
          "prefixItems",
          "minItems",
          "maxItems",
          "minLength",
          "maxLength",
          "pattern",
          "format",
          "minimum",
          "maximum",
          "exclusiveMinimum",
          "exclusiveMaximum",
          "multipleOf");

  /** What says nothing about which values are valid. */
  private static final Set<String> ANNOTATIONS =
      Set.of(
          "$schema",
          "$id",
          "$anchor",
          "$comment",
          "$defs",
          "definitions",
          "title",
          "description",
          "default",
          "examples",
          "deprecated",
          "readOnly",
          "writeOnly",
          "contentMediaType",
          "contentEncoding",
          "discriminator");

  /** What a part is taken for. */
  enum Kind {
    /** A schema, all of it. */
    WHOLE,
    /** What an object says itself, without what it refers to. */
    OWN,
    /** {@code anyOf}. */
    ANY_OF,
    /** {@code oneOf}. */
    ONE_OF
  }

  /**
   * A part of a schema.
   *
   * @param pointer where it stands, as a JSON pointer behind {@code #}
   */
  record Part(Kind kind, JsonNode node, String pointer) {
    /** A schema below this part. */
    Part child(JsonNode child, String... steps) {
      StringBuilder place = new StringBuilder(pointer);
      for (String step : steps) {
        place.append('/').append(step.replace("~", "~0").replace("/", "~1"));
      }
      return new Part(Kind.WHOLE, child, place.toString());
    }

    /** The branches of {@code anyOf} or {@code oneOf}. */
    List<Part> branches() {
      String keyword = kind == Kind.ANY_OF ? "anyOf" : "oneOf";
      List<Part> branches = new ArrayList<>();
      for (int i = 0; i < node.path(keyword).size(); i++) {
        branches.add(child(node.path(keyword).get(i), keyword, String.valueOf(i)));
      }
      return branches;
    }

    QwqException error(String keyword, String message) {
      return SchemaParts.error(keyword.isEmpty() ? pointer : pointer + "/" + keyword, message);
    }
  }

  /**
   * Parts that all hold.
   *
   * @param own what objects say themselves
   * @param choices where one of several holds too
   * @param possible false if nothing is valid
   */
  record Flat(List<Part> own, List<Part> choices, boolean possible) {
    /** Equal for equal parts, in whatever order they were found. */
    String key() {
      Set<String> keys = new TreeSet<>();
      own.forEach(part -> keys.add("= " + part.pointer));
      choices.forEach(part -> keys.add(part.kind + " " + part.pointer));
      return possible ? String.join("\n", keys) : "impossible";
    }
  }

  private final JsonNode root;

  SchemaParts(JsonNode root) {
    this.root = root;
  }

  static QwqException error(String pointer, String message) {
    return new QwqException(
        ErrorCode.INVALID_ARGUMENT, "JSON Schema at #" + pointer + ": " + message);
  }

  /** Takes parts apart. */
  Flat flatten(List<Part> parts) {
    Flattening flattening = new Flattening();
    boolean possible = true;
    for (Part part : parts) {
      possible &= flattening.add(part);
    }
    return new Flat(
        List.copyOf(flattening.inOrder), List.copyOf(flattening.choices.values()), possible);
  }

  private final class Flattening {
    final Map<String, Part> choices = new TreeMap<>();
    final List<Part> inOrder = new ArrayList<>();
    private final Set<String> seen = new TreeSet<>();
    private final Set<String> open = new TreeSet<>();

    /** Adds a part with all that holds with it; false if nothing is valid. */
    boolean add(Part part) {
      if (part.kind == Kind.ANY_OF || part.kind == Kind.ONE_OF) {
        choices.put(part.kind + part.pointer, part);
        return true;
      }
      JsonNode node = part.node;
      if (node.isBoolean()) {
        return node.booleanValue();
      }
      if (!node.isObject()) {
        throw part.error("", "expected an object or a boolean, found " + node);
      }
      if (open.contains(part.pointer)) {
        throw part.error("", "the schema refers to itself with nothing read in between");
      }
      if (!seen.add(part.pointer)) {
        return true;
      }
      inOrder.add(new Part(Kind.OWN, node, part.pointer));
      if (part.kind == Kind.OWN) {
        return true;
      }
      checkKeywords(part);
      open.add(part.pointer);
      boolean possible = true;
      if (node.has("$ref")) {
        possible &= add(resolve(part, node.get("$ref")));
      }
      for (int i = 0; i < node.path("allOf").size(); i++) {
        possible &= add(part.child(node.get("allOf").get(i), "allOf", String.valueOf(i)));
      }
      open.remove(part.pointer);
      if (node.has("anyOf")) {
        choices.put("ANY_OF" + part.pointer, new Part(Kind.ANY_OF, node, part.pointer));
      }
      if (node.has("oneOf")) {
        choices.put("ONE_OF" + part.pointer, new Part(Kind.ONE_OF, node, part.pointer));
      }
      return possible;
    }
  }

  private static void checkKeywords(Part part) {
    for (Map.Entry<String, JsonNode> entry : part.node.properties()) {
      String keyword = entry.getKey();
      JsonNode value = entry.getValue();
      boolean list = Set.of("allOf", "anyOf", "oneOf").contains(keyword);
      if (list && (!value.isArray() || value.isEmpty())) {
        throw part.error(keyword, "expected an array of at least one schema, found " + value);
      }
      boolean harmless = keyword.equals("uniqueItems") && !value.asBoolean(true);
      if (!list
          && !harmless
          && !keyword.equals("$ref")
          && !ASSERTIONS.contains(keyword)
          && !ANNOTATIONS.contains(keyword)
          && !keyword.startsWith("x-")) {
        throw part.error(keyword, "the keyword \"" + keyword + "\" is not supported");
      }
    }
  }

  /** Finds what a reference means. */
  Part resolve(Part from, JsonNode reference) {
    String text = reference.asText();
    if (!reference.isTextual() || !text.startsWith("#")) {
      throw from.error(
          "$ref", "expected a reference inside this schema (\"#/…\"), found " + reference);
    }
    String pointer =
        URLDecoder.decode(text.substring(1).replace("+", "%2B"), StandardCharsets.UTF_8);
    Part target =
        pointer.isEmpty() || pointer.startsWith("/")
            ? atPointer(pointer)
            : anchored(root, "", pointer);
    if (target == null) {
      throw from.error("$ref", "there is no schema at \"" + text + "\"");
    }
    return target;
  }

  private @Nullable Part atPointer(String pointer) {
    JsonNode node = root.at(pointer);
    return node.isMissingNode() ? null : new Part(Kind.WHOLE, node, pointer);
  }

  private static @Nullable Part anchored(JsonNode node, String pointer, String anchor) {
    if (node.path("$anchor").asText("").equals(anchor)) {
      return new Part(Kind.WHOLE, node, pointer);
    }
    Part here = new Part(Kind.WHOLE, node, pointer);
    for (Map.Entry<String, JsonNode> entry : node.properties()) {
      Part child = here.child(entry.getValue(), entry.getKey());
      Part found = anchored(child.node, child.pointer, anchor);
      if (found != null) {
        return found;
      }
    }
    for (int i = 0; node.isArray() && i < node.size(); i++) {
      Part child = here.child(node.get(i), String.valueOf(i));
      Part found = anchored(child.node, child.pointer, anchor);
      if (found != null) {
        return found;
      }
    }
    return null;
  }
}
