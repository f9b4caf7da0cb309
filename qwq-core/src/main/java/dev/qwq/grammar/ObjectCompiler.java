package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.BooleanNode;
import dev.qwq.grammar.SchemaParts.Kind;
import dev.qwq.grammar.SchemaParts.Part;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Compiles what schemas say about objects. */
final class ObjectCompiler {
  private final SchemaCompiler schemas;
  private final List<Part> own;
  private final Map<String, Dfa> patterns = new LinkedHashMap<>();

  ObjectCompiler(SchemaCompiler schemas, List<Part> own) {
    this.schemas = schemas;
    this.own = own;
  }

  ObjectNode compile() {
    Set<String> names = new LinkedHashSet<>();
    Set<String> required = new LinkedHashSet<>();
    for (Part part : own) {
      part.node().path("properties").fieldNames().forEachRemaining(names::add);
      JsonNode list = part.node().path("required");
      if (!list.isMissingNode() && !list.isArray()) {
        throw part.error("required", "expected an array of names, found " + list);
      }
      list.forEach(name -> required.add(name.asText()));
      for (Map.Entry<String, JsonNode> entry : part.node().path("patternProperties").properties()) {
        JsonNode pattern = com.fasterxml.jackson.databind.node.TextNode.valueOf(entry.getKey());
        patterns.computeIfAbsent(
            entry.getKey(), key -> Strings.pattern(part, "patternProperties", pattern));
      }
    }
    names.addAll(required);
    List<ObjectNode.Property> properties = new ArrayList<>();
    Dfa allowedNames = names();
    for (String name : names) {
      byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
      Node value = allowedNames.matches(bytes) ? schemas.compile(schemasOf(name)) : nothing();
      properties.add(ObjectNode.Property.of(name, value, required.contains(name)));
    }
    int min = Keywords.atLeast(own, "minProperties");
    List<ObjectNode.Further> further = further(names, allowedNames);
    if (!further.isEmpty() && min > names.size() + 1) {
      throw own.getFirst()
          .error(
              "minProperties",
              "expected at most one more than there are named properties, found "
                  + min
                  + ": that others have different names cannot be told");
    }
    return new ObjectNode(properties, further, min, Keywords.atMost(own, "maxProperties"));
  }

  private static Node nothing() {
    return new AlternativesNode();
  }

  /** The names that {@code propertyNames} allows. */
  private Dfa names() {
    Dfa names = TextLengths.ANY;
    for (Part part : own) {
      JsonNode schema = part.node().path("propertyNames");
      if (schema.isObject()) {
        names = DfaOperations.intersection(names, names(part.child(schema, "propertyNames")));
      } else if (schema.isBoolean() && !schema.booleanValue()) {
        names = DfaOperations.difference(names, names);
      }
    }
    return names;
  }

  private static Dfa names(Part schema) {
    for (Map.Entry<String, JsonNode> entry : schema.node().properties()) {
      if (!Set.of("type", "pattern", "format", "minLength", "maxLength", "enum", "const", "title")
          .contains(entry.getKey())) {
        throw schema.error(entry.getKey(), "the keyword is not supported for names");
      }
    }
    List<Part> parts = List.of(schema);
    Dfa texts = Strings.texts(parts);
    List<JsonNode> values = Values.allowed(parts);
    if (values != null) {
      List<String> listed =
          values.stream().filter(JsonNode::isTextual).map(JsonNode::textValue).toList();
      texts = DfaOperations.intersection(texts, RegexAutomaton.whole(Regexes.oneOf(listed)));
    }
    return texts;
  }

  /** What holds for a property of this name. */
  private List<Part> schemasOf(String name) {
    List<Part> all = new ArrayList<>();
    byte[] bytes = name.getBytes(StandardCharsets.UTF_8);
    for (Part part : own) {
      boolean named = false;
      JsonNode schema = part.node().path("properties").get(name);
      if (schema != null) {
        all.add(part.child(schema, "properties", name));
        named = true;
      }
      for (Map.Entry<String, JsonNode> entry : part.node().path("patternProperties").properties()) {
        Dfa pattern = patterns.get(entry.getKey());
        if (pattern != null && pattern.matches(bytes)) {
          all.add(part.child(entry.getValue(), "patternProperties", entry.getKey()));
          named = true;
        }
      }
      if (!named && part.node().has("additionalProperties")) {
        all.add(part.child(part.node().get("additionalProperties"), "additionalProperties"));
      }
    }
    if (all.isEmpty()) {
      all.add(new Part(Kind.WHOLE, BooleanNode.TRUE, ""));
    }
    return all;
  }

  /** Properties whose names are not given: of each pattern, and of none. */
  private List<ObjectNode.Further> further(Set<String> names, Dfa allowedNames) {
    Dfa others = allowedNames;
    if (!names.isEmpty()) {
      Dfa named = RegexAutomaton.whole(Regexes.oneOf(List.copyOf(names)));
      others = DfaOperations.difference(others, named);
    }
    List<ObjectNode.Further> further = new ArrayList<>();
    for (Map.Entry<String, Dfa> entry : patterns.entrySet()) {
      // A name that several patterns match would have several schemas: it is not written.
      Dfa only = DfaOperations.intersection(others, entry.getValue());
      for (Map.Entry<String, Dfa> another : patterns.entrySet()) {
        if (!another.getKey().equals(entry.getKey())) {
          only = DfaOperations.difference(only, another.getValue());
        }
      }
      List<Part> values = new ArrayList<>();
      for (Part part : own) {
        JsonNode schema = part.node().path("patternProperties").get(entry.getKey());
        if (schema != null) {
          values.add(part.child(schema, "patternProperties", entry.getKey()));
        } else if (part.node().has("additionalProperties")) {
          values.add(part.child(part.node().get("additionalProperties"), "additionalProperties"));
        }
      }
      add(only, values, further);
    }
    boolean open = Keywords.any(own, "additionalProperties");
    if (open || !Keywords.any(own, "properties", "patternProperties", "required")) {
      Dfa free = others;
      for (Dfa pattern : patterns.values()) {
        free = DfaOperations.difference(free, pattern);
      }
      List<Part> values = new ArrayList<>();
      for (Part part : own) {
        if (part.node().has("additionalProperties")) {
          values.add(part.child(part.node().get("additionalProperties"), "additionalProperties"));
        }
      }
      if (values.isEmpty()) {
        values.add(new Part(Kind.WHOLE, BooleanNode.TRUE, ""));
      }
      add(free, values, further);
    }
    return further;
  }

  private void add(Dfa names, List<Part> values, List<ObjectNode.Further> further) {
    if (!names.isEmpty()) {
      boolean any = names == TextLengths.ANY;
      Terminal key = any ? JsonSyntax.STRING : Terminal.of(JsonStrings.spellings(names));
      further.add(new ObjectNode.Further(key, schemas.compile(values)));
    }
  }
}
