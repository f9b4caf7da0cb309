package dev.qwq.grammar;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.qwq.ErrorCode;
import dev.qwq.QwqException;
import dev.qwq.grammar.SchemaParts.Flat;
import dev.qwq.grammar.SchemaParts.Kind;
import dev.qwq.grammar.SchemaParts.Part;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Makes a grammar of a JSON Schema (draft 2020-12): every text of the grammar is valid, and not
 * every valid text is in the grammar. Properties come in the schema's order; an object that names
 * properties has no others unless {@code additionalProperties} says so.
 */
final class SchemaCompiler {
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .build();

  /** Combinations of {@code anyOf} multiply; this many make no sensible schema. */
  private static final int MAX_SCHEMAS = 20_000;

  private final SchemaParts parts;
  private final Map<String, AlternativesNode> known = new HashMap<>();

  private SchemaCompiler(JsonNode root) {
    parts = new SchemaParts(root);
  }

  /**
   * Compiles a schema.
   *
   * @param schema its text
   * @throws QwqException with {@code INVALID_ARGUMENT} if it is no JSON, malformed, uses what is
   *     not supported, or has no valid value
   */
  static Node compile(String schema) {
    JsonNode root;
    try {
      root = JSON.readTree(schema);
    } catch (JsonProcessingException e) {
      throw new QwqException(
          ErrorCode.INVALID_ARGUMENT,
          "JSON Schema: expected JSON, found: " + e.getOriginalMessage(),
          e);
    }
    SchemaCompiler compiler = new SchemaCompiler(root);
    AlternativesNode node = compiler.compile(List.of(new Part(Kind.WHOLE, root, "")));
    if (!Productivity.prune(node)) {
      throw SchemaParts.error("", "no finite value is valid");
    }
    return node;
  }

  /** The values for which all parts hold. */
  AlternativesNode compile(List<Part> schemas) {
    return compile(parts.flatten(schemas));
  }

  private AlternativesNode compile(Flat flat) {
    String key = flat.key();
    AlternativesNode made = known.get(key);
    if (made != null) {
      return made;
    }
    AlternativesNode node = new AlternativesNode();
    known.put(key, node);
    if (known.size() > MAX_SCHEMAS) {
      throw SchemaParts.error("", "expected at most " + MAX_SCHEMAS + " combinations, found more");
    }
    if (!flat.possible()) {
      return node;
    }
    if (flat.choices().isEmpty()) {
      new ValueCompiler(this, flat.own()).addTo(node);
      return node;
    }
    Part choice = flat.choices().getFirst();
    if (choice.kind() == Kind.ONE_OF) {
      Disjointness.check(parts, choice);
    }
    for (Part branch : choice.branches()) {
      if (leadsBack(branch, flat)) {
        continue;
      }
      List<Part> all = new ArrayList<>(flat.own());
      all.addAll(flat.choices().subList(1, flat.choices().size()));
      all.add(branch);
      node.add(compile(all));
    }
    return node;
  }

  /** A branch that is valid where the schema around it is valid adds nothing. */
  private boolean leadsBack(Part branch, Flat around) {
    Set<String> open = new HashSet<>();
    around.own().stream()
        .filter(part -> part.node().has("anyOf") || part.node().has("oneOf"))
        .forEach(part -> open.add(part.pointer()));
    String current = around.choices().getFirst().pointer();
    around.choices().stream()
        .map(Part::pointer)
        .filter(pointer -> !pointer.equals(current))
        .forEach(open::remove);
    return parts.flatten(List.of(branch)).own().stream()
        .anyMatch(part -> open.contains(part.pointer()));
  }
}
