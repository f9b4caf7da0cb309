package dev.qwq.grammar;

import com.fasterxml.jackson.databind.JsonNode;
import dev.qwq.grammar.SchemaParts.Flat;
import dev.qwq.grammar.SchemaParts.Part;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Proves that no value is valid under two branches of a {@code oneOf}, which then is the same as an
 * {@code anyOf}. What cannot be proved is refused: a grammar cannot write what is valid in one
 * branch and at the same time not in another.
 */
final class Disjointness {
  /** How deep values are looked into. */
  private static final int MAX_DEPTH = 4;

  private final SchemaParts parts;

  private Disjointness(SchemaParts parts) {
    this.parts = parts;
  }

  /** Refuses a {@code oneOf} whose branches may overlap. */
  static void check(SchemaParts parts, Part choice) {
    List<Part> branches = choice.branches();
    Disjointness proof = new Disjointness(parts);
    for (int i = 0; i < branches.size(); i++) {
      for (int j = i + 1; j < branches.size(); j++) {
        if (!proof.areDisjoint(List.of(branches.get(i)), List.of(branches.get(j)), 0)) {
          throw choice.error(
              "oneOf",
              "values may be valid in both branches "
                  + i
                  + " and "
                  + j
                  + "; make them differ by type, or by a required property with different \"const\""
                  + " values, or use \"anyOf\"");
        }
      }
    }
  }

  private boolean areDisjoint(List<Part> one, List<Part> two, int depth) {
    if (depth > MAX_DEPTH) {
      return false;
    }
    Flat first = parts.flatten(one);
    Flat second = parts.flatten(two);
    if (!first.possible()
        || !second.possible()
        || ownAreDisjoint(first.own(), second.own(), depth)) {
      return true;
    }
    return everyBranch(first, two, depth) || everyBranch(second, one, depth);
  }

  private boolean everyBranch(Flat flat, List<Part> other, int depth) {
    if (flat.choices().isEmpty()) {
      return false;
    }
    Part choice = flat.choices().getFirst();
    return choice.branches().stream()
        .allMatch(
            branch -> {
              List<Part> all = new ArrayList<>(flat.own());
              all.add(branch);
              return areDisjoint(all, other, depth + 1);
            });
  }

  private boolean ownAreDisjoint(List<Part> one, List<Part> two, int depth) {
    Set<ValueCompiler.Type> types = ValueCompiler.types(one);
    types.retainAll(ValueCompiler.types(two));
    List<JsonNode> values = Values.allowed(one);
    List<JsonNode> others = Values.allowed(two);
    if (values != null) {
      return values.stream().noneMatch(value -> mayBe(value, two, types));
    }
    if (others != null) {
      return others.stream().noneMatch(value -> mayBe(value, one, types));
    }
    return types.stream().allMatch(type -> areDisjoint(type, one, two, depth));
  }

  /** Whether a listed value may be valid. */
  private static boolean mayBe(JsonNode value, List<Part> parts, Set<ValueCompiler.Type> types) {
    ValueCompiler.Type type = Values.type(value);
    if (!types.contains(type)) {
      return false;
    }
    List<JsonNode> listed = Values.allowed(parts);
    if (listed != null && listed.stream().noneMatch(other -> Values.same(value, other))) {
      return false;
    }
    return type != ValueCompiler.Type.STRING
        || Strings.texts(parts).matches(Values.utf8(value.textValue()));
  }

  private boolean areDisjoint(ValueCompiler.Type type, List<Part> one, List<Part> two, int depth) {
    return switch (type) {
      case STRING -> DfaOperations.intersection(Strings.texts(one), Strings.texts(two)).isEmpty();
      case INTEGER -> DfaOperations.intersection(Numbers.whole(one), Numbers.whole(two)).isEmpty();
      case FRACTION -> DfaOperations.intersection(Numbers.any(one), Numbers.any(two)).isEmpty();
      case ARRAY -> tooLong(one, two) || tooLong(two, one);
      case OBJECT -> objectsAreDisjoint(one, two, depth);
      case BOOLEAN, NULL -> false;
    };
  }

  private static boolean tooLong(List<Part> longer, List<Part> shorter) {
    int max = Keywords.atMost(shorter, "maxItems");
    return max != Regex.UNBOUNDED && Keywords.atLeast(longer, "minItems") > max;
  }

  private boolean objectsAreDisjoint(List<Part> one, List<Part> two, int depth) {
    Set<String> required = new LinkedHashSet<>(required(one));
    required.addAll(required(two));
    for (String name : required) {
      if ((required(two).contains(name) && refuses(one, name))
          || (required(one).contains(name) && refuses(two, name))) {
        return true;
      }
      List<Part> first = property(one, name);
      List<Part> second = property(two, name);
      if (!first.isEmpty() && !second.isEmpty() && areDisjoint(first, second, depth + 1)) {
        return true;
      }
    }
    return false;
  }

  private static Set<String> required(List<Part> parts) {
    Set<String> names = new LinkedHashSet<>();
    parts.forEach(part -> part.node().path("required").forEach(name -> names.add(name.asText())));
    return names;
  }

  private static List<Part> property(List<Part> parts, String name) {
    List<Part> schemas = new ArrayList<>();
    for (Part part : parts) {
      JsonNode schema = part.node().path("properties").get(name);
      if (schema != null) {
        schemas.add(part.child(schema, "properties", name));
      }
    }
    return schemas;
  }

  /** Whether an object with a property of this name is not valid. */
  private static boolean refuses(List<Part> parts, String name) {
    for (Part part : parts) {
      JsonNode node = part.node();
      JsonNode additional = node.path("additionalProperties");
      if (additional.isBoolean()
          && !additional.booleanValue()
          && !node.path("properties").has(name)
          && !node.has("patternProperties")) {
        return true;
      }
    }
    return false;
  }
}
